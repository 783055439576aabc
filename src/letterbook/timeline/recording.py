"""Recording email: a message, its threads and ledger rows, and a line for each contact on it, in one transaction.

The only writer of activities of type email.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from letterbook.correspondence.late_placing import place_late
from letterbook.correspondence.sharing.keeping_private import settle_private
from letterbook.correspondence.storing import Copy, StoredMessage, store_copies
from letterbook.correspondence.threading import lock_correspondence
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.teams.events import announce
from letterbook.timeline.correspondents import contacts_on
from letterbook.timeline.email_lines import add_lines


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch of copies became: their messages by provider id, and how many of each kind."""

    messages: Mapping[str, StoredMessage]
    stored: int
    repeated: int
    activities: int


@transaction.atomic
def record_copies(
    mailbox: Mailbox,
    copies: Sequence[Copy],
    *,
    contacts: Mapping[str, UUID],
    own: Mapping[str, UUID],
    at: datetime,
    sent_by: UUID | None = None,
) -> Recorded:
    """Store the copies and add one activity per message and contact on it; all of it or nothing.

    `contacts` are the contacts by address key and `own` the team's addresses, which are never contacts. Whoever
    matched them did so after `lock_correspondence`, or a contact added meanwhile would miss these messages.
    """
    messages = store_copies(mailbox, copies, own=own, at=at, sent_by=sent_by)
    theirs = {key: contact_id for key, contact_id in contacts.items() if key not in own}
    added = add_lines(mailbox, messages.values(), theirs, at=at)
    _correct_activities([each.id for each in messages.values() if each.is_corrected], at=at)
    place_late(mailbox, [(messages[copy.provider_id], copy) for copy in copies], own=own)
    keyed = {
        messages[copy.provider_id].id: copy.packed.send_key
        for copy in copies
        if copy.packed.send_key is not None
    }
    settle_private(mailbox.team_id, keyed, [each.id for each in messages.values()])
    if added:
        announce("activity", team_id=mailbox.team_id, mailbox_id=mailbox.id)
    stored = len({each.id for each in messages.values() if each.is_new})
    return Recorded(messages, stored, len(copies) - stored, added)


@transaction.atomic
def record_sent_copies(
    mailbox: Mailbox, copies_of: Mapping[UUID, Sequence[Copy]], *, at: datetime
) -> dict[str, UUID]:
    """Record what the provider accepted from us, by whom it was written; return the messages' ids by provider id.

    Where retrieval brought the same email in first, that message is meant, with its author as its sender.
    """
    lock_correspondence(mailbox.team_id)
    own = own_addresses(mailbox.team_id)
    messages: dict[str, UUID] = {}
    for author_id, copies in copies_of.items():
        contacts = contacts_on(mailbox, copies, own=own, at=at)
        recorded = record_copies(
            mailbox, copies, contacts=contacts, own=own, at=at, sent_by=author_id
        )
        messages |= {key: stored.id for key, stored in recorded.messages.items()}
    return messages


def _correct_activities(message_ids: Sequence[UUID], *, at: datetime) -> None:
    """The sender's own copy told that a message is outgoing, or by whom: its lines follow."""
    if not message_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE timeline_activity SET direction = m.direction, user_id = m.sent_by_id, updated_at = %s"
            " FROM correspondence_message m"
            " WHERE m.id = ANY(%s::uuid[]) AND timeline_activity.message_id = m.id",
            [at, list(message_ids)],
        )
