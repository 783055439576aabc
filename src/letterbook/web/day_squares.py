"""One square a day: the calendar of a mailbox's coverage, as it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from letterbook.incoming.coverage_days import Stretch

WEEKS = 16
STEP = 19
_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Square:
    """A day: where it is drawn, how dark, and what stands in its tip."""

    x: int
    y: int
    opacity: str
    tip: str
    is_gap: bool


@dataclass(frozen=True, slots=True)
class MonthName:
    """The name of a month under the first week that begins in it."""

    x: int
    name: str


def first_day(today: date) -> date:
    """Return the Monday on which the calendar begins."""
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(weeks=WEEKS - 1)


def draw_days(days: Sequence[Stretch], *, today: date) -> list[Square]:
    """Return a square for each day of the calendar up to today; the busiest day is the darkest."""
    known = {one.first: one for one in days}
    most = max((one.fates.known for one in days), default=0)
    first = first_day(today)
    return [
        _square(first + timedelta(days=number), number, known, most)
        for number in range((today - first).days + 1)
    ]


def month_names(today: date) -> list[MonthName]:
    """Return where the names of the months stand."""
    weeks = [first_day(today) + timedelta(weeks=week) for week in range(WEEKS)]
    return [
        MonthName(index * STEP, f"{monday:%b}")
        for index, monday in enumerate(weeks)
        if monday.day <= _DAYS_A_WEEK and index < WEEKS - 1
    ]


def _square(day: date, number: int, known: Mapping[date, Stretch], most: int) -> Square:
    week, weekday = divmod(number, _DAYS_A_WEEK)
    found = known.get(day)
    total = found.fates.known if found else 0
    opacity = 0.12 if not total else 0.3 + 0.7 * total / most
    return Square(
        x=week * STEP,
        y=weekday * STEP,
        opacity=f"{opacity:.2f}",
        tip=f"{day:%a} {day.day} {day:%b}: {_in_words(found)}",
        is_gap=found is not None and found.word in {"lacking", "waiting", "unreadable"},
    )


def _in_words(stretch: Stretch | None) -> str:
    if stretch is None:
        return "no mail"
    fates = stretch.fates
    numbers = (
        (fates.stored, "stored"),
        (fates.left_out, "left out"),
        (fates.waiting, "waiting"),
        (fates.quarantined, "unreadable"),
        (stretch.lacking, "missing here"),
    )
    return ", ".join(f"{number:,} {word}" for number, word in numbers if number) or "no mail"
