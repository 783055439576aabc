"""`letterbook backup`: everything an installation holds at one moment, into one folder, while it goes on working."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import zstandard
from django.conf import settings
from django.db import connection, transaction

from letterbook.kit.refusals import Conflict, Invalid
from letterbook.project.backup_folder import (
    UPLOADS,
    KeptTable,
    Manifest,
    digests,
    prove_keys,
    write_manifest,
)

# Migrations make their own; and who was signed in signs in again.
NOT_KEPT = frozenset({"django_migrations", "django_session"})


def back_up(folder: Path, *, at: datetime) -> Manifest:
    """Write a backup into this new folder and return what it holds.

    Raises `Conflict` where there is something already and `Invalid` where nothing can be written. A backup that did not
    come to its end leaves no folder.
    """
    with _new_folder(folder) as unfinished:
        manifest = _copy_everything(unfinished, at=at)
        write_manifest(unfinished, manifest)
    return manifest


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    if folder.exists():
        raise Conflict(
            f"There is something at {folder} already, and a backup is never overwritten.",
            way_out="Choose another name.",
        )
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        # It holds everybody's mail: for whoever made it only.
        unfinished.mkdir(mode=0o700, parents=True)
        yield unfinished
        unfinished.rename(folder)
    except OSError as error:
        raise Invalid(
            f"{folder} cannot be written: {error.strerror}.", way_out="Choose another folder."
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@transaction.atomic
def _copy_everything(folder: Path, *, at: datetime) -> Manifest:
    # All tables as they are at one moment; nobody who works meanwhile waits.
    _run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    tables = [_copy_table(folder, name) for name in tables_there() if name not in NOT_KEPT]
    _copy_uploads(folder / UPLOADS)
    return Manifest(
        letterbook=version("letterbook"),
        made_at=at.isoformat(),
        key_proof=prove_keys(settings.SECRET_KEYS),
        migrations=applied_migrations(),
        tables=tables,
        sequences=_sequences(),
        files=dict(digests(folder)),
    )


def _copy_table(folder: Path, name: str) -> KeptTable:
    file = f"{name}.copy.zst"
    columns = _columns(name)
    statement = f"COPY {quoted(name)} ({quoted(*columns)}) TO STDOUT"
    with connection.cursor() as cursor, (folder / file).open("wb") as target:
        with (
            zstandard.ZstdCompressor().stream_writer(target) as packed,
            cursor.copy(statement) as rows,
        ):
            for some in rows:
                packed.write(some)
        return KeptTable(name=name, file=file, columns=columns, rows=cursor.rowcount)


def _copy_uploads(target: Path) -> None:
    """Copy what waits to be imported. A worker may be done with a file at this moment: then it is not needed."""
    uploads = Path(settings.HOME) / UPLOADS
    for path in sorted(uploads.rglob("*")) if uploads.is_dir() else ():
        copy = target / path.relative_to(uploads)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            if path.is_file():
                shutil.copyfile(path, copy)
        except FileNotFoundError:
            copy.unlink(missing_ok=True)


def tables_there() -> list[str]:
    """Return the names of all tables."""
    return [name for (name,) in _ask(_TABLES)]


def applied_migrations() -> list[list[str]]:
    """Return the applied migrations, which say what the schema is."""
    return [list(row) for row in _ask("SELECT app, name FROM django_migrations ORDER BY 1, 2")]


def quoted(*names: str) -> str:
    """Return names as SQL has them, with commas between."""
    return ", ".join(connection.ops.quote_name(name) for name in names)


def _columns(table: str) -> list[str]:
    return [name for (name,) in _ask(_COLUMNS, table)]


def _sequences() -> dict[str, int]:
    return {
        name: int(_ask(f"SELECT last_value + is_called::int FROM {quoted(name)}")[0][0])  # noqa: S608 - from the catalog
        for (name,) in _ask(_SEQUENCES)
    }


def _ask(question: str, *values: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


_OURS = "relnamespace = current_schema()::regnamespace"
_TABLES = f"SELECT relname FROM pg_class WHERE {_OURS} AND relkind = 'r' ORDER BY relname"  # noqa: S608 - a constant
_SEQUENCES = f"SELECT relname FROM pg_class WHERE {_OURS} AND relkind = 'S' ORDER BY relname"  # noqa: S608 - a constant
_COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
"""
