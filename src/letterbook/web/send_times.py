"""When an email may go later: the next mornings, in the writer's time and in the recipient's."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from django.utils.timezone import get_current_timezone

from letterbook.kit.refusals import Invalid

MORNING = time(8, 0)
AFTERNOON = time(14, 0)
_HALF_A_YEAR = timedelta(days=182)
# One or two of each hour, by which a recipient's clock is found without a list of six hundred.
_CITIES = (
    "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago",
    "America/New_York", "America/Halifax", "America/Sao_Paulo", "Atlantic/Azores", "Europe/London", "Europe/Lisbon",
    "Europe/Berlin", "Europe/Paris", "Europe/Athens", "Europe/Istanbul", "Africa/Johannesburg", "Africa/Nairobi",
    "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok", "Asia/Shanghai", "Asia/Singapore",
    "Asia/Tokyo", "Australia/Adelaide", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """A moment to send at with one press; `remark` is the same moment on the other clock."""

    label: str
    remark: str
    value: str


@dataclass(frozen=True, slots=True)
class Zone:
    """A clock that a chosen day and time may be meant on."""

    value: str
    label: str


def send_times(theirs: tzinfo | None, *, at: datetime) -> dict[str, Any]:
    """Return what the menu for sending later offers, given the recipient's clock."""
    mine = get_current_timezone()
    other = None if theirs is None or _is_one_clock(mine, theirs, at=at) else theirs
    return {
        "presets": _presets(mine, other, at=at),
        "zones": _zones(other),
        "zone": str(mine),
        "their_now": at.astimezone(other) if other else None,
    }


def _is_one_clock(mine: tzinfo, theirs: tzinfo, *, at: datetime) -> bool:
    """Whether two clocks show the same now and, where both are known to change, in half a year, too."""
    moments = [at] if isinstance(theirs, timezone) else [at, at + _HALF_A_YEAR]
    return all(
        one.astimezone(mine).utcoffset() == one.astimezone(theirs).utcoffset() for one in moments
    )


def _presets(mine: tzinfo, other: tzinfo | None, *, at: datetime) -> list[Preset]:
    found = [
        Preset(label, _on(other, moment, "theirs"), f"{moment:%Y-%m-%dT%H:%M}")
        for label, moment in _mornings(at.astimezone(mine), with_today=True)
    ]
    if other is not None:
        label, moment = _mornings(at.astimezone(other), with_today=False)[0]
        found.append(
            Preset(
                f"{label} for them", _on(mine, moment, "yours"), moment.isoformat("T", "minutes")
            )
        )
    return found


def _mornings(here: datetime, *, with_today: bool) -> list[tuple[str, datetime]]:
    tomorrow = _day(here, 1, MORNING)
    monday = _day(here, 7 - here.weekday(), MORNING)
    found = [("Tomorrow 08:00", tomorrow)]
    if with_today and here.time() < time(12, 30):
        found.insert(0, ("This afternoon 14:00", _day(here, 0, AFTERNOON)))
    if monday.date() != tomorrow.date():
        found.append(("Monday 08:00", monday))
    return found


def _day(here: datetime, days: int, clock: time) -> datetime:
    return datetime.combine(here.date() + timedelta(days=days), clock, tzinfo=here.tzinfo)


def _on(zone: tzinfo | None, moment: datetime, whose: str) -> str:
    return f"{moment.astimezone(zone):%a %H:%M} {whose}" if zone else ""


def _zones(other: tzinfo | None) -> list[Zone]:
    own = str(get_current_timezone())
    first = [Zone("", f"your time, {_place(own)}")]
    if other is not None:
        first.append(Zone(str(other), f"their time, {_place(str(other))}"))
    named = {own, str(other)}
    return first + [Zone(name, _place(name)) for name in _CITIES if name not in named]


def _place(name: str) -> str:
    return name.rpartition("/")[2].replace("_", " ")


def read_send_at(asked: str, *, zone: str, at: datetime) -> datetime:
    """Return the chosen moment, on the chosen clock; raise `Invalid` for none, one that is past, or that never comes.

    Of an hour that comes twice, where clocks are put back, the first is meant.
    """
    try:
        chosen = datetime.fromisoformat(asked)
        meant = chosen.replace(tzinfo=_zone(zone)) if chosen.tzinfo is None else chosen
        moment = meant.astimezone(UTC)
        shown = moment.astimezone(meant.tzinfo)
    except (ValueError, OverflowError) as error:
        raise Invalid("Choose a day and a time.", field="send_at") from error
    if shown.replace(tzinfo=None) != meant.replace(tzinfo=None):
        raise Invalid(
            f"The clocks are put forward then: {meant:%H:%M} never comes on that day. Choose another time.",
            field="send_at",
        )
    if moment <= at:
        raise Invalid("That moment is past. Choose a later one, or press Send.", field="send_at")
    return moment


def _zone(name: str) -> tzinfo:
    """Return the zone of a name, of UTC+02:00, or the person's own."""
    if not name:
        return get_current_timezone()
    if name.startswith("UTC"):
        offset = datetime.strptime(name.removeprefix("UTC") or "+00:00", "%z").tzinfo
        return offset or UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError) as unknown:
        raise ValueError(name) from unknown
