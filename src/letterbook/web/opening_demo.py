"""The demo, run beside this installation: a `letterbook serve --demo` that lives as long as this web process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Literal
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from letterbook.kit.children import start_companion
from letterbook.kit.refusals import Conflict, NotAllowed
from letterbook.teams.models import Membership

COMMAND = "letterbook serve --demo"
State = Literal["closed", "starting", "open", "ended"]

_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}
# What belongs to this installation and not to the demo, which keeps a database and keys of its own and sends nothing.
_OURS = (
    "DATABASE_URL",
    "LETTERBOOK_SECRET_KEYS",
    "LETTERBOOK_BASE_URL",
    "LETTERBOOK_DEMO",
    "LETTERBOOK_SMTP_URL",
    "LETTERBOOK_METRICS_TOKEN",
)
_SERVE = (sys.executable, "-m", "letterbook", "serve", "--demo")
_LAST_WORDS = 600


@dataclass
class RunningDemo:
    """One demo: where it answers, and the process it is."""

    url: str
    process: subprocess.Popen[bytes]
    output: IO[bytes] = field(repr=False)

    @property
    def state(self) -> State:
        """Whether one can go there yet, or no more."""
        if self.process.poll() is not None:
            return "ended"
        try:
            answer = httpx.get(f"{self.url}/health/live", timeout=0.5)
        except httpx.HTTPError:
            return "starting"
        return "open" if answer.is_success else "starting"

    @property
    def last_words(self) -> str:
        """Why it ended, as it said itself."""
        self.output.flush()
        size = os.fstat(self.output.fileno()).st_size
        words = os.pread(self.output.fileno(), _LAST_WORDS, max(0, size - _LAST_WORDS))
        return words.decode(errors="replace").strip()


_lock = threading.Lock()
_demos: list[RunningDemo] = []


def is_local() -> bool:
    """Whether the people who use this installation sit at its machine, where a demo can answer them."""
    return urlsplit(settings.BASE_URL).hostname in _THIS_MACHINE


def open_demo(member: Membership, *, command: Sequence[str] = ()) -> RunningDemo:
    """Start the demo, or return the one that runs; raise `NotAllowed` or `Conflict` where it cannot be opened."""
    _check_may_open(member)
    with _lock:
        if _demos and _demos[0].process.poll() is not None:
            _demos.pop().output.close()
        if not _demos:
            _demos.append(_start(command))
        return _demos[0]


def running_demo() -> RunningDemo | None:
    """Return the demo that was opened last, None before the first."""
    return _demos[0] if _demos else None


def close_demo() -> None:
    """End the demo that runs, if any does, and forget it."""
    with _lock:
        while _demos:
            demo = _demos.pop()
            demo.process.kill()
            demo.process.wait()
            demo.output.close()


def _check_may_open(member: Membership) -> None:
    if settings.DEMO:
        raise Conflict("This is the demo.", way_out="Stop it and start it again to begin afresh.")
    if not is_local():
        raise Conflict(
            "The demo opens on one's own machine only.",
            way_out=f"Run “{COMMAND}” on yours and open the address it prints.",
        )
    if not member.may_administer:
        raise NotAllowed("Only an owner or admin can open the demo.", way_out="Ask one of them.")


def _start(command: Sequence[str]) -> RunningDemo:
    port = str(_free_port())
    host = urlsplit(settings.BASE_URL).hostname or "127.0.0.1"
    output = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as the demo writes into it
    process = start_companion(
        command or (*_SERVE, "--port", port),
        environment=_environment(os.environ),
        output=output,
    )
    shown_host = "localhost" if host == "localhost" else "127.0.0.1"
    return RunningDemo(f"http://{shown_host}:{port}", process, output)


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    left_out = {*_OURS, *(f"{name}_FILE" for name in _OURS)}
    return {name: value for name, value in ours.items() if name not in left_out}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
