"""Whether this server's clock can be relied on, judged by the provider's."""

from __future__ import annotations

from datetime import timedelta

# Tokens, limits and the times at which email is to leave go by the clock; a minute disturbs none of them.
MOST_OFF = timedelta(minutes=1)
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def is_wrong(off: timedelta) -> bool:
    """Whether a clock that is so far ahead, or behind, does harm."""
    return abs(off) > MOST_OFF


def in_words(off: timedelta) -> str:
    """Return what is wrong with the clock: "This server's clock is 12 minutes ahead of Google's."."""
    seconds = int(abs(off).total_seconds())
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), ("second", 1))
    number = seconds // size
    side = "ahead of" if off > timedelta() else "behind"
    return f"This server's clock is {number} {unit}{'' if number == 1 else 's'} {side} Google's."
