"""Whom the team keeps waiting longer than it used to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from letterbook.contacts.models import Contact
from letterbook.insights.asked_about import WHOLE_TEAM, About, midnight, monday_before
from letterbook.insights.tallying import Tally, count, read_since
from letterbook.teams.models import Membership

# Three answers make a median worth telling; half as long again is more than chance, and an hour more is felt.
_LEAST_ANSWERS = 3
_LONGER = 1.5
_FELT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WaitingLonger:
    """A contact, how many answers they got, and how long half of these took at most: now, and in the time before."""

    contact: Contact
    answers: int
    median: timedelta
    median_before: timedelta


def who_waits_longer(
    member: Membership,
    *,
    at: datetime,
    weeks: int = 12,
    about: About = WHOLE_TEAM,
    limit: int = 5,
) -> tuple[WaitingLonger, ...]:
    """Return the contacts whom answers reach later than in as many weeks before, those who write most first.

    An answer counts for who wrote the first email that waited for it, from what this member may see.
    """
    since = read_since(at, weeks=weeks)
    return count(
        member, about, waiting_longer_of(member, at=at, weeks=weeks, limit=limit), since=since
    )


def waiting_longer_of(
    member: Membership, *, at: datetime, weeks: int, limit: int = 5
) -> Tally[tuple[WaitingLonger, ...]]:
    """Return how answers are compared with those of as many weeks before; raise `Invalid` for impossible weeks."""
    first = monday_before(at, weeks=weeks)
    since, until = midnight(first), midnight(first + timedelta(weeks=weeks))
    before = since - timedelta(weeks=weeks)

    def read(rows: list[Mapping[str, Any]]) -> tuple[WaitingLonger, ...]:
        visible = Contact.objects.visible_to(member).prefetch_related("addresses")
        contacts = visible.in_bulk([row["contact_id"] for row in rows])
        return tuple(
            WaitingLonger(contacts[pk], row["answers"], _span(row["now"]), _span(row["before"]))
            for row in rows
            if (pk := UUID(row["contact_id"])) in contacts
        )

    medians: list[Any] = [since, since, since, member.team_id, before, until]
    limits: list[Any] = [_LEAST_ANSWERS, _LEAST_ANSWERS, _LONGER, _FELT, limit]
    return Tally(_LONGER_NOW, (*medians, *limits), read)


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


_LONGER_NOW = """
    SELECT contact_id, answers, extract(epoch FROM now) AS now, extract(epoch FROM before) AS before
    FROM (
        SELECT address.contact_id, count(*) FILTER (WHERE occurred_at >= %s) AS answers, count(*) AS all_answers,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE occurred_at >= %s) AS now,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE occurred_at < %s) AS before
        FROM answers JOIN contacts_contactaddress address
            ON address.team_id = %s AND address.key = lower(answers.asked_by)
        WHERE direction = 'out' AND waited IS NOT NULL AND occurred_at >= %s AND occurred_at < %s
        GROUP BY address.contact_id
    ) medians
    WHERE answers >= %s AND all_answers - answers >= %s AND now > %s * before AND now - before > %s
    ORDER BY answers DESC, contact_id LIMIT %s
"""
