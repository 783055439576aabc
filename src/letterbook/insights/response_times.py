"""How long answers take, ours and theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from letterbook.correspondence.answering import BothWays, answers_measured, read_answers
from letterbook.insights.asked_about import WHOLE_TEAM, About, midnight, monday_before
from letterbook.insights.tallying import Tally, count, read_since
from letterbook.teams.models import Membership


def response_times(
    member: Membership,
    *,
    at: datetime,
    weeks: int = 12,
    about: About = WHOLE_TEAM,
) -> BothWays:
    """Return the median and the spread of the answers given in the last weeks, from what this member may see.

    What was asked longer ago than `read_since` says is not counted as answered now.
    """
    since = read_since(at, weeks=weeks)
    return count(member, about, answers_of(at, weeks=weeks), since=since)


def answers_of(at: datetime, *, weeks: int) -> Tally[BothWays]:
    """Return how the answers of the last weeks are measured; raise `Invalid` for an impossible number of weeks."""
    first = monday_before(at, weeks=weeks)
    until = midnight(first + timedelta(weeks=weeks))
    select, values = answers_measured(since=midnight(first), until=until)
    return Tally(
        select,
        tuple(values),
        lambda rows: read_answers(
            (row["direction"], row["answers"], row["median"], row["counts"]) for row in rows
        ),
    )
