"""How a moment or a span of time is written for a person, in the time zone that is active.

By Python's own formats: Django's `date` takes many times as long, and a page has a hundred moments on it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone

# Seconds of each unit, largest first, with the words that follow its count in "2 days ago".
_SPANS = (
    (365 * 86400, "year", "years"),
    (60 * 86400, "month", "months"),
    (86400, "day", "days"),
    (3600, "h", "h"),
    (60, "min", "min"),
    (1, "s", "s"),
)
_MONTH = 30 * 86400
# Above this many hours the minutes tell nobody anything.
_HOURS_WITHOUT_MINUTES = 4


def time_of_day(moment: datetime) -> str:
    """Return the time as 08:12."""
    return f"{timezone.localtime(moment):%H:%M}"


def date_and_time(moment: datetime) -> str:
    """Return a moment in full, as 4 Mar 2024, 08:12."""
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M}"


def for_machines(moment: datetime) -> str:
    """Return a moment as the `datetime` of a <time> has it."""
    return moment.isoformat()


def day_heading(moment: datetime, *, at: datetime) -> str:
    """Return "Today, 17 November", "Yesterday, …", "Tomorrow, …" or "Sunday, 15 November", with another year."""
    day, today = timezone.localtime(moment), timezone.localtime(at)
    near = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}
    name = near.get((day.date() - today.date()).days) or f"{day:%A}"
    date = f"{day:%-d %B}" if day.year == today.year else f"{day:%-d %B %Y}"
    return f"{name}, {date}"


def short_when(moment: datetime, *, at: datetime) -> str:
    """Return 08:12 for today, Sun 05:38 within six days, 12 Oct within the year, 12 Oct 2024 otherwise."""
    when, today = timezone.localtime(moment), timezone.localtime(at)
    days = (when.date() - today.date()).days
    if days == 0:
        return f"{when:%H:%M}"
    if days == 1:
        return f"Tomorrow {when:%H:%M}"
    if abs(days) < 7:
        return f"{when:%a %H:%M}"
    return f"{when:%-d %b}" if when.year == today.year else f"{when:%-d %b %Y}"


def ago(moment: datetime, *, at: datetime) -> str:
    """Return "2 min ago", "2 days ago", or for what is to come "in 4 min"."""
    seconds = int((at - moment).total_seconds())
    if abs(seconds) < 1:
        return "now"
    words = _largest_unit(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"


def _largest_unit(seconds: int) -> str:
    for size, one, many in _SPANS:
        if seconds >= size:
            # A month is counted from 30 days, but spoken of from the second one only.
            count = seconds // (_MONTH if one == "month" else size)
            return f"{count} {one if count == 1 else many}"
    raise ValueError("A span shorter than a second has no unit.")


def duration(span: timedelta | float, *, precision: Literal["", "fine"] = "") -> str:
    """Return a span, or its seconds, in at most two units: 48 s, 14 min, 3 h 40 min, 7 h, 1 d 13 h.

    From four hours on the minutes are rounded away, unless the precision is "fine".
    """
    seconds = round(span.total_seconds() if isinstance(span, timedelta) else span)
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < (24 if precision else _HOURS_WITHOUT_MINUTES) * 60:
        return _two_units(*divmod(minutes, 60), "h", "min")
    hours = round(seconds / 3600)
    if hours < 24:
        return f"{hours} h"
    return _two_units(*divmod(hours, 24), "d", "h")


def _two_units(large: int, small: int, large_unit: str, small_unit: str) -> str:
    return f"{large} {large_unit}" + (f" {small} {small_unit}" if small else "")


def seconds_until(moment: datetime, *, at: datetime) -> int:
    """Return how many whole seconds are left until a moment, rounded up, and 0 when it is past."""
    return max(0, -int((at - moment).total_seconds() // 1))
