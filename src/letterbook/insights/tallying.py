"""Reading the emails that somebody may see once, and counting in them all that is asked for.

What a count costs is the reading: PostgreSQL looks at the copies of each email, behind both walls. All of it is in two
indexes, so that no email itself is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection

from letterbook.correspondence.answering import TURNS_AND_ANSWERS
from letterbook.insights.asked_about import About, messages_about, midnight, monday_before
from letterbook.teams.models import Membership

_YEAR = timedelta(days=365)
_LONGEST_WAIT = timedelta(weeks=13)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Tally(Generic[Found]):
    """One thing to count: a SELECT over `seen` (the emails) or `answers`, and what its rows say.

    `values` are of any type, as are the cells of a row.
    """

    select: str
    values: tuple[Any, ...]
    read: Callable[[list[Mapping[str, Any]]], Found]


def year_before(at: datetime) -> datetime:
    """Return since when emails are read where no weeks are asked for."""
    return at - _YEAR


def read_since(at: datetime, *, weeks: int) -> datetime:
    """Return since when emails are read for the answers of the last weeks, and of as many before; raise `Invalid`.

    An answer counts where its question is among these, which go back a year at least, and a quarter before all weeks.
    """
    before = midnight(monday_before(at, weeks=weeks)) - timedelta(weeks=weeks)
    return min(before - _LONGEST_WAIT, year_before(at))


def count(member: Membership, about: About, tally: Tally[Found], *, since: datetime) -> Found:
    """Return what a tally finds among the emails since then that this member may see."""
    found: Found
    [found] = count_together(member, about, tally, since=since)
    return found


def count_together(
    member: Membership, about: About, *tallies: Tally[Any], since: datetime
) -> tuple[Any, ...]:
    """Return what each tally finds, of all of them in one reading."""
    seen = messages_about(member, about).filter(occurred_at__gte=since).order_by()
    columns = "id", "thread_id", "direction", "occurred_at", "from_address", "is_automatic"
    try:
        emails, values = seen.values_list(*columns).query.sql_with_params()
    except EmptyResultSet:  # nothing is shared with this viewer
        return tuple(one.read([]) for one in tallies)
    counted = ", ".join(_ROWS.format(select=one.select) for one in tallies)
    statement = _READ_ONCE.format(
        columns=", ".join(columns), emails=emails, turns_and_answers=_ANSWERS, counted=counted
    )
    given = [*values, *(value for one in tallies for value in one.values)]
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows = cursor.fetchone()
    return tuple(one.read(found or []) for one, found in zip(tallies, rows, strict=True))


_ANSWERS = TURNS_AND_ANSWERS.format(
    emails="asking", more=", lag(from_address) OVER in_order AS asked_by"
)
_ROWS = "(SELECT json_agg(row) FROM ({select}) row)"
_READ_ONCE = """
    WITH seen ({columns}) AS MATERIALIZED ({emails}),
    asking AS (SELECT * FROM seen WHERE NOT is_automatic),
    {turns_and_answers}
    SELECT {counted}
"""
