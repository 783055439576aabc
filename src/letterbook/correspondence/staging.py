"""New messages on their way into the tables: one COPY for the messages and one for their sources.

Nothing is in between: whoever holds the team's lock and did not find a message knows that it is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from letterbook.correspondence import columns
from letterbook.correspondence.copying import copy_rows
from letterbook.correspondence.packing import CONTENT_COLUMNS, Packed
from letterbook.mailboxes.models import Mailbox

_DECIDED = ("id", "team_id", "thread_id", "direction", "sent_by_id", "occurred_at", "stored_at")
_MESSAGE = (*_DECIDED, *CONTENT_COLUMNS)
_SOURCE = ("message_id", "team_id", "mailbox_id", "raw_zstd", "sha256")


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
    copy_rows(
        "correspondence_message",
        _MESSAGE,
        (_message_row(message, team, stored_at) for message in arriving),
    )
    shared = team + columns.from_id(mailbox.pk)
    copy_rows(
        "correspondence_messagesource", _SOURCE, (_source_row(each, shared) for each in arriving)
    )


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
