"""What people change of a contact's addresses on their page. Each acts, then leads back there."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.contacts.keeping import assign_contact, find_person, make_primary
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.mime.addresses import address_key
from letterbook.outgoing.one_click import subscribe_again
from letterbook.timeline.acquainting import add_contact_address, drop_contact_address
from letterbook.timeline.linking import count_unlinked
from letterbook.web.pages.contact import find_contact, show_contact
from letterbook.web.requests import MemberRequest, member_required, render_page


@require_POST
@member_required
def assign(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Make a team-mate, or nobody, the one who looks after the contact."""
    contact, chosen = find_contact(request, pk), request.POST.get("owner", "")
    owner = find_person(request.member, chosen) if chosen else None
    assign_contact(request.member, contact, to=owner, at=now())
    return redirect("contact", pk)


@require_POST
@member_required
def add_address(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Give the contact one more address, and the mail that is stored with it."""
    contact, typed = find_contact(request, pk), request.POST.get("address", "")
    try:
        added = add_contact_address(request.member, contact, address=typed, at=now())
    except (Invalid, Conflict) as refused:
        return show_contact(request, contact, address_typed=typed, address_error=str(refused))
    messages.success(request, f"Added {added}. Stored email with this address is in the timeline.")
    return redirect("contact", pk)


@require_POST
@member_required
def choose_primary(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Make one of the contact's addresses the one that is written to."""
    contact = find_contact(request, pk)
    make_primary(request.member, contact, address=request.POST.get("address", ""), at=now())
    return redirect("contact", pk)


@require_POST
@member_required
def wants_mail(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Note that who unsubscribed wants such mail again."""
    contact, address = find_contact(request, pk), request.POST.get("address", "")
    subscribe_again(request.member, contact, address=address, at=now())
    messages.success(request, f"{address} gets such mail again.")
    return redirect("contact", pk)


@require_POST
@member_required
def drop_address(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take an address from the contact; the mail that came with it stays in the timeline.

    Or it leaves it too, once the person has seen how much that is.
    """
    contact, address = find_contact(request, pk), request.POST.get("address", "")
    unlinks = request.POST.get("emails") == "unlink"
    if unlinks and request.POST.get("sure") != "yes":
        number = count_unlinked(request.member, contact, key=address_key(address))
        shown = {"contact": contact, "address": address, "number": number}
        return render_page(request, "web/drop_address.html", shown)
    number = drop_contact_address(
        request.member, contact, address=address, unlinks=unlinks, at=now()
    )
    emails = "1 email has" if number == 1 else f"{number:,} emails have"
    left = f"{emails} left the timeline. Add the address again, and they are back."
    stayed = "The emails stay in the timeline."
    messages.success(request, f"Removed {address}. {left if unlinks else stayed}")
    return redirect("contact", pk)
