"""Handing encoded rows to PostgreSQL: one COPY for any number of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from letterbook.correspondence import columns

# What is handed to the driver at once.
_PIECE = 512 * 1024


def copy_rows(table: str, names: Sequence[str], rows: Iterable[bytes]) -> None:
    """Write rows that `columns.row_of` encoded; raise IntegrityError where one breaks a rule or is there already."""
    command = f"COPY {table} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
    # Django wraps what `execute` raises, but leaves COPY to the driver.
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(command) as copy,
    ):
        for piece in _pieces(rows):
            copy.write(piece)


def _pieces(rows: Iterable[bytes]) -> Iterable[bytes]:
    """Many rows at once: each hand-over costs as much as copying a row does."""
    piece = bytearray(columns.HEADER)
    for row in rows:
        piece += row
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece + columns.TRAILER)
