"""The PostgreSQL that comes along: crash-proof, shared by commands, out of the network's reach."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from letterbook.project import postgres_watch
from letterbook.project.embedded_postgres import (
    DatabaseUnavailable,
    EmbeddedPostgres,
    start_embedded_postgres,
)
from letterbook.project.postgres_watch import PostgresWatch

pytestmark = pytest.mark.processes
_USE_IT = """
import sys
from pathlib import Path
import psycopg
from letterbook.project.embedded_postgres import start_embedded_postgres
postgres = start_embedded_postgres(Path(sys.argv[1]))
with psycopg.connect(postgres.url, autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    connection.execute("INSERT INTO kept VALUES (1)")
    print(connection.execute("SELECT count(*) FROM kept").fetchone()[0], flush=True)
"""
_AND_STAY = "import time\ntime.sleep(60)\n"


def _postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def _use(home: Path, **options: object) -> int:
    command = [sys.executable, "-W", "ignore", "-c", _USE_IT, str(home)]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_it_starts_again_after_the_server_was_killed_and_nothing_committed_is_lost(tmp_path):
    postgres = start_embedded_postgres(tmp_path)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    os.kill(_postmaster(tmp_path), signal.SIGKILL)
    time.sleep(0.5)
    assert _use(tmp_path) == 2


def test_a_server_that_ends_by_itself_is_started_again_by_who_serves(tmp_path):
    """Rows that were committed are there, under the same address."""
    postgres = start_embedded_postgres(tmp_path, is_disposable=True)
    watch = PostgresWatch(postgres)
    try:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        watch.look()
        first = _postmaster(tmp_path)
        os.kill(first, signal.SIGTERM)
        _wait_for(lambda: not postgres.is_running())
        watch.look()
        _wait_for(postgres.is_running)
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert _postmaster(tmp_path) != first
    finally:
        postgres.stop()


def test_a_server_that_cannot_start_again_ends_who_serves_with_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_watch, "_WAIT_SECONDS", 0.0)
    watch = PostgresWatch(_Broken(url="", server=None))
    for _ in range(5):
        watch.look()
    with pytest.raises(DatabaseUnavailable, match="no space left"):
        watch.look()


class _Broken(EmbeddedPostgres):
    log = Path("log")

    def is_running(self) -> bool:
        return False

    def start_again(self) -> None:
        raise OSError("no space left")


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_is_found_again_after_the_command_that_started_it_was_killed(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", _USE_IT + _AND_STAY, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline().strip() == "1"
        first.kill()
    assert _use(tmp_path) == 2
    # Whoever used it last stops it, also when the one that started it could not.
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_two_commands_share_one_server_and_the_last_to_leave_stops_it(tmp_path):
    postgres = start_embedded_postgres(tmp_path)
    server = _postmaster(tmp_path)
    assert _use(tmp_path) == 1
    assert _postmaster(tmp_path) == server
    postgres.stop()
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_it_listens_on_no_network_address(tmp_path):
    postgres = start_embedded_postgres(tmp_path)
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        (port,) = connection.execute("SHOW port").fetchone()
    with socket.socket() as probe, pytest.raises(OSError, match="refused"):
        probe.connect(("127.0.0.1", int(port)))
    postgres.stop()


def test_a_folder_that_cannot_hold_it_is_named_with_the_way_out(tmp_path):
    (tmp_path / "postgres").write_text("in the way")
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL"):
        start_embedded_postgres(tmp_path)


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become somebody else; as yourself you are the test"
)
def test_an_ordinary_user_can_run_it_too(tmp_path):
    home = Path("/tmp") / f"letterbook-ordinary-{os.getpid()}"
    try:
        subprocess.run(
            [sys.executable, "-c", "import letterbook"],
            user="nobody",
            check=True,
            capture_output=True,
        )
    except (subprocess.CalledProcessError, PermissionError):
        pytest.skip("this interpreter may only be run by root")
    home.mkdir(mode=0o700)
    try:
        os.chown(home, *_nobody())
        assert _use(home, user="nobody", env={"PATH": os.environ["PATH"], "HOME": str(home)}) == 1
    finally:
        shutil.rmtree(home)


def _nobody() -> tuple[int, int]:
    import pwd  # noqa: PLC0415 - there is none on Windows, where this test is skipped

    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid
