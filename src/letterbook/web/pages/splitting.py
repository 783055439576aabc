"""Making two contacts of one: choosing the addresses, seeing what moves."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.kit.refusals import Invalid
from letterbook.outgoing.splitting import (
    SplitPreview,
    find_split,
    preview_split,
    split_contact,
    splits_of,
    undo_split,
)
from letterbook.web.pages.contact import find_contact
from letterbook.web.requests import MemberRequest, member_required, render_page


@member_required
def split(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Offer the contact's addresses, or show what the chosen ones take along; a POST splits."""
    contact = find_contact(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    chosen, name, problem = asked.getlist("address"), asked.get("name", "").strip(), ""
    preview: SplitPreview | None = None
    try:
        if request.method == "POST":
            made = split_contact(request.member, contact, addresses=chosen, name=name, at=now())
            undo = reverse("undo-split", args=[made.pk])
            words = f"{made.split_name} is a contact now. It can be undone for 30 days."
            messages.info(request, words, extra_tags=undo)
            return redirect("contact", made.split_id)
        if "address" in asked or "name" in asked:
            preview = preview_split(request.member, contact, addresses=chosen)
    except Invalid as refused:
        problem = str(refused)
    context = {
        "contact": contact,
        "addresses": contact.addresses.order_by("-is_primary", "pk"),
        "chosen": chosen,
        "name": name,
        "preview": preview,
        "problem": problem,
        "splits": splits_of(request.member, contact),
    }
    return render_page(request, "web/split.html", context, status=422 if problem else 200)


@member_required
@require_POST
def undo(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Make one of the two contacts again."""
    split_off = find_split(request.member, pk)
    contact = undo_split(request.member, split_off, at=now())
    messages.success(request, f"{split_off.split_name} is part of {contact} again.")
    return redirect("contact", contact.pk)
