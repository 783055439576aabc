"""How many emails came and went, week by week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from letterbook.insights.asked_about import WHOLE_TEAM, About, midnight, monday_before
from letterbook.insights.tallying import Tally, count
from letterbook.teams.models import Membership


@dataclass(frozen=True, slots=True)
class WeekVolume:
    """The emails of the week that begins on `monday`."""

    monday: date
    emails_in: int
    emails_out: int


def volume(
    member: Membership,
    *,
    at: datetime,
    weeks: int = 12,
    about: About = WHOLE_TEAM,
) -> tuple[WeekVolume, ...]:
    """Return each of the last weeks, oldest first and empty ones too, from what this member may see."""
    since = midnight(monday_before(at, weeks=weeks))
    return count(member, about, volume_of(at, weeks=weeks), since=since)


def volume_of(at: datetime, *, weeks: int) -> Tally[tuple[WeekVolume, ...]]:
    """Return how the emails of the last weeks are counted; raise `Invalid` for an impossible number of weeks."""
    first = monday_before(at, weeks=weeks)
    mondays = [first + timedelta(weeks=n) for n in range(weeks)]

    def read(rows: list[Mapping[str, Any]]) -> tuple[WeekVolume, ...]:
        found = {date.fromisoformat(row["monday"]): row for row in rows}
        nothing = {"emails_in": 0, "emails_out": 0}
        return tuple(_week(monday, found.get(monday, nothing)) for monday in mondays)

    values = midnight(first), midnight(first + timedelta(weeks=weeks))
    return Tally(_BY_WEEK, values, read)


def _week(monday: date, row: Mapping[str, Any]) -> WeekVolume:
    return WeekVolume(monday, row["emails_in"], row["emails_out"])


_BY_WEEK = """
    SELECT date_trunc('week', occurred_at AT TIME ZONE 'UTC')::date AS monday,
           count(*) FILTER (WHERE direction = 'in') AS emails_in,
           count(*) FILTER (WHERE direction = 'out') AS emails_out
    FROM seen WHERE occurred_at >= %s AND occurred_at < %s GROUP BY 1
"""
