"""When people write: mostly on working days between eight and half past six."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_OPENS, _CLOSES = time(8, 5), time(18, 30)


def not_before(at: datetime, chance: random.Random) -> datetime:
    """Return `at`, or a moment of the next working morning when it falls outside working hours."""
    local = at.astimezone(LONDON)
    if _is_working(local):
        return at
    if local.time() > _OPENS or local.weekday() >= 5:
        local = _morning(local + timedelta(days=1))
    while local.weekday() >= 5:
        local += timedelta(days=1)
    return (_morning(local) + _minutes(chance)).astimezone(at.tzinfo)


def not_after(at: datetime, chance: random.Random) -> datetime:
    """Return `at`, or a moment of the last working afternoon before it."""
    local = at.astimezone(LONDON)
    if _is_working(local):
        return at
    if local.time() < _OPENS or local.weekday() >= 5:
        local -= timedelta(days=1)
    while local.weekday() >= 5:
        local -= timedelta(days=1)
    evening = local.replace(hour=_CLOSES.hour, minute=0, second=chance.randrange(60))
    return (evening - _minutes(chance)).astimezone(at.tzinfo)


def _is_working(local: datetime) -> bool:
    return local.weekday() < 5 and _OPENS <= local.time() <= _CLOSES


def _morning(local: datetime) -> datetime:
    return local.replace(hour=_OPENS.hour, minute=_OPENS.minute, second=0, microsecond=0)


def _minutes(chance: random.Random) -> timedelta:
    return timedelta(minutes=chance.randrange(0, 150), seconds=chance.randrange(60))
