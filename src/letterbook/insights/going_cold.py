"""Who has fallen silent against their own rhythm: contacts who used to write, and have not for far longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Direction, Message
from letterbook.teams.models import Membership

_LOOKING_BACK = timedelta(days=365)
# A rhythm has at least three pauses; and nobody is cold because of a fortnight, or a short holiday.
_DAYS_OF_A_RHYTHM = 4
_SHORTEST_SILENCE = 14
_TIMES_AS_LONG = 3


@dataclass(frozen=True, slots=True)
class Silence:
    """A contact, how many days usually lie between the days they write on, and the last of these."""

    contact: Contact
    usual_days: int
    last_day: date
    days: int


def who_goes_cold(member: Membership, *, at: datetime, limit: int = 5) -> tuple[Silence, ...]:
    """Return the contacts who fell silent, those who wrote most first, from the emails this member may know of."""
    today = at.astimezone(UTC).date()
    found = _silences(member, at=at, today=today, limit=limit)
    visible = Contact.objects.visible_to(member).prefetch_related("addresses")
    contacts = visible.in_bulk([row[0] for row in found])
    return tuple(
        Silence(contacts[contact_id], round(usual), last, (today - last).days)
        for contact_id, usual, last in found
        if contact_id in contacts
    )


def _silences(
    member: Membership, *, at: datetime, today: date, limit: int
) -> list[tuple[Any, float, date]]:  # a contact's id
    # Who wrote an email is no secret of whoever may know of it, as who got a blind copy is.
    written = Message.objects.visible_to(member).filter(
        direction=Direction.INCOMING, is_automatic=False, occurred_at__gte=at - _LOOKING_BACK
    )
    try:
        seen, parameters = (
            written.order_by().values("from_address", "occurred_at").query.sql_with_params()
        )
    except EmptyResultSet:  # nothing is shared with this viewer
        return []
    rhythm: list[Any] = [
        member.team_id,
        _DAYS_OF_A_RHYTHM,
        today,
        _SHORTEST_SILENCE,
        _TIMES_AS_LONG,
        limit,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SILENCES.format(seen=seen), [*parameters, *rhythm])
        return list(cursor.fetchall())


_SILENCES = """
    WITH seen (from_address, occurred_at) AS ({seen}),
    days AS (
        SELECT DISTINCT address.contact_id, (seen.occurred_at AT TIME ZONE 'UTC')::date AS day
        FROM seen JOIN contacts_contactaddress address
            ON address.team_id = %s AND address.key = lower(seen.from_address)
    ),
    pauses AS (
        SELECT contact_id, day, day - lag(day) OVER (PARTITION BY contact_id ORDER BY day) AS pause FROM days
    ),
    rhythms AS (
        SELECT contact_id, count(*) AS number, max(day) AS last,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY pause) AS usual
        FROM pauses GROUP BY contact_id HAVING count(*) >= %s
    )
    SELECT contact_id, usual, last FROM rhythms
    WHERE %s - last > greatest(%s, %s * usual)
    ORDER BY number DESC, last DESC, contact_id LIMIT %s
"""
