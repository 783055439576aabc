"""Making two contacts of one: choosing the addresses, seeing what moves."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now

from letterbook.kit.refusals import Invalid
from letterbook.outgoing.splitting import SplitPreview, preview_split, split_contact
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
            other = split_contact(request.member, contact, addresses=chosen, name=name, at=now())
            messages.success(
                request, f"{other} is a contact now. To undo it, merge {other} into {contact}."
            )
            return redirect("contact", other.pk)
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
    }
    return render_page(request, "web/split.html", context, status=422 if problem else 200)
