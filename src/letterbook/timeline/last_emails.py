"""Who wrote last, for many contacts at once: what a list of them says beside each name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import reach_of
from letterbook.correspondence.models import Direction
from letterbook.teams.models import Membership
from letterbook.timeline.seeing_many import is_seen_line


@dataclass(frozen=True, slots=True)
class LastEmail:
    """The newest email with a contact that the viewer may know of."""

    at: datetime
    is_ours: bool


def last_emails(member: Membership, contacts: Sequence[Contact]) -> dict[UUID, LastEmail]:
    """Return the last email of each of these contacts that has one; one query, one look into the index for each."""
    is_seen, values = is_seen_line(reach_of(member))
    # Any: a statement's values are of any type.
    asked: list[Any] = [[one.pk for one in contacts], member.team_id, *values]
    with connection.cursor() as rows:
        rows.execute(_LAST.format(is_seen=is_seen), asked)
        return {
            contact_id: LastEmail(at, direction == Direction.OUTGOING)
            for contact_id, at, direction in rows.fetchall()
        }


_LAST = """
    SELECT contact.id, newest.occurred_at, newest.direction
    FROM unnest(%s::uuid[]) AS contact (id)
    CROSS JOIN LATERAL (
        SELECT line.occurred_at, line.direction
        FROM timeline_activity line JOIN correspondence_message message ON message.id = line.message_id
        WHERE line.team_id = %s AND line.contact_id = contact.id AND line.deleted_at IS NULL AND {is_seen}
        ORDER BY line.occurred_at DESC, line.id DESC LIMIT 1
    ) newest
"""
