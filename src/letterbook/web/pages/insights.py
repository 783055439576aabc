"""Patterns: how much comes and goes, and how long answers take."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.timezone import get_current_timezone_name, now
from django.views.decorators.http import require_GET

from letterbook.correspondence.answering import AnswerTimes
from letterbook.insights.advice import advice_for
from letterbook.insights.response_times import response_times
from letterbook.insights.volume import WeekVolume, volume
from letterbook.web.advice_rows import advice_rows
from letterbook.web.requests import MemberRequest, member_required, render_page

PERIODS = {"4": "4 weeks", "12": "3 months", "26": "6 months", "52": "1 year"}
BUCKETS = ("up to 1 h", "1 to 4 h", "4 to 24 h", "1 to 3 d", "3 to 7 d", "longer")
_LATER_THAN_A_DAY = 3  # the first bucket of answers that took more than one day

# Each line says at its end which it is, so that nobody needs a legend.
_LABELLED = {
    "endLabel": {"show": True, "formatter": "{a}", "color": "inherit"},
    "labelLayout": {"moveOverlap": "shiftY"},
}


@member_required
@require_GET
def insights(request: MemberRequest) -> HttpResponse:
    """Show emails per week both ways and answer times, counted from what this person may see."""
    chosen = request.GET.get("weeks", "")
    weeks = int(chosen) if chosen in PERIODS else 12
    volumes = volume(request.member, at=now(), weeks=weeks)
    answers = response_times(request.member, at=now(), weeks=weeks)
    zone = ZoneInfo(get_current_timezone_name())
    advice = advice_for(request.member, at=now(), zone=zone)
    return render_page(
        request,
        "web/insights.html",
        {
            "advice": advice_rows(advice),
            "periods": [(value, word, int(value) == weeks) for value, word in PERIODS.items()],
            "volumes": volumes,
            "total_in": sum(week.emails_in for week in volumes),
            "total_out": sum(week.emails_out for week in volumes),
            "last_week": volumes[-2] if len(volumes) > 1 else None,
            "volume_chart": _volume_chart(volumes),
            "answers": answers,
            "our_rows": _rows(answers.ours),
            "their_rows": _rows(answers.theirs),
            "slow_share": _slow_share(answers.ours),
        },
    )


def _rows(times: AnswerTimes) -> list[tuple[str, int]]:
    return list(zip(BUCKETS, times.counts, strict=True))


def _slow_share(times: AnswerTimes) -> int | None:
    """In percent, how many answers took longer than a day; None without answers."""
    slow = sum(times.counts[_LATER_THAN_A_DAY:])
    return round(100 * slow / times.answers) if times.answers else None


def _volume_chart(volumes: tuple[WeekVolume, ...]) -> dict[str, Any]:
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
