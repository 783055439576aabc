"""Writing the lines of emails into the histories of the contacts on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from letterbook.correspondence import columns
from letterbook.correspondence.arrays import id_array
from letterbook.correspondence.copying import copy_rows
from letterbook.correspondence.models import Direction
from letterbook.correspondence.storing import StoredMessage
from letterbook.kit.ids import new_ids
from letterbook.mailboxes.models import Mailbox
from letterbook.timeline.models import ActivityType

_LINE = (
    "type", "text", "team_id", "created_at", "updated_at", "user_id", "direction", "occurred_at", "message_id",
    "contact_id", "id",
)  # fmt: skip


def add_lines(
    mailbox: Mailbox,
    messages: Iterable[StoredMessage],
    contacts: Mapping[str, UUID],
    *,
    at: datetime,
) -> int:
    """Add a line for each of these contacts, given by address key, on each message; return how many were missing."""
    # A message that has several copies in a batch comes several times.
    by_id = {message.id: message for message in messages}
    new = [message for message in by_id.values() if message.is_new]
    known = [message for message in by_id.values() if not message.is_new]
    return _copy_lines(mailbox, new, contacts, at=at) + _add_missing(
        mailbox, known, contacts, at=at
    )


def _copy_lines(
    mailbox: Mailbox,
    messages: Sequence[StoredMessage],
    contacts: Mapping[str, UUID],
    *,
    at: datetime,
) -> int:
    """Of a message that is new nothing is there yet: no look at what is there, and nothing to be told again."""
    rows = list(_rows(mailbox, messages, contacts, at=at))
    if rows:
        copy_rows("timeline_activity", _LINE, rows)
    return len(rows)


def _rows(
    mailbox: Mailbox,
    messages: Sequence[StoredMessage],
    contacts: Mapping[str, UUID],
    *,
    at: datetime,
) -> Iterator[bytes]:
    encoded = {key: columns.from_id(contact_id) for key, contact_id in contacts.items()}
    owner, now = columns.from_id(mailbox.owner_id), columns.from_time(at)
    email, no_text = columns.from_text(ActivityType.EMAIL), columns.from_text("")
    shared = b"".join((email, no_text, columns.from_id(mailbox.team_id), now, now))
    for message in messages:
        told = shared + _told_by(message, owner)
        for contact_id in {encoded[key] for key in message.address_keys if key in encoded}:
            yield columns.row_of(len(_LINE), (told, contact_id, columns.from_new_id()))


def _told_by(message: StoredMessage, owner: bytes) -> bytes:
    """Incoming email is its mailbox owner's, outgoing its sender's."""
    is_ours = message.direction == Direction.OUTGOING
    return b"".join(
        (
            columns.from_id(message.sent_by) if is_ours else owner,
            columns.from_text(message.direction),
            columns.from_time(message.occurred_at),
            columns.from_id(message.id),
        )
    )


def _add_missing(
    mailbox: Mailbox,
    messages: Sequence[StoredMessage],
    contacts: Mapping[str, UUID],
    *,
    at: datetime,
) -> int:
    lines = {
        (contacts[key].hex, message.id.hex)
        for message in messages
        for key in message.address_keys
        if key in contacts
    }
    if not lines:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_MISSING,
            [
                mailbox.owner_id,
                at,
                at,
                id_array(new_ids(len(lines))),
                id_array(contact_id for contact_id, _ in lines),
                id_array(message_id for _, message_id in lines),
            ],
        )
        added: int = cursor.rowcount
    return added


_INSERT_MISSING = """
    INSERT INTO timeline_activity (
        type, text, team_id, user_id, direction, occurred_at, created_at, updated_at, id, contact_id, message_id)
    SELECT 'email', '', m.team_id, CASE WHEN m.direction = 'out' THEN m.sent_by_id ELSE %s END,
        m.direction, m.occurred_at, %s, %s, line.id, line.contact_id, m.id
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS line (id, contact_id, message_id)
    JOIN correspondence_message m ON m.id = line.message_id
    ON CONFLICT (contact_id, message_id) DO NOTHING
"""
