"""When email comes in: how many on which day of the week, at which hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from letterbook.insights.asked_about import WHOLE_TEAM, About, midnight, monday_before
from letterbook.insights.tallying import Tally, count
from letterbook.teams.models import Membership


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour (0 to 23) of a weekday (1 is Monday), and how many emails came in it."""

    weekday: int
    hour: int
    emails_in: int

    @property
    def until(self) -> int:
        """The hour at which it ends."""
        return (self.hour + 1) % 24


def busiest_hours(
    member: Membership,
    *,
    at: datetime,
    zone: tzinfo,
    weeks: int = 12,
    about: About = WHOLE_TEAM,
) -> tuple[Hour, ...]:
    """Return the hours of the asked zone's week in which email came during the last weeks, the busiest first.

    Counted is what this member may know of, without automatic mail: that keeps its own hours.
    """
    since = midnight(monday_before(at, weeks=weeks))
    return count(member, about, hours_of(at, zone=zone, weeks=weeks), since=since)


def hours_of(at: datetime, *, zone: tzinfo, weeks: int) -> Tally[tuple[Hour, ...]]:
    """Return how the hours of the last weeks are counted; raise `Invalid` for an impossible number of weeks."""
    first = monday_before(at, weeks=weeks)
    until = midnight(first + timedelta(weeks=weeks))
    values = str(zone), str(zone), midnight(first), until
    return Tally(_BY_HOUR, values, lambda rows: tuple(Hour(**row) for row in rows))


_BY_HOUR = """
    SELECT extract(isodow FROM occurred_at AT TIME ZONE %s)::int AS weekday,
           extract(hour FROM occurred_at AT TIME ZONE %s)::int AS hour, count(*) AS emails_in
    FROM seen
    WHERE direction = 'in' AND NOT is_automatic AND occurred_at >= %s AND occurred_at < %s
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""
