"""What people write into a contact's history, change, pin, take out and put back. Each acts, then leads back there."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.contacts.reading import list_contacts
from letterbook.kit.refusals import Invalid
from letterbook.teams.people import people_of
from letterbook.timeline.activity_types import type_of
from letterbook.timeline.changes import changes_of
from letterbook.timeline.deleting import delete_activity, deleted_activities, restore_activity
from letterbook.timeline.keeping import pin_activity, rewrite_activity, write_activity
from letterbook.timeline.models import Activity
from letterbook.timeline.reading import read_line
from letterbook.web.pages.contact import find_contact, show_contact
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.timeline_lines import show_line
from letterbook.web.way_back import way_back
from letterbook.web.who_is_who import who_is_who
from letterbook.web.written_typed import as_typed, read_fields, read_typed

_OFFERED = 20


@require_POST
@member_required
def write_note(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Write a note, a call, a meeting, a task or another app's activity into the contact's history."""
    contact, kind = find_contact(request, pk), request.POST.get("type", "note")
    try:
        written = write_activity(
            request.member, contact, type=kind, at=now(), **read_fields(request.POST, kind)
        )
    except Invalid as refused:
        problem = {"note_typed": read_typed(request.POST), "note_type": kind}
        return show_contact(request, contact, **problem, note_error=str(refused))
    return _back(request, pk, to=f"line-{written.pk}")


@member_required
def edit_activity(request: MemberRequest, pk: UUID, activity: UUID) -> HttpResponse:
    """Show what somebody wrote as a form, with what it was before; a POST keeps it."""
    contact = find_contact(request, pk)
    line = read_line(request.member, contact, activity)
    typed, error = as_typed(line), ""
    if request.method == "POST":
        typed = read_typed(request.POST)
        try:
            fields = read_fields(request.POST, line.type)
            # The field knows no seconds: a time that nobody touched stays what it is.
            if typed.occurred_at == as_typed(line).occurred_at:
                fields.pop("occurred_at", None)
            rewrite_activity(request.member, activity, at=now(), **fields)
        except Invalid as refused:
            error = str(refused)
        else:
            return _to_contact(pk, to=f"line-{activity}")
    changes = changes_of(request.member, [activity]).get(activity, ())
    who = who_is_who(request.member)
    context = {
        "contact": contact,
        "kind": type_of(line.type),
        "line": line,
        "is_own": line.user == request.member.user,
        "typed": typed,
        "error": error,
        "former": show_line(line, who, contact_id=pk, changes=changes).former,
        "people": people_of(request.member),
    }
    status = 422 if error else 200
    return render_page(request, "web/contact/edit_activity.html", context, status=status)


@member_required
def move_activity(request: MemberRequest, pk: UUID, activity: UUID) -> HttpResponse:
    """Offer the contacts whose history what somebody wrote may belong to; a POST moves it there."""
    contact = find_contact(request, pk)
    line = read_line(request.member, contact, activity)
    if request.method == "POST":
        chosen = _chosen(request.POST.get("contact", ""))
        rewrite_activity(request.member, activity, at=now(), contact_id=chosen)
        messages.success(request, f"It is in this history now, and no longer in that of {contact}.")
        return _to_contact(chosen, to=f"line-{activity}")
    query = request.GET.get("q", "").strip()
    offered = list_contacts(request.member, query=query, limit=_OFFERED).contacts
    context = {
        "contact": contact,
        "kind": type_of(line.type),
        "line": line,
        "q": query,
        "offered": [one for one in offered if one.pk != pk],
    }
    return render_page(request, "web/contact/move_activity.html", context)


@require_POST
@member_required
def pin(request: MemberRequest, pk: UUID, activity: UUID) -> HttpResponse:
    """Keep a line on top of the contact's history."""
    pin_activity(request.member, activity, is_pinned=True, at=now())
    return _back(request, pk)


@require_POST
@member_required
def unpin(request: MemberRequest, pk: UUID, activity: UUID) -> HttpResponse:
    """Keep it there no longer."""
    pin_activity(request.member, activity, is_pinned=False, at=now())
    return _back(request, pk)


@require_POST
@member_required
def finish(request: MemberRequest, pk: UUID, activity: UUID) -> HttpResponse:
    """Say that a task is done."""
    rewrite_activity(request.member, activity, is_done=True, at=now())
    return _back(request, pk)


@require_POST
@member_required
def reopen(request: MemberRequest, pk: UUID, activity: UUID) -> HttpResponse:
    """Say that it is not done yet."""
    rewrite_activity(request.member, activity, is_done=False, at=now())
    return _back(request, pk)


@require_POST
@member_required
def delete(request: MemberRequest, pk: UUID, activity: UUID) -> HttpResponse:
    """Take a line out of the contact's history, and offer to put it back."""
    delete_activity(request.member, activity, at=now())
    return _to_contact(pk, query={"deleted": str(activity)})


@require_POST
@member_required
def restore(request: MemberRequest, pk: UUID, activity: UUID) -> HttpResponse:
    """Put a line back that was taken out."""
    restore_activity(request.member, activity, at=now())
    messages.success(request, "It is back in the history.")
    return _to_contact(pk, to=f"line-{activity}")


@require_GET
@member_required
def taken_out(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what was taken out of the contact's history, as far as this person may put it back."""
    contact = find_contact(request, pk)
    lines = [
        {"activity": one, "kind": type_of(one.type).words, "words": _words(one)}
        for one in deleted_activities(request.member, contact)
    ]
    context = {"contact": contact, "lines": lines}
    return render_page(request, "web/contact/taken_out.html", context)


def _chosen(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid("There is no such contact.", field="contact") from error


def _words(activity: Activity) -> str:
    if activity.message is None:
        return " ".join(activity.text.split())[:200]
    if not activity.may_read_subject:
        return "Subject not shared"
    return activity.message.subject or "(no subject)"


def _back(request: MemberRequest, pk: UUID, *, to: str = "") -> HttpResponse:
    """Lead back to the part of the history that the person looked at, or to a line of it."""
    page = reverse("contact", args=[pk])
    came_from = way_back(request)
    is_there = came_from.partition("?")[0] == page and "deleted=" not in came_from
    return redirect(came_from if is_there and not to else f"{page}#{to}" if to else page)


def _to_contact(pk: UUID, *, query: dict[str, str] | None = None, to: str = "") -> HttpResponse:
    page = reverse("contact", args=[pk])
    return redirect(page + (f"?{urlencode(query)}" if query else "") + (f"#{to}" if to else ""))
