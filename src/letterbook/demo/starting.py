"""What the demo needs before Django loads: a home of its own, and a Gmail to talk to."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import IO

from letterbook.kit.children import Children
from letterbook.kit.refusals import Conflict
from letterbook.project import environment
from letterbook.project.embedded_postgres import start_embedded_postgres
from letterbook.project.environment import BadSetting
from letterbook.providers.fake_gmail.state import CLIENT_ID, CLIENT_SECRET
from letterbook.providers.gmail.endpoints import GoogleEndpoints

MARKER = ".letterbook-demo"
FILLED = "mailboxes-filled"
_MARK = "Letterbook's demo lives in this folder and empties it at each start. Keep nothing here.\n"
# Held open, and so locked, for as long as this process lives.
_locks: list[IO[str]] = []


def prepare_demo(children: Children) -> None:
    """Empty the demo's home, set the environment, and start a fake Gmail with people who write.

    Raises `BadSetting` where DATABASE_URL names a database, `Conflict` where the folder is not the demo's own or
    another demo runs in it.
    """
    _check_own_database()
    home = environment.home() / "demo"
    clear_home(home)
    base_url = f"http://127.0.0.1:{_free_port()}"
    _set_environment(home, base_url)
    port = base_url.rpartition(":")[2]
    children.start(
        "fake Gmail", [*_python("letterbook"), "fake-gmail", "--port", port, "--seed", "1"]
    )
    # It waits until the fake answers, and fills its mailboxes while the database starts.
    children.start("demo", _python("letterbook.demo.living"))


def clear_home(home: Path) -> None:
    """Make `home` an empty folder that is ours alone; raise `Conflict` rather than delete what we did not make."""
    if home.is_symlink() or (home.exists() and not home.is_dir()):
        raise _not_ours(home)
    home.mkdir(parents=True, exist_ok=True)
    marker = home / MARKER
    if not marker.is_file():
        if any(home.iterdir()):
            raise _not_ours(home)
        marker.write_text(_MARK, encoding="utf-8")
    _lock(marker)
    _stop_left_database(home)
    for path in home.iterdir():
        if path == marker:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _not_ours(home: Path) -> Conflict:
    return Conflict(
        f"{home} was not made by the demo, so it is not emptied.",
        way_out="Move it away, or set LETTERBOOK_HOME to another folder.",
    )


def _lock(marker: Path) -> None:
    file = marker.open(encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Conflict(
            "A demo is already running.",
            way_out="Use that one, stop it first, or set LETTERBOOK_HOME to another folder.",
        ) from error
    _locks.append(file)


def _stop_left_database(home: Path) -> None:
    """A demo that was killed leaves its PostgreSQL running; deleting the files under it would be worse."""
    if (home / "postgres" / "postmaster.pid").exists():
        start_embedded_postgres(home).stop()


def _check_own_database() -> None:
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        raise BadSetting(
            "The demo begins with an empty database of its own each time, but DATABASE_URL names another one. "
            "Unset DATABASE_URL to open the demo."
        )


def _set_environment(home: Path, base_url: str) -> None:
    google = GoogleEndpoints.at(base_url)
    values = {
        "LETTERBOOK_DEMO": "1",
        "LETTERBOOK_HOME": str(home),
        "LETTERBOOK_GOOGLE_CLIENT_ID": CLIENT_ID,
        "LETTERBOOK_GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "LETTERBOOK_GOOGLE_AUTH_URL": google.auth_url,
        "LETTERBOOK_GOOGLE_TOKEN_URL": google.token_url,
        "LETTERBOOK_GOOGLE_REVOKE_URL": google.revoke_url,
        "LETTERBOOK_GMAIL_API_URL": google.api_url,
        "LETTERBOOK_RETRIEVE_EVERY_SECONDS": "5",
        # The Gmail inside Letterbook has none.
        "LETTERBOOK_GMAIL_UNITS_PER_MINUTE": "0",
    }
    for name, value in values.items():
        os.environ.pop(f"{name}_FILE", None)
        os.environ[name] = value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]
