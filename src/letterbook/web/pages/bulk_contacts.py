"""Changing many contacts at once: what it would change is shown first, and it can be taken back."""

from __future__ import annotations

from typing import cast, get_args
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.contacts.bulk import (
    MOST_AT_ONCE,
    BulkChange,
    What,
    change_contacts,
    find_bulk_edit,
    undo_bulk_edit,
)
from letterbook.contacts.models import Contact, Tag
from letterbook.kit.refusals import Invalid
from letterbook.teams.models import Membership
from letterbook.teams.people import people_of
from letterbook.timeline.contact_list import filtered
from letterbook.web.contact_filters import read_contact_filter
from letterbook.web.requests import MemberRequest, member_required, render_page

_NAMED = 12
_ACTS = {
    "owner": ("Who looks after them", "Change the owner"),
    "tag": ("Which tag they get", "Add the tag"),
    "untag": ("Which tag comes off", "Take the tag off"),
    "company": ("Where they work", "Change the company"),
    "delete": ("", "Delete"),
}


@member_required
def change(request: MemberRequest) -> HttpResponse:
    """Show what would be changed; a POST does it."""
    given = request.POST if request.method == "POST" else request.GET
    ids = _chosen(request.member, given)
    if not ids:
        messages.warning(request, "Choose some contacts first.")
        return redirect("contacts")
    if request.method == "POST":
        edit = change_contacts(
            request.member,
            ids,
            BulkChange(_what(given), given.get("to", "")),
            at=now(),
        )
        if edit.due_at is None:
            changed = "1 contact was" if edit.contacts == 1 else f"{edit.contacts:,} contacts were"
            messages.success(request, f"{edit.words}. {changed} changed.")
        return redirect(_back(given))
    return render_page(request, "web/contacts_change.html", _context(request.member, given, ids))


@require_POST
@member_required
def undo(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take back a change of many contacts, or call a deletion off."""
    edit = undo_bulk_edit(request.member, find_bulk_edit(request.member, pk), at=now())
    messages.success(request, "Nothing is deleted." if edit.due_at else f"Undone: {edit.words}.")
    return redirect("contacts")


def _chosen(member: Membership, given: QueryDict) -> list[UUID]:
    """The contacts that were ticked, or all that the filter shows."""
    if given.get("all") == "1":
        asked = read_contact_filter(given)
        found = filtered(member, asked.filter, at=now())
        return list(found.values_list("pk", flat=True)[:MOST_AT_ONCE])
    contacts = Contact.objects.visible_to(member).filter(pk__in=_ids(given.getlist("ids")))
    return list(contacts.order_by("sort_key", "id").values_list("pk", flat=True))


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise Invalid("This is no contact's id.", field="ids") from error


def _what(given: QueryDict) -> What:
    what = given.get("what", "")
    if what not in get_args(What):
        raise Invalid("Choose what to change.", field="what")
    return cast(What, what)


def _context(member: Membership, given: QueryDict, ids: list[UUID]) -> dict[str, object]:
    what = _what(given)
    label, button = _ACTS[what]
    shown = Contact.objects.visible_to(member).filter(pk__in=ids[:_NAMED])
    return {
        "what": what,
        "label": label,
        "button": button,
        "number": len(ids),
        "named": shown.prefetch_related("addresses").order_by("sort_key", "id"),
        "more": max(0, len(ids) - _NAMED),
        "people": people_of(member) if what == "owner" else (),
        "tags": Tag.objects.visible_to(member).order_by("key") if "tag" in what else (),
        "is_all": given.get("all") == "1",
        "ids": () if given.get("all") == "1" else ids,
        "asked": read_contact_filter(given),
    }


def _back(given: QueryDict) -> str:
    query = read_contact_filter(given).query
    return f"/contacts?{query}" if query else "/contacts"
