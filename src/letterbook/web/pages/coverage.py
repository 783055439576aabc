"""What Gmail has of each day against what became of it here; having it compared; why an email is here or not."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.incoming.checks import request_check
from letterbook.incoming.coverage import coverage_of
from letterbook.incoming.coverage_days import (
    coverage_by_day,
    coverage_by_month,
    fates_without_a_day,
    last_checks,
)
from letterbook.incoming.explaining import MOST, explain
from letterbook.mailboxes.models import Mailbox
from letterbook.web.day_squares import draw_days, first_day, month_names
from letterbook.web.requests import MemberRequest, member_required, render_page


def find_own(request: MemberRequest, pk: UUID) -> Mailbox:
    """Return one of the person's own mailboxes; what is in others is not theirs to know."""
    mine = Mailbox.objects.visible_to(request.member).filter(owner_id=request.member.user_id)
    return get_object_or_404(mine, pk=pk)


@member_required
@require_GET
def coverage(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show a mailbox day by day: sixteen weeks as squares, all months as a list, one month by its days."""
    mailbox, today = find_own(request, pk), now().astimezone(UTC).date()
    lately = coverage_by_day(mailbox, since=first_day(today), until=today + timedelta(days=1))
    month = _chosen_month(request.GET.get("month", ""))
    context = {
        "mailbox": mailbox,
        "totals": coverage_of([mailbox])[mailbox.pk],
        "squares": draw_days(lately, today=today),
        "month_names": month_names(today),
        "gaps": [one for one in lately if one.word in {"lacking", "waiting", "unreadable"}],
        "months": coverage_by_month(mailbox),
        "month": month,
        "days": coverage_by_day(mailbox, since=month, until=_last_of(month)) if month else [],
        "dayless": fates_without_a_day(mailbox),
        "checks": last_checks(mailbox),
    }
    return render_page(request, "web/coverage.html", context, fragment="web/coverage_parts.html")


def _chosen_month(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Http404 from error


def _last_of(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


@member_required
@require_POST
def check(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Have the ledger compared with what Gmail lists; what is missing is fetched."""
    request_check(find_own(request, pk), at=now())
    messages.success(
        request, "Gmail is being asked day by day. What is missing here is fetched by itself."
    )
    return redirect("coverage", pk)


@member_required
@require_GET
def why(request: MemberRequest) -> HttpResponse:
    """Say why an email is here, or is not."""
    q = request.GET.get("q", "").replace("\0", "").strip()[:1000]
    look_up = explain(request.member, q, clock=now) if q else None
    return render_page(
        request,
        "web/why.html",
        {"q": q, "look_up": look_up, "most": MOST},
        fragment="web/why_found.html",
    )
