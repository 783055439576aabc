"""Erasing a person, seen before it is done, and the legal hold that forbids it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.contacts.holding import hold_contact, release_contact
from letterbook.kit.refusals import Invalid
from letterbook.outgoing.erasing import erase_contact, preview_erasure
from letterbook.web.pages.contact import find_contact
from letterbook.web.requests import MemberRequest, member_required, render_page


@member_required
def erase(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what erasing this person takes and what stays; a POST that says so erases them."""
    contact = find_contact(request, pk)
    if request.method != "POST":
        return _show(request, pk)
    if request.POST.get("sure") != "yes":
        return _show(request, pk, problem="Say that you are sure: nothing brings it back.")
    name = str(contact)
    erase_contact(request.member, contact, at=now())
    messages.success(
        request, f"{name} is erased. Nothing brings them back unless somebody confirms it."
    )
    return redirect("contacts")


@member_required
@require_POST
def hold(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Forbid that anything of this contact is deleted."""
    contact, reason = find_contact(request, pk), request.POST.get("reason", "")
    try:
        hold_contact(request.member, contact, reason=reason, at=now())
    except Invalid as refused:
        return _show(request, pk, reason=reason, reason_problem=str(refused))
    messages.success(request, f"{contact} is under legal hold.")
    return redirect("erase-contact", pk)


@member_required
@require_POST
def release(request: MemberRequest, pk: UUID) -> HttpResponse:
    """End the legal hold."""
    contact = release_contact(request.member, find_contact(request, pk), at=now())
    messages.success(request, f"{contact} is no longer under legal hold.")
    return redirect("erase-contact", pk)


def _show(
    request: MemberRequest,
    pk: UUID,
    *,
    problem: str = "",
    reason: str = "",
    reason_problem: str = "",
) -> HttpResponse:
    contact, may = find_contact(request, pk), request.member.may_administer
    context = {
        "contact": contact,
        "may": may,
        "preview": None if contact.held_at or not may else preview_erasure(request.member, contact),
        "problem": problem,
        "reason": reason,
        "reason_problem": reason_problem,
    }
    status = 422 if problem or reason_problem else 200
    return render_page(request, "web/erase.html", context, status=status)
