"""How long answers took, in both directions, within a set of messages somebody may see.

In a thread, messages of one direction in a row wait together; the first one the other way answers them, and the time is
counted from the first of those that waited. Automatic mail neither asks nor answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from letterbook.correspondence.models import Direction, MessageQuerySet

BOUNDS = (
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)
_EVER = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))

# A row begins a run where the direction turns; the turn that follows in the thread is its answer.
_ANSWERS = """
    WITH seen AS ({seen}),
    turns AS (
        SELECT thread_id, direction, occurred_at, id,
               lag(direction) OVER in_order IS DISTINCT FROM direction AS is_turn
        FROM seen WINDOW in_order AS (PARTITION BY thread_id ORDER BY occurred_at, id)
    ),
    answers AS (
        SELECT direction, occurred_at, occurred_at - lag(occurred_at) OVER in_order AS waited
        FROM turns WHERE is_turn
        WINDOW in_order AS (PARTITION BY thread_id ORDER BY occurred_at, id)
    )
    SELECT direction, count(*) AS answers, percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) AS median,
           ARRAY[{buckets}] AS counts
    FROM answers
    WHERE waited IS NOT NULL AND occurred_at >= %s AND occurred_at < %s
    GROUP BY direction
"""


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """How many answers there were, how long half of them took at most, and how many took how long.

    `counts` has one number for each of `BOUNDS` ("up to this, and longer than the bound before"), and one for the rest.
    """

    answers: int = 0
    median: timedelta | None = None
    counts: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)


@dataclass(frozen=True, slots=True)
class BothWays:
    """How long the team took to answer, and how long the others took to answer the team."""

    ours: AnswerTimes
    theirs: AnswerTimes


def measure_answers(
    messages: MessageQuerySet, *, since: datetime | None = None, until: datetime | None = None
) -> BothWays:
    """Return how long the answers given between `since` and `until` took, among these messages, in one query.

    Older messages than `since` belong into the set: what was answered then may have been asked before. They are read of
    the conversations alone in which something was said since.
    """
    asked = messages.filter(is_automatic=False).order_by()
    if since is not None:
        lately = asked.filter(occurred_at__gte=since, occurred_at__lt=until or _EVER[1])
        asked = asked.filter(thread__in=lately.values("thread"))
    columns = asked.values("thread_id", "direction", "occurred_at", "id")
    try:
        seen, parameters = columns.query.sql_with_params()
    except EmptyResultSet:  # nothing is shared with this viewer
        return BothWays(ours=AnswerTimes(), theirs=AnswerTimes())
    statement, bounds = answers_among(seen, since=since, until=until)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *bounds])
        return _both_ways(cursor.fetchall())


# Any: a query's parameters are of any type.
def answers_among(
    seen: str, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[str, list[Any]]:
    """Return the statement that measures the answers among what `seen` selects, and the values it takes after those.

    `seen` selects thread_id, direction, occurred_at and id of messages that were not automatic.
    """
    lower = (timedelta.min, *BOUNDS)
    upper = (*BOUNDS, timedelta.max)
    bucket = "count(*) FILTER (WHERE waited > %s AND waited <= %s)"
    statement = _ANSWERS.format(seen=seen, buckets=", ".join([bucket] * len(upper)))
    edges = [edge for pair in zip(lower, upper, strict=True) for edge in pair]
    return statement, [*edges, since or _EVER[0], until or _EVER[1]]


def read_answers(rows: Iterable[tuple[str, int, float, list[int]]]) -> BothWays:
    """Return what that statement found as part of a larger one: its rows, the median in seconds."""
    return _both_ways(
        (way, number, timedelta(seconds=wait), counts) for way, number, wait, counts in rows
    )


def _both_ways(rows: Iterable[tuple[str, int, timedelta, list[int]]]) -> BothWays:
    found = {
        way: AnswerTimes(number, median, tuple(counts)) for way, number, median, counts in rows
    }
    return BothWays(
        ours=found.get(Direction.OUTGOING, AnswerTimes()),
        theirs=found.get(Direction.INCOMING, AnswerTimes()),
    )
