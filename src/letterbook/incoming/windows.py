"""Stretches of days, newest first, as a provider is asked about them. Days are in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_DAY = timedelta(days=1)
# Whether the moments themselves count is not documented. Asking for a second more on both sides loses none; what turns
# out to belong to the day before or after is left to it.
_MARGIN_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Window:
    """The days from `first` to `last`, both included; without a `last` all that come."""

    first: date
    last: date | None

    @property
    def is_one_day(self) -> bool:
        """Whether it cannot be halved."""
        return self.last is None or self.first == self.last

    @property
    def query(self) -> str:
        """How Gmail is asked about it."""
        after = int(start_of(self.first).timestamp()) - _MARGIN_SECONDS
        if self.last is None:
            return f"after:{after}"
        return f"after:{after} before:{int(end_of(self.last).timestamp()) + _MARGIN_SECONDS}"

    def __contains__(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)

    def halves(self) -> tuple[Window, Window]:
        """Return its newer and its older half."""
        last = self.last or self.first
        middle = self.first + (last - self.first) // 2
        return Window(middle + _DAY, last), Window(self.first, middle)


def windows_before(reached: date | None, *, today: date) -> Iterator[Window]:
    """Return what lies before `reached`: everything to come first where that is None, then month by month for ever."""
    if reached is None:
        yield Window(today + _DAY, None)
        reached = today + _DAY
    while True:
        last = reached - _DAY
        reached = last.replace(day=1)
        yield Window(reached, last)


def start_of(day: date) -> datetime:
    """Return the moment at which a day begins."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def end_of(day: date) -> datetime:
    """Return the moment at which a day is over."""
    return start_of(day) + _DAY
