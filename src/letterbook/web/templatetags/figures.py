"""How counts, shares, sizes and people are written."""

from __future__ import annotations

import math
import re

from letterbook.outgoing.reading import MOST_COUNTED

_UNITS = ("KB", "MB", "GB", "TB")


def thousands(count: int) -> str:
    """Return a count as 12,408."""
    return f"{count:,}"


def counted(count: int) -> str:
    """Return a count that was not counted further than a thousand: 999, 1,000+."""
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else thousands(count)


def file_size(size: int) -> str:
    """Return a number of bytes as 512 B, 480 KB or 2.1 MB, as mail programs count: 1 KB is 1,000 bytes."""
    if size < 1000:
        return f"{size} B"
    amount = size / 1000
    for unit in _UNITS:
        shown = f"{amount:.0f}" if unit == "KB" else f"{amount:.1f}"
        if float(shown) < 1000 or unit == _UNITS[-1]:
            return f"{shown} {unit}"
        amount /= 1000
    raise AssertionError("the last unit takes any size")


def share(part: int, whole: int) -> str:
    """Return a part of a whole in percent, as 99.8: rounded down, so that 100 means all; an empty whole is all."""
    if part >= whole:
        return "100"
    return f"{math.floor(part * 1000 / whole) / 10:.1f}"


def meter_share(part: int, whole: int) -> int:
    """Return a part of a whole in whole percent for drawing: rounded down, but what is there is seen."""
    if part <= 0 or whole <= 0:
        return 0
    return min(100, max(1, part * 100 // whole))


def initials(name: str) -> str:
    """Return the two letters that stand for a person: of a name, or of an email address."""
    words = [word for word in re.split(r"[\s._+-]+", name.partition("@")[0]) if word[:1].isalnum()]
    letters = words[0][0] + words[-1][0] if len(words) > 1 else "".join(words)[:2]
    return letters.upper() or "?"
