"""Filling a script's words: choices, names, dates and sums."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{([A-Za-z_]+)(?:\+(\d+))?\}")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one thread. Dates count working days from its first email, so that all its emails agree."""

    words: Mapping[str, str]
    begins_on: date
    chance: random.Random

    def fill(self, text: str) -> str:
        """Return the text with every choice made and every slot filled; raise KeyError for an unknown slot."""
        chosen = _CHOICE.sub(lambda found: self.chance.choice(found[1].split("|")), text)
        return _SLOT.sub(self._value, chosen)

    def _value(self, found: re.Match[str]) -> str:
        name, number = found[1], int(found[2] or 0)
        lowered = name[0].lower() + name[1:]
        value = self._dated(lowered, number) or self.words[lowered]
        return value if name == lowered else value[0].upper() + value[1:]

    def _dated(self, name: str, working_days: int) -> str:
        if name not in {"day", "weekday", "date", "month"}:
            return ""
        at = add_working_days(self.begins_on, working_days)
        return {
            "day": f"{at:%A} {at.day} {at:%B}",
            "weekday": f"{at:%A}",
            "date": f"{at.day} {at:%B}",
            "month": f"{at:%B}",
        }[name]


def add_working_days(day: date, count: int) -> date:
    """Return the working day so many working days later."""
    while count > 0 or day.weekday() >= 5:
        day += timedelta(days=1)
        if day.weekday() < 5 and count > 0:
            count -= 1
    return day


def draw_figures(chance: random.Random) -> dict[str, str]:
    """Return the numbers of one thread: a price and its parts, an order, an invoice, a time."""
    unit = chance.randrange(38, 210) * 10
    extra = chance.randrange(6, 40) * 5
    return {
        "sum": f"£{unit:,}",
        "extra": f"£{extra:,}",
        "total": f"£{unit + extra:,}",
        "vat": f"£{(unit + extra) * 0.2:,.2f}",
        "po": str(chance.randrange(4100, 4990)),
        "inv": f"HR-{chance.randrange(1180, 1460)}",
        "time": chance.choice(["9:30", "10:00", "10:30", "11:15", "14:00", "14:30", "15:45"]),
        "few": chance.choice(["two", "three", "four"]),
        "percent": chance.choice(["5", "8", "10", "12"]),
        "mm": chance.choice(["3", "4", "5", "8", "12"]),
    }
