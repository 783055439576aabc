"""A real browser, and the demo running as a person would run it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from letterbook.demo.fake_control import FakeControl

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Of one module only: while Playwright runs there is an event loop in this thread, and Django refuses its ORM there.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("No Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo keeps what is its own."""
    return tmp_path_factory.mktemp("j")


@pytest.fixture(scope="session")
def demo(demo_home: Path) -> Iterator[str]:
    """The address of a running demo, whose undo time is short."""
    yield from _serve(demo_home, "--demo")


@pytest.fixture(scope="session")
def demo_gmail(demo: str, demo_home: Path) -> Iterator[FakeControl]:
    """The hands in the demo's Gmail."""
    [address] = set(re.findall(r"A fake Gmail answers at (\S+)", (demo_home / "log").read_text()))
    with FakeControl(address) as control:
        yield control


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an installation that nobody has used yet."""
    yield from _serve(tmp_path_factory.mktemp("f"))


def _serve(home: Path, *options: str) -> Iterator[str]:
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    ours = ("DATABASE_URL", "LETTERBOOK_SECRET_KEYS", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"LETTERBOOK_HOME": str(home), "LETTERBOOK_UNDO_SECONDS": "2"}
    command = [sys.executable, "-m", "letterbook", "serve", "--port", str(port), *options]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_until_ready(url, process, log=home / "log")
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            finally:
                process.kill()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], *, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise AssertionError(log.read_text()[-4000:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A desktop page that fails the test when a script fails or the policy blocks something."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    yield opened
    context.close()
    # A stream that ends with its page, and a form answered with 422, are not failures.
    assert [line for line in wrong if "ERR_" not in line and "status of 4" not in line] == []
