"""When email comes in: how many on which day of the week, at which hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db.models import Count
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay

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
    first = monday_before(at, weeks=weeks)
    counted = (
        messages_about(member, about)
        .filter(
            direction=Direction.INCOMING,
            is_automatic=False,
            occurred_at__gte=midnight(first),
            occurred_at__lt=midnight(first + timedelta(weeks=weeks)),
        )
        .annotate(
            weekday=ExtractIsoWeekDay("occurred_at", tzinfo=zone),
            hour=ExtractHour("occurred_at", tzinfo=zone),
        )
        .order_by()
        .values("weekday", "hour")
        .annotate(emails_in=Count("pk"))
        .order_by("-emails_in", "weekday", "hour")
    )
    return tuple(Hour(**row) for row in counted)
