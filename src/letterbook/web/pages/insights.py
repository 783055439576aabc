"""Patterns: how much comes and goes, when, and how long answers take."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.timezone import get_current_timezone, now
from django.views.decorators.http import require_GET

from letterbook.insights.overview import overview_of
from letterbook.web.advice_rows import advice_rows
from letterbook.web.insight_filters import PERIODS, read_narrowed
from letterbook.web.insight_rows import (
    HOUR_COLUMNS,
    WEEKDAYS,
    answer_rows,
    hour_rows,
    slow_share,
    trend,
    volume_chart,
)
from letterbook.web.requests import MemberRequest, member_required, render_page


@member_required
@require_GET
def insights(request: MemberRequest) -> HttpResponse:
    """Show what the emails this person may see tell, of the team or of whom or what it is narrowed to."""
    member, at = request.member, now()
    narrowed = read_narrowed(member, request.GET)
    weeks, about = narrowed.weeks, narrowed.about
    found = overview_of(member, at=at, zone=get_current_timezone(), weeks=weeks, about=about)
    volumes, answers, hours = found.volumes[-weeks:], found.answers, found.hours
    return render_page(
        request,
        "web/insights.html",
        {
            "advice": advice_rows(found.advice),
            "periods": [(value, word, int(value) == weeks) for value, word in PERIODS.items()],
            "narrowed": narrowed,
            "volumes": volumes,
            "total_in": sum(week.emails_in for week in volumes),
            "total_out": sum(week.emails_out for week in volumes),
            "trend": trend(found.volumes),
            "volume_chart": volume_chart(volumes),
            "hours": HOUR_COLUMNS,
            "hour_rows": hour_rows(hours),
            "busiest": hours[0] if hours else None,
            "busiest_day": WEEKDAYS[hours[0].weekday - 1] if hours else "",
            "answers": answers,
            "our_rows": answer_rows(answers.ours),
            "their_rows": answer_rows(answers.theirs),
            "slow_share": slow_share(answers.ours),
            "slower": found.slower,
        },
    )
