"""The ways into a long history by time: its last months, its years, its beginning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.dateformat import format as format_date
from django.utils.timezone import localdate

_MONTHS = 3
_MOST_YEARS = 4


@dataclass(frozen=True, slots=True)
class Jump:
    """A link into the history: it leads to the last lines of `day` and before."""

    label: str
    day: str


def jumps(first_at: datetime | None, *, at: datetime) -> list[Jump]:
    """Return where one can go in a history that began then; none where a page or two show all of it."""
    today = localdate(at)
    first = localdate(first_at) if first_at else today
    if today - first < timedelta(days=60):
        return []
    return [*_months(today, first), *_years(today, first), Jump("First", first.isoformat())]


def _months(today: date, first: date) -> list[Jump]:
    """The ends of the months before this one."""
    ends, month = [], today.replace(day=1)
    for _ in range(_MONTHS):
        end = month - timedelta(days=1)
        if end >= first:
            ends.append(Jump(format_date(end, "M"), end.isoformat()))
        month = end.replace(day=1)
    return ends


def _years(today: date, first: date) -> list[Jump]:
    years = range(today.year - 1, first.year - 1, -1)
    return [Jump(str(year), date(year, 12, 31).isoformat()) for year in years[:_MOST_YEARS]]
