"""New messages on their way into the tables: one COPY for the messages and one for their sources.

Nothing is in between: whoever holds the team's lock and did not find a message knows that it is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from letterbook.correspondence import columns
from letterbook.correspondence.packing import CONTENT_COLUMNS, Packed
from letterbook.mailboxes.models import Mailbox

_DECIDED = ("id", "team_id", "thread_id", "direction", "sent_by_id", "occurred_at", "stored_at")
_MESSAGE = (*_DECIDED, *CONTENT_COLUMNS)
_SOURCE = ("message_id", "team_id", "mailbox_id", "raw_zstd", "sha256")
# What is handed to the driver at once.
_PIECE = 512 * 1024


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message that the team does not have yet."""

    id: UUID
    thread_id: UUID
    direction: str
    sent_by: UUID | None
    occurred_at: datetime
    packed: Packed


def insert_messages(mailbox: Mailbox, arriving: Sequence[Arriving], *, at: datetime) -> None:
    """Write messages and their sources as this mailbox holds them; raise IntegrityError where one is there already."""
    team, stored_at = columns.from_id(mailbox.team_id), columns.from_time(at)
    _copy(
        "correspondence_message",
        _MESSAGE,
        (_message_row(message, team, stored_at) for message in arriving),
    )
    shared = team + columns.from_id(mailbox.pk)
    _copy("correspondence_messagesource", _SOURCE, (_source_row(each, shared) for each in arriving))


def _message_row(message: Arriving, team: bytes, stored_at: bytes) -> bytes:
    decided = (
        columns.from_id(message.id),
        team,
        columns.from_id(message.thread_id),
        columns.from_text(message.direction),
        columns.from_id(message.sent_by),
        columns.from_time(message.occurred_at),
        stored_at,
    )
    return columns.row_of(len(_MESSAGE), (*decided, message.packed.row))


def _source_row(message: Arriving, team_and_mailbox: bytes) -> bytes:
    packed = message.packed
    source = columns.from_bytes(packed.raw_zstd), columns.from_bytes(packed.sha256)
    return columns.row_of(len(_SOURCE), (columns.from_id(message.id), team_and_mailbox, *source))


def _copy(table: str, names: Sequence[str], rows: Iterable[bytes]) -> None:
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
