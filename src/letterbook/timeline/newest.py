"""The newest emails of a contact: what is told beside their history is told of these."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from letterbook.contacts.models import Contact
from letterbook.teams.asked_once import asked_once
from letterbook.teams.models import Membership
from letterbook.timeline.seeing import seen_activities

# So that no question takes longer the longer the history is.
MOST = 300


class NewEmail(NamedTuple):
    """One of the newest emails of a contact, as far as its line tells."""

    message_id: UUID
    thread_id: UUID
    direction: str
    occurred_at: datetime
    has_attachments: bool


@asked_once
def newest_emails(member: Membership, contact: Contact) -> list[NewEmail]:
    """Return the newest `MOST` emails of a contact that this member may know of, the newest first; one query."""
    emails = seen_activities(member, contact=contact).exclude(message=None)
    columns = emails.order_by("-occurred_at", "-id").values_list(
        "message_id",
        "message__thread_id",
        "direction",
        "occurred_at",
        "message__has_attachments",
    )
    return [NewEmail(*row) for row in columns[:MOST]]
