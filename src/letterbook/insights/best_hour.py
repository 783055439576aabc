"""When an email is most often answered within a day, by the hour at which it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from letterbook.correspondence.models import Message
from letterbook.teams.models import Membership

_LOOKING_BACK = timedelta(days=182)
_SOON = timedelta(days=1)
# An hour says something from ten emails on, and is worth telling where it is better than all by a fifth.
_LEAST_EMAILS = 10
_BETTER = 1.2


@dataclass(frozen=True, slots=True)
class BestHour:
    """The hour (0 to 23, in the asked time zone), the share answered within a day, and that of all hours."""

    hour: int
    share: float
    usual_share: float


def best_hour(member: Membership, *, at: datetime, zone: tzinfo) -> BestHour | None:
    """Return the hour whose emails are answered soonest, None where no hour stands out, from what this member may see.

    Counted are the emails that begin our turn in a conversation; automatic mail neither asks nor answers.
    """
    seen = Message.objects.visible_to(member).filter(
        is_automatic=False, occurred_at__gte=at - _LOOKING_BACK
    )
    columns = seen.order_by().values("thread_id", "direction", "occurred_at", "id")
    try:
        statement, parameters = columns.query.sql_with_params()
    except EmptyResultSet:  # nothing is shared with this viewer
        return None
    values: list[Any] = [*parameters, str(zone), _SOON, at - _SOON]
    with connection.cursor() as cursor:
        cursor.execute(_BY_HOUR.format(seen=statement), values)
        hours: list[tuple[int, int, int]] = [(int(hour), n, a) for hour, n, a in cursor.fetchall()]
    return _best(hours)


def _best(hours: list[tuple[int, int, int]]) -> BestHour | None:
    told = [
        (answered / number, hour) for hour, number, answered in hours if number >= _LEAST_EMAILS
    ]
    if len(told) < 2:
        return None
    usual = sum(answered for _, _, answered in hours) / sum(number for _, number, _ in hours)
    share, hour = max(told, key=lambda one: (one[0], -one[1]))
    return BestHour(hour, share, usual) if share > _BETTER * usual else None


_BY_HOUR = """
    WITH seen (thread_id, direction, occurred_at, id) AS ({seen}),
    turns AS (
        SELECT *, lag(direction) OVER in_order IS DISTINCT FROM direction AS is_turn FROM seen
        WINDOW in_order AS (PARTITION BY thread_id ORDER BY occurred_at, id)
    ),
    answers AS (
        SELECT direction, occurred_at, lead(occurred_at) OVER in_order - occurred_at AS waited
        FROM turns WHERE is_turn WINDOW in_order AS (PARTITION BY thread_id ORDER BY occurred_at, id)
    )
    SELECT extract(hour FROM occurred_at AT TIME ZONE %s), count(*), count(*) FILTER (WHERE waited <= %s)
    FROM answers WHERE direction = 'out' AND occurred_at < %s GROUP BY 1 ORDER BY 1
"""
