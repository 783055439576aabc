"""What a measurement runs in: a fresh PostgreSQL, Django, a fake Gmail and a worker as processes of their own."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from letterbook.kit.collecting import collect_seldom
from letterbook.kit.secrets import new_key
from letterbook.project.embedded_postgres import start_embedded_postgres
from letterbook.providers.fake_gmail.state import CLIENT_ID, CLIENT_SECRET

_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def a_database(kept: str = "") -> Iterator[None]:
    """PostgreSQL and Django as `letterbook serve` has them: empty but for its tables, or what a folder kept."""
    with _folder(kept) as folder:
        server = start_embedded_postgres(Path(folder))
        os.environ |= {
            "DATABASE_URL": server.url,
            "LETTERBOOK_HOME": folder,
            "LETTERBOOK_SECRET_KEYS": new_key(),
            "DJANGO_SETTINGS_MODULE": "letterbook.project.settings",
        }
        try:
            import django

            django.setup()
            collect_seldom()
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            yield
        finally:
            from django.db import connection

            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL's backend
            server.stop()


def _folder(kept: str) -> contextlib.AbstractContextManager[str]:
    return (
        contextlib.nullcontext(kept)
        if kept
        else tempfile.TemporaryDirectory(prefix="letterbook-bench-")
    )


def machine() -> str:
    """Return what the figures depend on."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({platform.machine()}), Python {platform.python_version()}, PostgreSQL {version}"


@dataclass(frozen=True, slots=True)
class FakeServer:
    """The fake Gmail in a process of its own."""

    url: str
    pid: int

    def post(self, path: str, **body: object) -> dict[str, str]:
        """Ask its control API."""
        answer = httpx.post(f"{self.url}/_fake/{path}", json=body, timeout=30)
        answer.raise_for_status()
        told: dict[str, str] = answer.json()
        return told

    def behave(self, **behaviour: object) -> None:
        """Change how it behaves."""
        httpx.patch(f"{self.url}/_fake/behaviour", json=behaviour).raise_for_status()


@contextmanager
def fake_gmail() -> Iterator[FakeServer]:
    """An empty fake Gmail; this process and the workers it starts find it in their settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "letterbook", "fake-gmail", "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    os.environ |= {
        "LETTERBOOK_GMAIL_API_URL": url,
        "LETTERBOOK_GOOGLE_TOKEN_URL": f"{url}/token",
        "LETTERBOOK_GOOGLE_CLIENT_ID": CLIENT_ID,
        "LETTERBOOK_GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
    }
    try:
        wait_until(lambda: _answers(url), what="the fake Gmail")
        yield FakeServer(url, process.pid)
    finally:
        process.terminate()
        process.wait()


def _answers(url: str, path: str = "/_fake/accounts") -> bool:
    try:
        return httpx.get(f"{url}{path}").is_success
    except httpx.TransportError:
        return False


@contextmanager
def web_process() -> Iterator[tuple[str, int]]:
    """The pages in one process, as an administrator starts it; gives its address and its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "letterbook", "web", "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        wait_until(lambda: _answers(url, "/health/ready"), what="the pages")
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def worker(*, concurrency: int = 8, **environment: str) -> Iterator[int]:
    """One worker as an administrator starts it, with these settings; gives its process id."""
    command = [sys.executable, "-m", "letterbook", "worker", "--concurrency", str(concurrency)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdout=quiet, stderr=quiet, env={**os.environ, **environment}
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def cpu_seconds(pid: int) -> float:
    """Return how much CPU a process has used so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_memory(pid: int) -> int:
    """Return the most memory a process ever held, in MB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


@contextmanager
def peak_of_children() -> Iterator[dict[int, int]]:
    """Watch the processes that this one starts; gives the most memory each held by its id, in MB (Linux)."""
    peaks: dict[int, int] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            for tasks in Path("/proc/self/task").glob("*/children"):
                with contextlib.suppress(OSError):  # it may have ended meanwhile
                    for pid in map(int, tasks.read_text().split()):
                        # One that has ended and is not waited for yet holds nothing any more.
                        peaks[pid] = max(peaks.get(pid, 0), peak_memory(pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


def cpu_of_starting() -> float:
    """Return how much CPU a worker uses until it has nothing to do."""
    with worker() as pid:
        used, before = cpu_seconds(pid), -1.0
        while used < 0.2 or used - before > 0.02:
            time.sleep(1)
            used, before = cpu_seconds(pid), used
        return used


def wait_until(is_so: Callable[[], bool], *, what: str, seconds: float = 240) -> None:
    """Wait until something is so; raise `TimeoutError` saying what did not come."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.1)
