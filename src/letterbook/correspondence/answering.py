"""How long answers took, in both directions, within a set of messages somebody may see.

In a thread, messages of one direction in a row wait together; the first one the other way answers them, and the time is
counted from the first of those that waited. Automatic mail neither asks nor answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from letterbook.correspondence.models import Direction

BOUNDS = (
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)
_EVER = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))

# A row begins a run where the direction turns; the turn that follows in the thread is its answer.
TURNS_AND_ANSWERS = """
    turns AS (
        SELECT *, lag(direction) OVER in_order IS DISTINCT FROM direction AS is_turn
        FROM {emails} WINDOW in_order AS (PARTITION BY thread_id ORDER BY occurred_at, id)
    ),
    answers AS (
        SELECT direction, occurred_at, occurred_at - lag(occurred_at) OVER in_order AS waited,
               lead(occurred_at) OVER in_order - occurred_at AS waits{more}
        FROM turns WHERE is_turn
        WINDOW in_order AS (PARTITION BY thread_id ORDER BY occurred_at, id)
    )
"""
_MEASURED = """
    SELECT direction, count(*) AS answers,
           extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY waited)) AS median,
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


# Any: a query's parameters are of any type.
def answers_measured(
    *, since: datetime = _EVER[0], until: datetime = _EVER[1]
) -> tuple[str, list[Any]]:
    """Return the question how long the answers given between `since` and `until` took, and the values it takes.

    It is asked of `answers`, as `TURNS_AND_ANSWERS` makes it of emails that were not automatic. What was answered may
    have been asked before `since`, so older emails belong among them.
    """
    lower = (timedelta.min, *BOUNDS)
    upper = (*BOUNDS, timedelta.max)
    bucket = "count(*) FILTER (WHERE waited > %s AND waited <= %s)"
    edges = [edge for pair in zip(lower, upper, strict=True) for edge in pair]
    return _MEASURED.format(buckets=", ".join([bucket] * len(upper))), [*edges, since, until]


def read_answers(rows: Iterable[tuple[str, int, float, list[int]]]) -> BothWays:
    """Return what that question found, rows of direction, answers, median in seconds and counts."""
    found = {
        way: AnswerTimes(number, timedelta(seconds=median), tuple(counts))
        for way, number, median, counts in rows
    }
    return BothWays(
        ours=found.get(Direction.OUTGOING, AnswerTimes()),
        theirs=found.get(Direction.INCOMING, AnswerTimes()),
    )
