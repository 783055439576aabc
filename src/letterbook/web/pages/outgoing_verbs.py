"""What people do with an email that is written; each verb acts, then leads back to where it was pressed."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.outgoing import keeping_private, queueing, resolving
from letterbook.outgoing.models import Actor
from letterbook.outgoing.status import Status
from letterbook.web.pages.composer import find_writable
from letterbook.web.requests import MemberRequest, member_required
from letterbook.web.way_back import way_back


def _back(request: MemberRequest) -> HttpResponse:
    return redirect(way_back(request) or "outbox")


@require_POST
@member_required
def undo(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take an email back inside its undo time, and open it to be written on; what was retried is failed as before."""
    email = find_writable(request.member, pk)
    by = Actor.person(request.member)
    status = resolving.undo(email, by=by, member=request.member, at=now())
    if status == Status.FAILED:
        messages.success(request, "It stands under Failed again, as before. Nothing was sent.")
        return redirect(way_back(request) or "failures")
    return redirect("edit-email", pk)


@require_POST
@member_required
def cancel(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Make a queued email a draft again."""
    email = find_writable(request.member, pk)
    by = Actor.person(request.member)
    queueing.cancel(email, by=by, member=request.member, at=now(), reason="Taken back")
    messages.success(request, "It is a draft again. Nothing was sent.")
    return _back(request)


@require_POST
@member_required
def keep_private(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep an email from the team, or share it as its mailbox is."""
    is_private = bool(request.POST.get("private"))
    email = find_writable(request.member, pk)
    keeping_private.keep_private(request.member, email, is_private=is_private, at=now())
    return redirect(way_back(request) or reverse("outgoing-email", args=[pk]))


@require_POST
@member_required
def send_now(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let a waiting email go now."""
    queueing.reschedule(find_writable(request.member, pk), member=request.member, at=now())
    return _back(request)


@require_POST
@member_required
def retry(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Queue a failed email that is known not to have been sent."""
    _retry(request, pk, even_if_unconfirmed=False)
    return _back(request)


@require_POST
@member_required
def send_again(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Send an email anew of which nobody knows whether it went, because the person says so."""
    _retry(request, pk, even_if_unconfirmed=True)
    return _back(request)


def _retry(request: MemberRequest, pk: UUID, *, even_if_unconfirmed: bool) -> None:
    queueing.retry(
        find_writable(request.member, pk),
        by=Actor.person(request.member),
        member=request.member,
        at=now(),
        even_if_unconfirmed=even_if_unconfirmed,
    )


@require_POST
@member_required
def correct(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Open a copy of a failed email to be corrected; once that is queued, the failure is resolved."""
    copy = resolving.correct(request.member, find_writable(request.member, pk), at=now())
    return redirect("edit-email", copy.pk)


@require_POST
@member_required
def settle(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take the person's word that an unconfirmed email was sent."""
    queueing.resolve_as_sent(find_writable(request.member, pk), member=request.member, at=now())
    messages.success(request, "Settled: you say that it was sent.")
    return _back(request)


@require_POST
@member_required
def dismiss(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Decide that nothing more shall happen to a failed email."""
    queueing.dismiss(find_writable(request.member, pk), member=request.member, at=now())
    messages.success(request, "Left as it is. It stays under Failed.")
    return _back(request)
