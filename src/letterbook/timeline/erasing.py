"""Whose mail goes with a person: everything they are on that stands in nobody else's history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef

from letterbook.contacts.models import Contact
from letterbook.correspondence.found_first import is_one_of
from letterbook.correspondence.models import Message
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.models import Activity


@on_the_teams_behalf()
def messages_only_of(contact: Contact, keys: Sequence[str]) -> list[UUID]:
    """Return the messages that go with this person, and the reports that tell only of those."""
    # Any: what a statement is given.
    values: dict[str, Any] = {"team": contact.team_id, "contact": contact.pk, "keys": list(keys)}
    with connection.cursor() as cursor:
        cursor.execute(_ONLY_OF, values)
        return [pk for (pk,) in cursor.fetchall()]


def count_messages_of(member: Membership, contact: Contact, keys: Sequence[str]) -> tuple[int, int]:
    """Return how many messages of this person alone the member may know of, and how many that others are on too."""
    lines = Activity.with_deleted.filter(team_id=contact.team_id, contact=contact)
    others = Activity.with_deleted.filter(message=OuterRef("pk")).exclude(contact=contact)
    seen = Message.objects.visible_to(member)
    theirs = is_one_of(
        seen.filter(address_keys__overlap=list(keys)),
        seen.filter(pk__in=lines.exclude(message=None).values("message")),
    )
    counted = seen.filter(theirs).aggregate(
        number=Count("pk"), shared=Count("pk", filter=Exists(others))
    )
    return counted["number"] - counted["shared"], counted["shared"]


# A report of a machine is on nobody's history; it names whom it could not reach.
_ONLY_OF = """
    WITH theirs AS (
        SELECT m.id FROM correspondence_message m
        WHERE m.team_id = %(team)s AND m.address_keys && %(keys)s::text[]
        UNION
        SELECT line.message_id FROM timeline_activity line
        WHERE line.team_id = %(team)s AND line.contact_id = %(contact)s AND line.message_id IS NOT NULL
    ), goes AS (
        SELECT theirs.id FROM theirs
        WHERE NOT EXISTS (SELECT FROM timeline_activity line
            WHERE line.message_id = theirs.id AND line.contact_id <> %(contact)s)
    )
    SELECT id FROM goes
    UNION
    SELECT fact.evidence_id FROM correspondence_laterfact fact
    WHERE fact.team_id = %(team)s
        AND (fact.message_id IN (SELECT id FROM goes) OR fact.recipient = ANY(%(keys)s::text[]))
        AND NOT EXISTS (SELECT FROM timeline_activity line
            WHERE line.message_id = fact.evidence_id AND line.contact_id <> %(contact)s)
        AND NOT EXISTS (SELECT FROM correspondence_laterfact other
            WHERE other.evidence_id = fact.evidence_id AND other.recipient <> ALL(%(keys)s::text[])
                AND other.message_id NOT IN (SELECT id FROM goes))
"""
