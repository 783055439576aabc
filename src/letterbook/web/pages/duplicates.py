"""Contacts that may be one person: merged after a look, or said to be two."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.contacts.duplicates import (
    REASONS,
    list_duplicates,
    say_not_the_same,
    take_back_not_the_same,
)
from letterbook.web.pages.contact import find_contact
from letterbook.web.requests import MemberRequest, member_required, render_page


@member_required
@require_GET
def duplicates(request: MemberRequest) -> HttpResponse:
    """List the pairs of contacts that may be the same, each with its reasons."""
    page = list_duplicates(request.member, cursor=request.GET.get("cursor", ""))
    pairs = [(pair, " and ".join(REASONS[one] for one in pair.reasons)) for pair in page.pairs]
    context = {"pairs": pairs, "next_cursor": page.next_cursor}
    return render_page(request, "web/duplicates.html", context, fragment="web/duplicate_rows.html")


@member_required
@require_POST
def not_the_same(request: MemberRequest, pk: UUID, other: UUID) -> HttpResponse:
    """Remember that two contacts are two people, or forget it again."""
    one, second = find_contact(request, pk), find_contact(request, other)
    if request.POST.get("again") == "yes":
        take_back_not_the_same(request.member, one, second, at=now())
        messages.success(request, f"{one} and {second} may be the same again.")
    else:
        say_not_the_same(request.member, one, second, at=now())
        messages.success(
            request, f"{one} and {second} are two people. They are not proposed again."
        )
    return redirect("duplicates")
