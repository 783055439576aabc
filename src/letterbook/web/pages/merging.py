"""Making one contact of two: choosing the other, seeing what moves, and parting them again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.contacts.merging import UNDONE_WITHIN
from letterbook.contacts.models import Contact
from letterbook.contacts.reading import list_contacts
from letterbook.kit.refusals import NotFound
from letterbook.outgoing import merging
from letterbook.web.pages.contact import find_contact
from letterbook.web.requests import MemberRequest, member_required, render_page

_OFFERED = 20


@member_required
def merge(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Offer contacts to merge into this one, or show what one would bring along; a POST merges it."""
    kept = find_contact(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    other = _other(request, asked.get("other", ""))
    if other and request.method == "POST":
        merged = merging.merge_contacts(request.member, kept, gone=other, at=now())
        undo = reverse("undo-merge", args=[merged.pk])
        words = f"{other} is merged into {kept}. It can be undone for {UNDONE_WITHIN.days} days."
        messages.success(request, words, extra_tags=undo)
        return redirect("contact", pk)
    query = request.GET.get("q", kept.name).strip()
    offered = list_contacts(request.member, query=query, limit=_OFFERED).contacts
    context = {
        "contact": kept,
        "q": query,
        "offered": [one for one in offered if one.pk != kept.pk],
        "preview": merging.preview_merge(request.member, kept, gone=other) if other else None,
        "merges": merging.merges_into(request.member, kept),
        "undone_within_days": UNDONE_WITHIN.days,
    }
    return render_page(request, "web/merge.html", context)


@member_required
@require_POST
def undo_merge(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Part two contacts again."""
    found = merging.find_merge(request.member, pk)
    back = merging.undo_merge(request.member, found, at=now())
    messages.success(request, f"{back} is back, with the addresses and the history as before.")
    return redirect("contact", back.pk)


def _other(request: MemberRequest, text: str) -> Contact | None:
    if not text:
        return None
    try:
        wanted = UUID(text)
    except ValueError as error:
        raise NotFound("There is no such contact.") from error
    return get_object_or_404(Contact.objects.visible_to(request.member), pk=wanted)
