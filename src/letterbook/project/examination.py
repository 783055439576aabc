"""What `letterbook doctor` looks at: settings in force, and for each fault the exact fix."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.timezone import now

from letterbook.project.finding import Finding
from letterbook.project.google_examination import examine_google
from letterbook.project.wall_building import is_wall_standing, role_statements

_OLDEST_POSTGRES = 15_00_00
_MOST_SKEW_SECONDS = 5


def examine() -> list[Finding]:
    """Look at the installation and return what was found; changes nothing."""
    return [
        Finding("Folder", str(settings.HOME)),
        _database_version(),
        _schema(),
        _second_wall(),
        _clock(),
        _base_url(),
        _google_client(),
        *examine_google(),
        _keys(),
        _worker(),
        Finding("Retrieval", f"every {settings.RETRIEVE_EVERY_SECONDS:g} s"),
        Finding("Undo", f"{settings.UNDO_SECONDS:g} s"),
    ]


def _ask(sql: str, *values: float) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _database_version() -> Finding:
    number = int(str(_ask("SHOW server_version_num")))
    return Finding(
        "PostgreSQL",
        str(_ask("SHOW server_version")),
        number >= _OLDEST_POSTGRES,
        "Letterbook needs PostgreSQL 15 or newer.",
    )


def _schema() -> Finding:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    value = "up to date" if not missing else f"{missing} migrations behind"
    return Finding("Schema", value, not missing, "Run `letterbook migrate`.")


def _second_wall() -> Finding:
    is_well = is_wall_standing()
    return Finding(
        "Second wall",
        "stands" if is_well else "is not built",
        is_well,
        "Run `letterbook migrate`; where PostgreSQL then refuses, let an administrator of it run: "
        f"{role_statements()}",
    )


def _clock() -> Finding:
    skew = abs((_ask("SELECT clock_timestamp()") - now()).total_seconds())  # type: ignore[operator]
    return Finding(
        "Clock",
        f"{skew:.1f} s from the database's",
        skew < _MOST_SKEW_SECONDS,
        "Set both machines' clocks by NTP: tokens and due times go by them.",
    )


def _base_url() -> Finding:
    is_local = settings.BASE_URL.startswith(("http://127.0.0.1", "http://localhost"))
    return Finding(
        "Address",
        settings.BASE_URL,
        settings.BASE_URL.startswith("https://") or is_local,
        "Set LETTERBOOK_BASE_URL to an https:// address: Google accepts http only for this very machine.",
    )


def _google_client() -> Finding:
    is_there = bool(settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET)
    return Finding(
        "Google client",
        "set" if is_there else "not set",
        is_there,
        "Set LETTERBOOK_GOOGLE_CLIENT_ID and LETTERBOOK_GOOGLE_CLIENT_SECRET; docs/google.md walks through it. "
        f"The redirect address is {settings.BASE_URL}/mailboxes/connected",
    )


def _keys() -> Finding:
    return Finding(
        "Secret keys",
        f"{len(settings.SECRET_KEYS)}",
        bool(settings.SECRET_KEYS),
        "Set LETTERBOOK_SECRET_KEYS, or let Letterbook keep one in its folder.",
    )


def _worker() -> Finding:
    beats = _ask(
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)",
        settings.WORKER_STALLED_SECONDS,
    )
    return Finding(
        "Workers", str(beats), bool(beats), "Start `letterbook serve` or `letterbook worker`."
    )
