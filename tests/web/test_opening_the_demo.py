"""The demo opens beside an installation on one's own machine, once, and ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from browsing import as_member, words
from letterbook.kit.children import start_companion
from letterbook.kit.refusals import Conflict
from letterbook.teams.models import Membership
from letterbook.web import opening_demo
from letterbook.web.opening_demo import RunningDemo, open_demo

LASTING = (sys.executable, "-c", "import time; time.sleep(60)")
FAILING = (sys.executable, "-c", "import sys; sys.exit('A demo is already running.')")


def _ended(demo: RunningDemo) -> RunningDemo:
    deadline = time.monotonic() + 10
    while demo.state != "ended" and time.monotonic() < deadline:
        time.sleep(0.02)
    return demo


def test_a_second_click_leads_to_the_running_demo(alice: Membership):
    first = open_demo(alice, command=LASTING)
    assert open_demo(alice, command=LASTING) is first
    assert as_member(alice).post(reverse("open-demo"))["Location"] == reverse("demo-opening")
    page = words(as_member(alice).get(reverse("demo-opening")))
    assert "The demo is starting, about 15 seconds." in page
    assert 'hx-trigger="load delay:1s"' in page


def test_once_it_answers_the_page_leads_there(alice: Membership, live_server: Any):
    demo = open_demo(alice, command=LASTING)
    demo.url = live_server.url
    browser = as_member(alice)
    part = browser.get(reverse("demo-opening"), headers={"HX-Request": "true"})
    assert part["HX-Redirect"] == live_server.url
    assert f'href="{live_server.url}"' in words(browser.get(reverse("demo-opening")))


def test_a_demo_that_ends_says_why_and_can_be_tried_again(alice: Membership):
    ended = _ended(open_demo(alice, command=FAILING))
    page = words(as_member(alice).get(reverse("demo-opening")))
    assert "The demo did not stay open." in page
    assert "A demo is already running." in page
    assert open_demo(alice, command=LASTING) is not ended


def test_only_owners_and_admins_open_it(alice: Membership, bob: Membership):
    answer = as_member(bob).post(reverse("open-demo"))
    assert answer.status_code == 403
    assert "Ask one of them." in words(answer)
    assert not opening_demo._demos
    assert "An owner or admin of the team can open it." in words(
        as_member(bob).get(reverse("first-run"))
    )


def test_elsewhere_the_command_is_told_instead(alice: Membership, settings: Any):
    settings.BASE_URL = "https://letterbook.example.com"
    page = words(as_member(alice).get(reverse("first-run")))
    assert "letterbook serve --demo" in page
    assert reverse("open-demo") not in page
    answer = as_member(alice).post(reverse("open-demo"))
    assert answer.status_code == 409
    assert "letterbook serve --demo" in words(answer)
    assert not opening_demo._demos


def test_the_demo_opens_no_demo_and_says_what_it_is(alice: Membership, settings: Any):
    assert "This is a demo" not in words(as_member(alice).get(reverse("settings")))
    settings.DEMO = True
    page = words(as_member(alice).get(reverse("settings")))
    assert "This is a demo: nobody outside sees your email. It starts afresh each time." in page
    with pytest.raises(Conflict):
        open_demo(alice, command=LASTING)


def test_the_demo_gets_nothing_that_is_ours(
    alice: Membership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = tmp_path / "environment"
    for name in opening_demo._OURS:
        monkeypatch.setenv(name, "ours")
        monkeypatch.setenv(f"{name}_FILE", "ours")
    monkeypatch.setenv("LETTERBOOK_HOME", "/kept")
    writes = f"import os, pathlib; pathlib.Path({str(seen)!r}).write_text(repr(dict(os.environ)))"
    _ended(open_demo(alice, command=(sys.executable, "-c", writes)))
    environment = seen.read_text()
    assert "'LETTERBOOK_HOME': '/kept'" in environment
    for name in opening_demo._OURS:
        assert f"'{name}" not in environment


@pytest.mark.processes
def test_a_companion_ends_with_the_process_that_started_it(tmp_path: Path):
    """Started from a thread that is long gone, as a request's is, when its process is killed."""
    script = f"""
import os, sys, tempfile, threading, time
from letterbook.kit.children import start_companion
def start():
    process = start_companion({LASTING!r}, environment=os.environ, output=tempfile.TemporaryFile())
    print(process.pid, flush=True)
thread = threading.Thread(target=start)
thread.start()
thread.join()
time.sleep(1)
print(os.path.exists(f"/proc/{{os.getpid()}}"), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as said:
        pid = int(said.readline())
        assert said.readline().strip() == "True"
        os.kill(pid, 0)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 10
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(pid)


def test_a_companion_that_cannot_start_says_so():
    with tempfile.TemporaryFile() as output, pytest.raises(OSError, match="no-such-program"):
        start_companion(("/no-such-program",), environment={}, output=output)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
