"""The whole demo with real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

pytestmark = pytest.mark.processes


@pytest.fixture
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("d")


@pytest.fixture
def url(home: Path) -> Iterator[str]:
    port = _free_port()
    environment = {**os.environ, "LETTERBOOK_HOME": str(home)}
    for name in ("DATABASE_URL", "LETTERBOOK_SECRET_KEYS", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "letterbook", "serve", "--demo", "--port", str(port)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            finally:
                process.kill()


def test_serve_demo_is_ready_and_has_stored_email_within_thirty_seconds_of_opening(url, home):
    _wait_until(lambda: _status(f"{url}/health/ready") == 200, seconds=90, home=home)
    _wait_until(lambda: _stored(home) > 600, seconds=30, home=home)


def _wait_until(is_so, *, seconds: float, home: Path) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, (home / "log").read_text()[-4000:]
        time.sleep(0.5)


def _status(address: str) -> int:
    try:
        return httpx.get(address, timeout=10).status_code
    except httpx.HTTPError:
        return 0


def _stored(home: Path) -> int:
    folder = home / "demo" / "postgres"
    port_file = (folder / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(
        host=port_file[4], port=port_file[3], user="postgres", dbname="letterbook"
    ) as connection:
        (count,) = connection.execute("SELECT count(*) FROM correspondence_message").fetchone()
        return count


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
