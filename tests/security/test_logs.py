"""What a log says when something breaks: where and why, and nothing of what people wrote."""

from __future__ import annotations

import subprocess
import sys

import pytest

# In a process of its own, because the tests' own logging listens to everything in this one.
SCRIPT = """
import sys, structlog
from letterbook.project.logs import configure_logs

configure_logs(as_json=sys.argv[1] == "json")
log = structlog.get_logger("a test")
log.warning("refused", subject="a\\r\\n2026-11-23 [error] forged\\x1b[2J")
try:
    try:
        said = "LINE 1: hidden\\n  ^\\nDETAIL:  (vera@hidden.example) exists.\\nCONTEXT:  COPY m, hidden\\ntext"
        raise ValueError("duplicate key\\n" + said)
    except ValueError as error:
        hidden_local = "hidden text"
        raise LookupError("not stored") from error
except LookupError:
    log.exception("it broke")
"""


@pytest.fixture(params=["json", "people"])
def said(request) -> str:
    command = [sys.executable, "-c", SCRIPT, request.param]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr


def test_a_row_that_the_database_refused_is_not_in_the_log(said):
    """E13: PostgreSQL names the row it refused, with the text of its columns."""
    assert "it broke" in said
    assert "duplicate key" in said
    assert "LookupError: not stored" in said
    assert "hidden" not in said.replace("hidden_local", "")


def test_no_event_can_forge_another_line(said):
    """F11."""
    assert not [line for line in said.splitlines() if line.startswith("2026-11-23 [error]")]
    assert "\x1b" not in said
