"""Writing an email: the page, and keeping what was typed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from letterbook.correspondence.conversations import find_message
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.outgoing.drafts import create_draft, edit_draft
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership
from letterbook.web.composing import composer_context
from letterbook.web.once import create_once
from letterbook.web.pressing import do_pressed, pressed_version
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.senders import mailbox_of
from letterbook.web.typed import Typed, blank, read_typed, typed_of
from letterbook.web.way_back import way_back
from letterbook.web.weighing import Weighing

PAGE = "web/composer/page.html"


@require_http_methods(["GET", "POST"])
@member_required
def write(request: MemberRequest) -> HttpResponse:
    """Show an empty composer, or keep what was written in it and do what was pressed."""
    if request.method == "POST":
        return _keep_new(request)
    if answered := request.GET.get("answer", ""):
        return _lead_to_answering(request, answered)
    typed = blank(request.member, to=request.GET.get("to", ""))
    return _show(request, None, typed, back=way_back(request))


def _lead_to_answering(request: MemberRequest, answered: str) -> HttpResponse:
    """Show the email that is to be answered: its answer is written under it."""
    try:
        message = find_message(request.member, UUID(answered))
    except ValueError as error:
        raise NotFound("There is no such email.") from error
    return redirect(f"{reverse('conversation', args=[message.thread_id])}#reply")


def _keep_new(request: MemberRequest) -> HttpResponse:
    typed = read_typed(request)
    try:
        email = create_once(request, typed.key, lambda: create_from(request.member, typed))
    except (Invalid, NotAllowed) as refused:
        return _show(request, None, typed, refused=refused)
    # A form that was kept already (a double click, the autosave beside it) comes here a second time.
    if email.status != Status.DRAFT:
        return redirect(typed.back or "outbox")
    again = typed if typed.version else typed.with_version(email.version)
    return _keep(request, email, again)


def create_from(member: Membership, typed: Typed) -> OutgoingEmail:
    """Create the draft of what was typed."""
    mailbox = mailbox_of(member, typed.sender)
    return create_draft(member, mailbox=mailbox, text=typed.text, at=now())


@require_http_methods(["GET", "POST"])
@member_required
def edit_email(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show a draft to be written on, or keep it and do what was pressed."""
    email = find_writable(request.member, pk)
    if email.status != Status.DRAFT:
        return redirect("outgoing-email", pk)
    if request.method == "POST":
        return _keep(request, email, read_typed(request))
    return _show(request, email, typed_of(email), back=way_back(request))


def find_writable(member: Membership, pk: UUID) -> OutgoingEmail:
    """Return an email this person may change, or raise `NotFound`."""
    emails = OutgoingEmail.objects.writable_by(member).select_related("mailbox__owner", "answers")
    found = emails.prefetch_related("recipients").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such email.", way_out="Perhaps its draft was discarded.")
    return found


def _keep(request: MemberRequest, email: OutgoingEmail, typed: Typed) -> HttpResponse:
    typed = typed.with_version(pressed_version(request) or typed.version)
    try:
        kept = _kept(request, email, typed)
        done = do_pressed(request, kept, typed)
    except (Invalid, Conflict, NotAllowed) as refused:
        email = find_writable(request.member, email.pk)
        is_stale = isinstance(refused, Conflict) and refused.code == "StaleVersion"
        # A version that is not the newest stays so until the person chose between the two.
        again = typed if is_stale else typed.with_version(email.version)
        return _show(request, email, again, refused=refused)
    if isinstance(done, Weighing):
        email = find_writable(request.member, email.pk)
        return _show(request, email, typed.with_version(email.version), weighing=done)
    return done


def _kept(request: MemberRequest, email: OutgoingEmail, typed: Typed) -> OutgoingEmail:
    """Keep what was typed; throwing it away, or copying it, needs no keeping."""
    if request.POST.get("do") in {"discard", "copy"}:
        return email
    return keep_draft(request.member, email, typed)


def keep_draft(member: Membership, email: OutgoingEmail, typed: Typed) -> OutgoingEmail:
    """Replace the draft's text by what was typed."""
    return edit_draft(
        member,
        email,
        text=typed.text,
        version=typed.version,
        mailbox=mailbox_of(member, typed.sender, otherwise=email.mailbox),
        at=now(),
    )


def _show(
    request: MemberRequest,
    email: OutgoingEmail | None,
    typed: Typed,
    *,
    refused: Invalid | Conflict | NotAllowed | None = None,
    weighing: Weighing | None = None,
    back: str | None = None,
) -> HttpResponse:
    if back is not None:
        typed = typed.with_back(back)
    if weighing is not None:
        typed = typed.with_weighed(weighing.keys)
    context: dict[str, Any] = composer_context(request.member, email, typed, refused=refused)
    context["weighing"] = weighing
    return render_page(request, PAGE, context, status=_status(refused, weighing))


def _status(refused: Invalid | Conflict | NotAllowed | None, weighing: Weighing | None) -> int:
    if isinstance(refused, Conflict):
        return 409
    return 422 if refused or weighing else 200
