"""One contact: their history with the team, and what is known of them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from letterbook.contacts import finding
from letterbook.contacts.bulk import waiting_deletion_with
from letterbook.contacts.models import Contact
from letterbook.teams.people import people_of
from letterbook.timeline.activity_types import activity_types
from letterbook.timeline.deleting import deleted_activities
from letterbook.timeline.models import Activity
from letterbook.web.about_contact import about_contact
from letterbook.web.contact_timeline import timeline_context
from letterbook.web.known_of_contact import known_of
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.who_is_who import who_is_who

_FRAGMENTS = {"newest": "web/contact/newest.html", "older": "web/contact/older.html"}


@require_GET
@member_required
def contact(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show a contact; to htmx only its newest lines, or a page of older ones."""
    try:
        found = find_contact(request, pk)
    except finding.WasMerged as merged:
        messages.info(request, f"The contact that this link named was merged into {merged.kept}.")
        return redirect("contact", merged.kept.pk)
    fragment = _FRAGMENTS.get(request.htmx.target or "", "") if request.htmx else ""
    if not fragment:
        return show_contact(request, found)
    who = who_is_who(request.member)
    lines = timeline_context(request.member, found, request.GET, who, at=now())
    return render_page(request, "web/contact/page.html", lines, fragment=fragment)


def show_contact(request: MemberRequest, found: Contact, **wrong: object) -> HttpResponse:
    """Return the whole page; `wrong` is what could not be kept of a form on it, and why."""
    member, who, at = request.member, who_is_who(request.member), now()
    context = {
        **timeline_context(member, found, request.GET, who, at=at),
        **about_contact(member, found, who, at=at),
        **known_of(member, found),
        "written_types": [kind for kind in activity_types() if kind.is_written],
        "people": people_of(member),
        "at": at,
        "deletion": waiting_deletion_with(member, found),
        "taken_out": _taken_out(request, found),
        **wrong,
    }
    return render_page(request, "web/contact/page.html", context, status=422 if wrong else 200)


def _taken_out(request: MemberRequest, found: Contact) -> Activity | None:
    """What was just deleted, for the button that puts it back."""
    asked = request.GET.get("deleted", "")
    if not asked:
        return None
    deleted = deleted_activities(request.member, found)
    return next((one for one in deleted if str(one.pk) == asked), None)


def find_contact(request: MemberRequest, pk: UUID) -> Contact:
    """Return a contact of this person's team with its addresses; raise `WasMerged`, or else `NotFound`."""
    return finding.find_contact(request.member, pk)
