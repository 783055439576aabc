"""When an email is most often answered within a day, by the hour at which it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from letterbook.insights.tallying import Tally

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


def best_hour_of(at: datetime, *, zone: tzinfo) -> Tally[BestHour | None]:
    """Return how the hour is found whose emails are answered soonest; None where no hour stands out.

    Counted are the emails that begin our turn in a conversation; automatic mail neither asks nor answers.
    """
    values = str(zone), _SOON, at - _SOON, at - _LOOKING_BACK
    return Tally(
        _BY_HOUR,
        values,
        lambda rows: _best([(row["hour"], row["emails"], row["answered"]) for row in rows]),
    )


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
    SELECT extract(hour FROM occurred_at AT TIME ZONE %s)::int AS hour, count(*) AS emails,
           count(*) FILTER (WHERE waits <= %s) AS answered
    FROM answers WHERE direction = 'out' AND occurred_at < %s AND occurred_at >= %s GROUP BY 1 ORDER BY 1
"""
