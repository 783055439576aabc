"""The history of one contact that becomes two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from letterbook.contacts.models import Contact
from letterbook.teams.events import announce
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.linking import link_contact
from letterbook.timeline.models import Activity


def count_lines(
    member: Membership, contact: Contact, *, keys: Sequence[str], left: Sequence[str]
) -> tuple[int, int]:
    """Return how many emails these addresses take along, and how many stay with both; what the member may know of."""
    lines = Activity.objects.visible_to(member).filter(
        contact=contact, message__address_keys__overlap=list(keys)
    )
    shared = lines.filter(message__address_keys__overlap=list(left)).count()
    return lines.count() - shared, shared


@on_the_teams_behalf()
def part_lines(
    contact: Contact, split_id: UUID, *, keys: Sequence[str], left: Sequence[str], at: datetime
) -> None:
    """Give the other contact the lines of email with its addresses; an email with both is in both histories.

    What was deleted goes along as what it is. What people wrote stays where they wrote it.
    """
    # Any: what a statement is given.
    values: dict[str, Any] = {
        "old": contact.pk,
        "new": split_id,
        "keys": list(keys),
        "left": list(left),
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SHARE, values)
        cursor.execute(_MOVE, values)
    link_contact(split_id, at=at)
    announce("activity", team_id=contact.team_id)


_SHARE = """
    INSERT INTO timeline_activity (
        id, type, text, team_id, contact_id, message_id, user_id, direction, occurred_at, created_at, updated_at,
        deleted_at, deleted_by_id)
    SELECT gen_random_uuid(), line.type, line.text, line.team_id, %(new)s, line.message_id, line.user_id,
        line.direction, line.occurred_at, %(at)s, %(at)s, line.deleted_at, line.deleted_by_id
    FROM timeline_activity line JOIN correspondence_message m ON m.id = line.message_id
    WHERE line.contact_id = %(old)s AND m.address_keys && %(keys)s::text[] AND m.address_keys && %(left)s::text[]
"""
_MOVE = """
    UPDATE timeline_activity line SET contact_id = %(new)s, updated_at = %(at)s
    FROM correspondence_message m
    WHERE m.id = line.message_id AND line.contact_id = %(old)s
        AND m.address_keys && %(keys)s::text[] AND NOT m.address_keys && %(left)s::text[]
"""
