"""How many emails came and went, week by week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncWeek

from letterbook.correspondence.models import Direction
from letterbook.insights.asked_about import (
    WHOLE_TEAM,
    About,
    messages_about,
    midnight,
    monday_before,
)
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
    first = monday_before(at, weeks=weeks)
    last = first + timedelta(weeks=weeks)
    counted = (
        messages_about(member, about)
        .filter(occurred_at__gte=midnight(first), occurred_at__lt=midnight(last))
        .annotate(week=TruncWeek("occurred_at", tzinfo=UTC))
        .order_by()
        .values("week")
        .annotate(
            emails_in=Count("pk", filter=Q(direction=Direction.INCOMING)),
            emails_out=Count("pk", filter=Q(direction=Direction.OUTGOING)),
        )
    )
    found = {row["week"].date(): (row["emails_in"], row["emails_out"]) for row in counted}
    mondays = (first + timedelta(weeks=n) for n in range(weeks))
    return tuple(WeekVolume(monday, *found.get(monday, (0, 0))) for monday in mondays)
