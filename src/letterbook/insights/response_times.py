"""How long answers take, ours and theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from letterbook.correspondence.answering import BothWays, measure_answers
from letterbook.insights.asked_about import (
    WHOLE_TEAM,
    About,
    messages_about,
    midnight,
    monday_before,
)
from letterbook.teams.models import Membership


def response_times(
    member: Membership,
    *,
    at: datetime,
    weeks: int = 12,
    about: About = WHOLE_TEAM,
) -> BothWays:
    """Return the median and the spread of the answers given in the last weeks, from what this member may see."""
    first = monday_before(at, weeks=weeks)
    return measure_answers(
        messages_about(member, about),
        since=midnight(first),
        until=midnight(first + timedelta(weeks=weeks)),
    )
