"""Whom the team keeps waiting longer than it used to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from letterbook.contacts.models import Contact
from letterbook.insights.asked_about import (
    WHOLE_TEAM,
    About,
    messages_about,
    midnight,
    monday_before,
)
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
    first = monday_before(at, weeks=weeks)
    since, until = midnight(first), midnight(first + timedelta(weeks=weeks))
    before = since - timedelta(weeks=weeks)
    seen = messages_about(member, about).filter(is_automatic=False)
    # A question older than that has waited too long to be in either median.
    asked = seen.filter(occurred_at__gte=before - timedelta(weeks=weeks), occurred_at__lt=until)
    columns = asked.order_by().values("thread_id", "direction", "from_address", "occurred_at", "id")
    try:
        statement, parameters = columns.query.sql_with_params()
    except EmptyResultSet:  # nothing is shared with this viewer
        return ()
    medians: list[Any] = [since, since, since, member.team_id, before]
    limits: list[Any] = [_LEAST_ANSWERS, _LEAST_ANSWERS, _LONGER, _FELT, limit]
    with connection.cursor() as cursor:
        cursor.execute(_LONGER_NOW.format(seen=statement), [*parameters, *medians, *limits])
        found = cursor.fetchall()
    visible = Contact.objects.visible_to(member).prefetch_related("addresses")
    contacts = visible.in_bulk([row[0] for row in found])
    return tuple(
        WaitingLonger(contacts[contact_id], answers, median, median_before)
        for contact_id, answers, median, median_before in found
        if contact_id in contacts
    )


_LONGER_NOW = """
    WITH seen (thread_id, direction, from_address, occurred_at, id) AS ({seen}),
    turns AS (
        SELECT *, lag(direction) OVER in_order IS DISTINCT FROM direction AS is_turn FROM seen
        WINDOW in_order AS (PARTITION BY thread_id ORDER BY occurred_at, id)
    ),
    answers AS (
        SELECT direction, occurred_at, lag(from_address) OVER in_order AS asked_by,
            occurred_at - lag(occurred_at) OVER in_order AS waited
        FROM turns WHERE is_turn
        WINDOW in_order AS (PARTITION BY thread_id ORDER BY occurred_at, id)
    ),
    medians AS (
        SELECT address.contact_id, count(*) FILTER (WHERE occurred_at >= %s) AS answers, count(*) AS all_answers,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE occurred_at >= %s) AS now,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE occurred_at < %s) AS before
        FROM answers JOIN contacts_contactaddress address
            ON address.team_id = %s AND address.key = lower(answers.asked_by)
        WHERE direction = 'out' AND waited IS NOT NULL AND occurred_at >= %s
        GROUP BY address.contact_id
    )
    SELECT contact_id, answers, now, before FROM medians
    WHERE answers >= %s AND all_answers - answers >= %s AND now > %s * before AND now - before > %s
    ORDER BY answers DESC, contact_id LIMIT %s
"""
