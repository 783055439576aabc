"""The numbers of the insights page as its charts and sentences want them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from letterbook.correspondence.answering import AnswerTimes
from letterbook.insights.busiest_hours import Hour
from letterbook.insights.volume import WeekVolume

_BUCKETS = ("up to 1 h", "1 to 4 h", "4 to 24 h", "1 to 3 d", "3 to 7 d", "longer")
_LATER_THAN_A_DAY = 3  # the first bucket of answers that took more than one day
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
# The columns of a week's hours: what comes at night is one column on each side, so that a phone can show them all.
_COLUMNS = (range(7), *(range(hour, hour + 1) for hour in range(7, 20)), range(20, 24))
HOUR_COLUMNS = ("0-6", *(str(hour) for hour in range(7, 20)), "20+")
_SHADES = 4

# Each line says at its end which it is, so that nobody needs a legend.
_LABELLED = {
    "endLabel": {"show": True, "formatter": "{a}", "color": "inherit"},
    "labelLayout": {"moveOverlap": "shiftY"},
}


@dataclass(frozen=True, slots=True)
class Cell:
    """How many emails came in these hours, and how dark that is: 0 for none, up to 4 for the busiest hour."""

    number: int
    shade: int


def answer_rows(times: AnswerTimes) -> list[tuple[str, int]]:
    """Return each bucket's words and number."""
    return list(zip(_BUCKETS, times.counts, strict=True))


def slow_share(times: AnswerTimes) -> int | None:
    """Return in percent how many answers took longer than a day; None without answers."""
    slow = sum(times.counts[_LATER_THAN_A_DAY:])
    return round(100 * slow / times.answers) if times.answers else None


def trend(volumes: Sequence[WeekVolume]) -> str:
    """Compare the whole weeks of a period (its second half) with as many before; "" where there is nothing to compare.

    The week that is not over yet, the last one, is left out.
    """
    weeks = len(volumes) // 2
    before, now = volumes[:weeks], volumes[weeks:-1]
    came = _change(sum(w.emails_in for w in before), sum(w.emails_in for w in now))
    went = _change(sum(w.emails_out for w in before), sum(w.emails_out for w in now))
    told = [f"{came} came in" if came else "", f"{went} went out" if went else ""]
    if not any(told):
        return ""
    return f"In the last {weeks} whole weeks {' and '.join(filter(None, told))}, against the {weeks} before."


def _change(before: int, now: int) -> str:
    if not before:
        return ""
    percent = round(100 * (now - before) / before)
    if not percent:
        return "as many"
    return f"{abs(percent)} % {'more' if percent > 0 else 'fewer'}"


def hour_rows(hours: Sequence[Hour]) -> list[tuple[str, list[Cell]]]:
    """Return each weekday with a cell for each of `HOUR_COLUMNS`."""
    found = {(one.weekday, one.hour): one.emails_in for one in hours}
    most = max(found.values(), default=1)
    return [
        (
            day,
            [_cell([found.get((number, hour), 0) for hour in column], most) for column in _COLUMNS],
        )
        for number, day in enumerate(_DAYS, start=1)
    ]


def _cell(numbers: list[int], most: int) -> Cell:
    return Cell(sum(numbers), ceil(_SHADES * sum(numbers) / len(numbers) / most))


def volume_chart(volumes: Sequence[WeekVolume]) -> dict[str, Any]:
    """Return ECharts' option: incoming dashed, outgoing solid, as the sentence above it says."""
    labels = [week.monday.strftime("%-d %b") for week in volumes]
    return {
        "grid": {"left": 36, "right": 88, "top": 16, "bottom": 24},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": labels, "boundaryGap": False},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "name": "Incoming",
                "type": "line",
                "data": [week.emails_in for week in volumes],
                "showSymbol": False,
                "color": "var(--color-base-content)",
                "lineStyle": {"type": "dashed", "width": 2},
                **_LABELLED,
            },
            {
                "name": "Outgoing",
                "type": "line",
                "data": [week.emails_out for week in volumes],
                "showSymbol": False,
                "color": "var(--color-primary)",
                "lineStyle": {"width": 2},
                **_LABELLED,
            },
        ],
    }
