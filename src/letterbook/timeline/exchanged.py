"""The files that went back and forth with a contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Direction, Message
from letterbook.correspondence.showing import NOT_SHOWN, FileOnIt, show_message
from letterbook.teams.models import Membership
from letterbook.timeline.newest import newest_emails

MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class ExchangedFile:
    """A file of an email that the viewer may read, and which way it went."""

    file: FileOnIt
    message_id: UUID
    is_ours: bool
    at: datetime


def files_with(member: Membership, contact: Contact) -> tuple[ExchangedFile, ...]:
    """Return the newest files of a contact's emails that this member may open, each name once."""
    with_files = newest_emails(member, contact).with_files
    if not with_files:
        return ()
    messages = Message.objects.readable_by(member).filter(pk__in=with_files)
    found: dict[str, ExchangedFile] = {}
    for message in messages.defer(*NOT_SHOWN).order_by("-occurred_at", "-id"):
        for file in show_message(message).files:
            if not file.is_inline:
                is_ours = message.direction == Direction.OUTGOING
                one = ExchangedFile(file, message.pk, is_ours, message.occurred_at)
                found.setdefault(file.filename, one)
    return tuple(found.values())[:MOST_SHOWN]
