"""Earlier versions of a draft, what each said otherwise, and taking one back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.mime.html import html_to_text
from letterbook.outgoing.draft_versions import DraftVersion
from letterbook.outgoing.drafts import DraftText, take_version_back
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.outgoing.versions import MOST_KEPT, versions_of
from letterbook.web.differing import Difference, differences
from letterbook.web.pages.composer import find_writable
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.typed import Typed, typed_of


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """An earlier version, as text, and how it differs from the draft as it is now."""

    kept: DraftVersion
    text: str
    differences: list[Difference]


@require_GET
@member_required
def versions(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what a draft said before."""
    email = find_writable(request.member, pk)
    if email.status != Status.DRAFT:
        return redirect("outgoing-email", pk)
    shown = [_shown(one, email) for one in versions_of(request.member, email)]
    context = {"email": email, "versions": shown, "most": MOST_KEPT}
    return render_page(request, "web/composer/versions.html", context)


def _shown(kept: DraftVersion, email: OutgoingEmail) -> ShownVersion:
    text = DraftText(kept.to, kept.cc, kept.bcc, kept.subject, kept.html, email.from_address)
    differing = differences(Typed(text=text), typed_of(email))
    return ShownVersion(kept, html_to_text(kept.html), differing)


@require_POST
@member_required
def take_back(request: MemberRequest, pk: UUID, number: int) -> HttpResponse:
    """Let the draft say what it said then, and open it."""
    email = find_writable(request.member, pk)
    take_version_back(request.member, email, version=number, at=now())
    messages.success(
        request, "The draft says what it said then. What it said now is a version, too."
    )
    return redirect("edit-email", pk)
