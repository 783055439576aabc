"""Who may see what of a mailbox: asked, let in, shared otherwise, hidden by a label, and who read it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.correspondence.opened import list_opened
from letterbook.correspondence.sharing.admitting import admissions_to
from letterbook.correspondence.sharing.asking import requests_to_answer
from letterbook.correspondence.sharing.choosing import (
    choices_for,
    forget_choice,
    hide_labels,
    hiding_labels_of,
)
from letterbook.correspondence.sharing.glass import break_glass
from letterbook.mailboxes.labelling import labels_of
from letterbook.mailboxes.models import Mailbox
from letterbook.web.pages.coverage import find_own
from letterbook.web.requests import MemberRequest, member_required, render_page


@require_GET
@member_required
def who_may_see(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show its owner who may see what of a mailbox, and who read it."""
    mailbox, member = find_own(request, pk), request.member
    hiding = hiding_labels_of(mailbox)
    context = {
        "mailbox": mailbox,
        "requests": [one for one in requests_to_answer(member) if one.mailbox_id == pk],
        "admissions": admissions_to(member, mailbox),
        "choices": choices_for(member, mailbox),
        "labels": [(one, name, one in hiding) for one, name in labels_of(mailbox).items()],
        "opened": list_opened(member, mailbox, cursor=request.GET.get("cursor", "")),
    }
    return render_page(request, "web/sharing/who_may_see.html", context)


@require_POST
@member_required
def choose_labels(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Choose the labels whose mail nobody else sees."""
    hide_labels(
        request.member, find_own(request, pk), labels=request.POST.getlist("label"), at=now()
    )
    messages.success(request, "Saved. It holds at once, for old mail too.")
    return redirect("who-may-see", pk)


@require_POST
@member_required
def share_as_usual(request: MemberRequest, pk: UUID, number: int) -> HttpResponse:
    """Share as the mailbox is what was shared otherwise."""
    forget_choice(request.member, find_own(request, pk), number=number, at=now())
    messages.success(request, "It is shared as your mailbox is now.")
    return redirect("who-may-see", pk)


@require_POST
@member_required
def break_open(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let an owner or admin of the team read a team-mate's mailbox for a day."""
    found = get_object_or_404(Mailbox.objects.visible_to(request.member), pk=pk)
    reason = request.POST.get("reason", "")
    break_glass(request.member, found, reason=reason, at=now())
    messages.warning(request, f"{found} is open to you for 24 hours. {found.owner} was told.")
    return redirect("mailbox", pk)
