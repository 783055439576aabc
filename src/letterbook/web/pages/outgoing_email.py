"""The story of one outgoing email: a page of its own on phones, beside the outbox on wide screens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.reading import exact_bytes
from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership
from letterbook.web.composing import regarding_context
from letterbook.web.outgoing_rows import may_write, outgoing_of, show_row
from letterbook.web.pages.outbox import outbox_context
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.stories import gmail_sent_folder, gmail_url, show_story
from letterbook.web.what_it_says import what_it_says
from letterbook.web.who_is_who import who_is_who

_AS_THE_MAILBOX = {
    Sharing.PRIVATE: "The mailbox is private.",
    Sharing.METADATA: "The mailbox shows the team that it exists, and to whom.",
    Sharing.SUBJECT: "The mailbox shows the team its subject.",
    Sharing.FULL: "The mailbox shares it with the team in full.",
}
_PRIVATE = {"Cache-Control": "private, no-store"}


@require_GET
@member_required
def outgoing_email(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what became of an email; to htmx only its story."""
    email = _find(request.member, pk)
    if email.status == Status.DRAFT and email.author_id == request.member.user_id:
        return redirect("edit-email", pk)
    is_part = request.htmx and request.htmx.target == "story"
    context = _story(request, email) | ({} if is_part else outbox_context(request))
    fragment = "web/outbox/story.html" if is_part else "web/outbox/list.html"
    return render_page(request, "web/outbox/page.html", context, fragment=fragment)


def _find(member: Membership, pk: UUID) -> OutgoingEmail:
    found = outgoing_of(member).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such email.", way_out="Perhaps its draft was discarded.")
    return found


def _story(request: MemberRequest, email: OutgoingEmail) -> dict[str, Any]:
    at, who = now(), who_is_who(request.member)
    return {
        "opened": show_row(email, member=request.member, who=who, at=at),
        "story": show_story(email, member=request.member, who=who, at=at),
        "gmail_url": gmail_url(email) if may_write(email, request.member) else "",
        "gmail_sent_folder": gmail_sent_folder(email),
        "evidence": email.error_evidence if email.may_read_content else "",
        "may_duplicate": may_write(email, request.member),
        "has_source": email.may_read_content and email.frozen.exists(),
        "shared": _shared(email, request.member),
        "says": what_it_says(email),
        **regarding_context(email),
    }


def _shared(email: OutgoingEmail, member: Membership) -> str:
    """Return who sees it, to the owner of its mailbox, who decides."""
    if email.mailbox.owner_id != member.user_id or member.looking_as is not None:
        return ""
    if email.is_private:
        return "Nobody else in the team sees this email, nor what answers it."
    return _AS_THE_MAILBOX[Sharing(email.mailbox.sharing)]


@require_GET
@member_required
def outgoing_source(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Return the exact bytes that were, or will be, handed to Gmail, as a file."""
    raw = exact_bytes(_find(request.member, pk))
    response = HttpResponse(raw, content_type="application/octet-stream", headers=_PRIVATE)
    response["Content-Disposition"] = content_disposition_header(True, f"{pk}.eml") or ""
    return response
