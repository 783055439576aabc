"""The command line as a person meets it when something is wrong: words, a way out, an exit code, nothing half done."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes
OURS = ("DATABASE_URL", "LETTERBOOK_SECRET_KEYS", "DJANGO_SETTINGS_MODULE", "LETTERBOOK_HOME")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """An installation with a person and a team."""
    folder = tmp_path_factory.mktemp("h")
    assert run(folder, "migrate").returncode == 0
    password = ("--password", "a long enough passphrase")
    assert (
        run(folder, "user", "create", "nora@first.example", "--name", "Nora", *password).returncode
        == 0
    )
    assert (
        run(folder, "team", "create", "First Team", "--owner", "nora@first.example").returncode == 0
    )
    return folder


def run(home: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"LETTERBOOK_HOME": str(home), "COLUMNS": "200", **settings}
    command = [sys.executable, "-W", "ignore", "-m", "letterbook", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["import", "/nowhere.mbox", "--mailbox", "a@b.example"], 1, "does not exist"),
        (["import", __file__, "--mailbox", "a@b.example"], 1, "does not look like email"),
        (
            ["import", __file__, "--mailbox", "a@b.example", "--sharing", "all"],
            1,
            "no level of sharing",
        ),
        (["retrieve", "--mailbox", "who@first.example"], 1, "has no mailbox who@first.example"),
        (["search", "before:yesterday-ish"], 1, "before"),
        (["timeline", "nobody at all"], 1, "No contact matches"),
        (["search", "x", "--team", "other"], 1, "There is no team 'other'"),
        (["token", "create", "who@first.example", "--name", "t"], 1, "is not in the team"),
        (["user", "create", "x@first.example", "--password", "short"], 1, "too short"),
        (
            ["user", "create", "NORA@first.example", "--password", "a long enough passphrase"],
            1,
            "already",
        ),
        (["import"], 2, "Missing argument"),
        (["serve", "--port", "99999"], 2, "--port"),
    ],
)
def test_bad_input_is_named_with_a_way_out_and_an_exit_code(home, words, code, says):
    done = run(home, *words)
    assert (done.returncode, says in done.stderr + done.stdout) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_without_letterbook_in_it_is_named_with_the_way_out(tmp_path_factory):
    done = run(tmp_path_factory.mktemp("n"), "verify")
    assert (done.returncode, "letterbook migrate" in done.stderr) == (3, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environment", "code", "says"),
    [
        ({"DATABASE_URL": "mysql://x/y"}, 2, "Letterbook needs postgresql://"),
        (
            {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
            3,
            "port 1 failed: Connection refused. Start it, or check DATABASE_URL.",
        ),
        ({"LETTERBOOK_BASE_URL": "letterbook"}, 2, "LETTERBOOK_BASE_URL"),
        ({"LETTERBOOK_UNDO_SECONDS": "soon"}, 2, "must be a number of seconds"),
        ({"LETTERBOOK_JSON_LOGS": "perhaps"}, 2, "it must be yes or no"),
        ({"LETTERBOOK_SECRET_KEYS_FILE": "/nowhere"}, 2, "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named(home, environment, code, says):
    done = run(home, "mailbox", "list", **environment)
    assert (done.returncode, says in " ".join(done.stderr.split())) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert "psycopg.pool" not in done.stderr


def test_an_import_that_is_refused_leaves_no_mailbox_behind(home, tmp_path):
    letter = tmp_path / "one.eml"
    letter.write_bytes(
        b"From: ruth@x.example\r\nTo: nora@first.example\r\nSubject: Hi\r\n\r\nHello\r\n"
    )
    assert "is no address" in run(home, "import", str(letter), "--mailbox", "nonsense").stderr
    assert (
        "does not exist" in run(home, "import", "/nowhere", "--mailbox", "new@first.example").stderr
    )
    assert json.loads(run(home, "mailbox", "list", "--json").stdout) == []


def test_a_port_in_use_is_said_before_anything_is_started(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(home, "serve", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, "Choose another with --port" in done.stderr) == (4, True)


def test_what_programs_read_is_json(home):
    findings = json.loads(run(home, "doctor", "--json").stdout)
    assert {"Schema", "PostgreSQL", "Google client", "Workers"} <= {one["what"] for one in findings}


def test_doctor_prints_the_exact_fix_and_fails_while_something_is_wrong(home):
    done = run(home, "doctor", LETTERBOOK_BASE_URL="https://mail.first.example")
    assert done.returncode == 1
    assert "https://mail.first.example/mailboxes/connected" in done.stdout
    narrow = run(home, "doctor", LETTERBOOK_BASE_URL="https://mail.first.example", COLUMNS="40")
    assert "…" not in narrow.stdout


def test_the_keys_of_an_installation_are_made_once_and_are_its_owners_alone(home):
    path = home / "secret-keys"
    before = path.read_text()
    run(home, "mailbox", "list")
    assert path.read_text() == before
    assert path.stat().st_mode & 0o077 == 0
