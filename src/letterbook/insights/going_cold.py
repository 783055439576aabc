"""Who has fallen silent against their own rhythm: contacts who used to write, and have not for far longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from letterbook.contacts.models import Contact
from letterbook.insights.tallying import Tally, year_before
from letterbook.teams.models import Membership

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


def going_cold_of(
    member: Membership, *, at: datetime, is_own: bool = False, limit: int = 5
) -> Tally[tuple[Silence, ...]]:
    """Return how the contacts are found who fell silent, those who wrote most first.

    With `is_own` only those with mail in a mailbox of this person's; whoever writes to a team-mate now is not silent.
    Who wrote an email is no secret of whoever may know of it, as who got a blind copy is.
    """
    today = at.astimezone(UTC).date()

    def read(rows: list[Mapping[str, Any]]) -> tuple[Silence, ...]:
        visible = Contact.objects.visible_to(member).prefetch_related("addresses")
        contacts = visible.in_bulk([row["contact_id"] for row in rows])
        found = [
            (contacts.get(UUID(row["contact_id"])), row["usual"], date.fromisoformat(row["last"]))
            for row in rows
        ]
        return tuple(
            Silence(contact, round(usual), last, (today - last).days)
            for contact, usual, last in found
            if contact is not None
        )

    rhythm = today, _SHORTEST_SILENCE, _TIMES_AS_LONG, not is_own, member.user_id, limit
    values = year_before(at), member.team_id, _DAYS_OF_A_RHYTHM, *rhythm
    return Tally(_SILENCES, values, read)


_SILENCES = """
    WITH days AS (
        SELECT DISTINCT address.contact_id, (seen.occurred_at AT TIME ZONE 'UTC')::date AS day
        FROM seen JOIN contacts_contactaddress address ON address.key = lower(seen.from_address)
        WHERE seen.direction = 'in' AND NOT seen.is_automatic AND seen.occurred_at >= %s AND address.team_id = %s
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
    WHERE %s - last > greatest(%s, %s * usual) AND (%s OR EXISTS (
        SELECT FROM timeline_activity line
        JOIN correspondence_mailboxmessage copy ON copy.message_id = line.message_id
        JOIN mailboxes_mailbox mailbox ON mailbox.id = copy.mailbox_id
        WHERE line.contact_id = rhythms.contact_id AND mailbox.owner_id = %s
    ))
    ORDER BY number DESC, last DESC, contact_id LIMIT %s
"""
