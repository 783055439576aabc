"""One email that could not be read: its source as it came, trying again, giving it up."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.incoming.dismissing import dismiss, find_quarantined, read_quarantined_source
from letterbook.incoming.replaying import replay_quarantine
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Mailbox
from letterbook.web.pages.coverage import find_own
from letterbook.web.pages.message import SHOWN_OF_SOURCE, as_file
from letterbook.web.requests import MemberRequest, member_required, render_page


@member_required
@require_GET
def quarantined(request: MemberRequest, pk: UUID, row: int) -> HttpResponse:
    """Show one message of the quarantine: what is the matter, and its source, which ?download=1 gives as a file."""
    mailbox = find_own(request, pk)
    found = find_quarantined(request.member, mailbox, row)
    raw = read_quarantined_source(found)
    if request.GET.get("download") == "1":
        if raw is None:
            raise NotFound("Gmail never gave its source.")
        name = f"{found.provider_id}.eml"
        return as_file(raw, filename=name, content_type="application/octet-stream")
    context = {
        "mailbox": mailbox,
        "one": found,
        "lead": "It is kept as it came, and blocks nothing else."
        if raw is not None
        else "It blocks nothing else.",
        "text": (raw or b"")[:SHOWN_OF_SOURCE].decode("utf-8", "replace").replace("\0", "\ufffd"),
        "size": len(raw) if raw is not None else None,
        "is_cut": len(raw or b"") > SHOWN_OF_SOURCE,
    }
    return render_page(request, "web/quarantined.html", context)


@member_required
@require_POST
def replay_one(request: MemberRequest, pk: UUID, row: int) -> HttpResponse:
    """Try to read one message again."""
    mailbox = find_own(request, pk)
    found = find_quarantined(request.member, mailbox, row)
    decided = replay_quarantine(mailbox, provider_ids=[found.provider_id], at=now())
    if decided.waiting:
        messages.success(request, f"It is fetched again{_when(mailbox)}.")
        return redirect("mailbox", pk)
    if decided.quarantined:
        messages.warning(request, "It could not be read this time either.")
        return redirect("quarantined", pk, row)
    messages.success(request, "It was read this time.")
    return redirect("mailbox", pk)


def _when(mailbox: Mailbox) -> str:
    return "" if mailbox.is_connected else f" once {mailbox.address} is connected and not paused"


@member_required
@require_POST
def dismiss_one(request: MemberRequest, pk: UUID, row: int) -> HttpResponse:
    """Give one message up."""
    mailbox = find_own(request, pk)
    found = find_quarantined(request.member, mailbox, row)
    dismiss(request.member, mailbox, provider_ids=[found.provider_id], at=now())
    messages.success(request, "Dismissed. The ledger keeps that it was.")
    return redirect("mailbox", pk)


@member_required
@require_POST
def dismiss_all(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Give up all that could not be read in a mailbox."""
    number = dismiss(request.member, find_own(request, pk), at=now())
    messages.success(request, f"{number:,} dismissed. The ledger keeps that they were.")
    return redirect("mailbox", pk)
