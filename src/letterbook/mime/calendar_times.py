"""Times as calendar files name them: on the clock of a named zone, in UTC, or a whole day."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from letterbook.mime.characters import single_line

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?")
_DURATION = re.compile(
    r"\+?P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?"
)
_ZONE = re.compile(r"[A-Za-z_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}")


@dataclass(frozen=True, slots=True)
class CalendarTime:
    """What a clock shows at that time; `at` is the moment itself, where `zone` is one that we know."""

    clock: datetime
    at: datetime | None
    zone: str
    is_whole_day: bool


def read_calendar_time(value: str, *, zone: str) -> CalendarTime | None:
    """Return the time that a calendar file writes so, or None where it is none."""
    found = _TIME.fullmatch(value.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[number] or 0) for number in range(1, 7))
    try:
        clock = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  (a clock's face has no zone)
    except ValueError:
        return None
    if found[7]:
        return _placed(CalendarTime(clock, None, "UTC", is_whole_day=False))
    shown = single_line(zone).strip()[:80]
    return _placed(CalendarTime(clock, None, shown, is_whole_day=found[4] is None))


def later_by(time: CalendarTime, duration: str) -> CalendarTime | None:
    """Return the time that comes so long (`PT1H30M`) after another, or None where that is no duration."""
    found = _DURATION.fullmatch(duration.strip().upper())
    if found is None:
        return None
    weeks, days, hours, minutes, seconds = (int(found[n] or 0) for n in range(1, 6))
    try:
        clock = time.clock + timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
        )
    except OverflowError:
        return None
    return _placed(replace(time, clock=clock))


def _placed(time: CalendarTime) -> CalendarTime:
    """Return a time with its moment, where its zone is known."""
    if time.is_whole_day or not _ZONE.fullmatch(time.zone):
        return replace(time, at=None)
    try:
        at = time.clock.replace(tzinfo=ZoneInfo(time.zone)).astimezone(UTC)
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        # Windows has its own names of zones; the clock and the name still tell a person when.
        return replace(time, at=None)
    return replace(time, at=at)
