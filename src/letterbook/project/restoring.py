"""`letterbook restore`: what a backup holds, into an empty database, all of it or nothing.

What the backup calls queued may have been sent since. The transaction that brings the rows back also puts every queued
email in doubt and pauses every mailbox: no worker, whenever it starts, can send one again (decision 0027).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path

import zstandard
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.graph import Node

from letterbook.kit.refusals import Conflict, Invalid
from letterbook.outgoing.pausing import PAUSED_BY_RESTORE, pause_after_restore
from letterbook.project.backing_up import NOT_KEPT, applied_migrations, quoted, tables_there
from letterbook.project.backup_folder import (
    UPLOADS,
    KeptTable,
    Manifest,
    are_the_keys,
    read_manifest,
)

_CHUNK = 1024 * 1024


def restore(folder: Path, *, are_keys_lost: bool = False, at: datetime) -> tuple[Manifest, int]:
    """Restore a backup and return what it held, and how many emails are to be asked about at Gmail.

    Raises `Invalid` for no backup, a damaged one or one of a newer version, and `Conflict` where the database holds
    something or the keys are not those of the backup; nothing was changed then. With `are_keys_lost` the mailboxes are
    to be reconnected.
    """
    manifest = read_manifest(folder)
    if not are_keys_lost:
        _check_keys(manifest)
    _check_is_empty(manifest)
    _build_schema(manifest)
    doubted = _fill(folder, manifest)
    _copy_uploads(folder)
    call_command("migrate", verbosity=0)
    pause_after_restore(at=at)
    # So that the first questions are planned by what is there.
    _run("ANALYZE")
    return manifest, doubted


def _check_keys(manifest: Manifest) -> None:
    if not are_the_keys(manifest.key_proof, settings.SECRET_KEYS):
        raise Conflict(
            "The secret keys here are not those of the backup, so its mailboxes could not be read.",
            way_out=f"Put the old keys into {settings.HOME / 'secret-keys'} or LETTERBOOK_SECRET_KEYS. If they are "
            "lost, restore with --keys-are-lost: all is there then, and each mailbox must be reconnected.",
        )


def _check_is_empty(manifest: Manifest) -> None:
    """Nothing is ever overwritten; a database that was only migrated, or not even that, holds nothing."""
    tables = set(tables_there())
    is_ours = "teams_user" in tables and "django_migrations" in tables
    if not tables or (is_ours and not _holds_people() and _is_older_or_same(manifest)):
        return
    what = "not empty, and nothing in it is ever overwritten"
    if is_ours and not _holds_people():
        what = f"set up by a newer Letterbook than the backup ({manifest.letterbook}), which begins with nothing at all"
    raise Conflict(
        f"The database is {what}.",
        way_out="Restore into a new LETTERBOOK_HOME, or point DATABASE_URL to a new database.",
    )


def _holds_people() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM teams_user) OR EXISTS (SELECT FROM teams_team)")
        return bool(cursor.fetchone() != (False,))


def _is_older_or_same(manifest: Manifest) -> bool:
    return all(one in manifest.migrations for one in applied_migrations())


def _build_schema(manifest: Manifest) -> None:
    """Bring the empty database to the schema that the backup was made of, whatever the present one is."""
    executor = MigrationExecutor(connection)
    nodes = executor.loader.graph.node_map
    wanted = {(app, name) for app, name in manifest.migrations}
    if not nodes.keys() >= wanted:
        raise Invalid(
            f"The backup was made by a newer Letterbook ({manifest.letterbook}).",
            way_out="Install that version or a newer one, and restore again.",
        )
    executor.migrate([one for one in sorted(wanted) if not _is_followed(nodes[one], wanted)])


def _is_followed(node: Node, wanted: AbstractSet[tuple[str, str]]) -> bool:
    """Whether another of these migrations of the same app comes after it."""
    return any(child.key in wanted and child.key[0] == node.key[0] for child in node.children)


@transaction.atomic
def _fill(folder: Path, manifest: Manifest) -> int:
    tables = list(_each_after_what_it_names(manifest.tables))
    everything = [name for name in tables_there() if name not in NOT_KEPT]
    # Every trigger that ever follows a row followed it already.
    _run(*(f"ALTER TABLE {quoted(name)} DISABLE TRIGGER USER" for name in everything))
    _run(f"TRUNCATE {quoted(*everything)}", "SET CONSTRAINTS ALL DEFERRED")
    for table in tables:
        _fill_table(folder, table)
    for name, following in manifest.sequences.items():
        _run(f"ALTER SEQUENCE {quoted(name)} RESTART WITH {int(following)}")
    doubted = _hold_all_mail()
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    _run(*(f"ALTER TABLE {quoted(name)} ENABLE TRIGGER USER" for name in everything))
    return doubted


def _fill_table(folder: Path, table: KeptTable) -> None:
    statement = f"COPY {quoted(table.name)} ({quoted(*table.columns)}) FROM STDIN"
    with connection.cursor() as cursor, (folder / table.file).open("rb") as source:
        unpacked = zstandard.ZstdDecompressor().stream_reader(source)
        with cursor.copy(statement) as rows:
            while some := unpacked.read(_CHUNK):
                rows.write(some)
        if cursor.rowcount != table.rows:
            raise Invalid(f"{table.file} does not hold {table.rows} rows.", way_out="Use another.")


def _each_after_what_it_names(tables: Sequence[KeptTable]) -> Iterator[KeptTable]:
    """Most foreign keys wait for the end of the transaction; the rest want what they name to be there first."""
    by_name = {table.name: table for table in tables}
    sorter = TopologicalSorter[str](dict.fromkeys(by_name, ()))
    with connection.cursor() as cursor:
        cursor.execute(_KEYS_THAT_DO_NOT_WAIT)
        for name, named in cursor.fetchall():
            sorter.add(name, named)
    return (by_name[name] for name in sorter.static_order() if name in by_name)


def _hold_all_mail() -> int:
    """Not by the models: until the migrations follow, the schema may be an older one than theirs."""
    with connection.cursor() as cursor:
        cursor.execute(_PAUSE_ALL, [PAUSED_BY_RESTORE])
        cursor.execute(_DOUBT_QUEUED)
        return int(cursor.rowcount)


def _copy_uploads(folder: Path) -> None:
    if (folder / UPLOADS).is_dir():
        target = Path(settings.HOME) / UPLOADS
        shutil.copytree(folder / UPLOADS, target, dirs_exist_ok=True)


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


_KEYS_THAT_DO_NOT_WAIT = """
    SELECT DISTINCT named.relname, wanted.relname FROM pg_constraint one
    JOIN pg_class named ON named.oid = one.conrelid JOIN pg_class wanted ON wanted.oid = one.confrelid
    WHERE one.contype = 'f' AND NOT one.condeferrable AND one.conrelid <> one.confrelid
        AND named.relnamespace = current_schema()::regnamespace
"""
# As `doubt_unfinished_emails` does it.
_DOUBT_QUEUED = """
    UPDATE outgoing_frozenemail frozen
    SET submitted_at = frozen_at, last_submitted_at = frozen_at, cursor_before = ''
    FROM outgoing_outgoingemail email
    WHERE email.id = frozen.email_id AND email.status = 'queued' AND frozen.submitted_at IS NULL
"""
_PAUSE_ALL = """
    UPDATE mailboxes_mailbox SET is_sending_paused = true, sending_paused_reason = %s, sending_paused_at = now()
    WHERE kind = 'gmail' AND NOT is_sending_paused
"""
