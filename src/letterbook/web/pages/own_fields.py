"""What the team adds to its contacts: its tags and its own fields."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from letterbook.contacts.defining import add_field, change_field, drop_field, find_field
from letterbook.contacts.models import CustomField, Tag
from letterbook.contacts.own_fields import Colour, FieldKind
from letterbook.contacts.tagging import change_tag, delete_tag, find_tag
from letterbook.kit.refusals import Refused
from letterbook.web.requests import MemberRequest, member_required, render_page


@member_required
def own_fields(request: MemberRequest) -> HttpResponse:
    """Show the team's tags and fields; a POST adds a field."""
    if request.method != "POST":
        return _show(request)
    given = request.POST
    try:
        add_field(
            request.member,
            name=given.get("name", ""),
            kind=given.get("kind", ""),
            choices=given.get("choices", "").splitlines(),
        )
    except Refused as refused:
        return _show(request, error=str(refused), typed=given)
    return redirect("own-fields")


@require_POST
@member_required
def change_own_field(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Call a field something else, or give it other choices."""
    field = find_field(request.member, pk)
    choices = request.POST.get("choices", "").splitlines()
    change_field(request.member, field, name=request.POST.get("name", ""), choices=choices)
    return redirect("own-fields")


@require_POST
@member_required
def drop_own_field(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a field and its values from the contacts."""
    field = find_field(request.member, pk)
    drop_field(request.member, field, at=now())
    messages.success(request, f"{field} is deleted, with what contacts had in it.")
    return redirect("own-fields")


@require_POST
@member_required
def change_one_tag(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Call a tag something else, or colour it."""
    given = request.POST
    tag = find_tag(request.member, pk)
    change_tag(request.member, tag, name=given.get("name", ""), colour=given.get("colour", ""))
    return redirect("own-fields")


@require_POST
@member_required
def drop_tag(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a tag off every contact."""
    tag = find_tag(request.member, pk)
    delete_tag(request.member, tag, at=now())
    messages.success(request, f"{tag} is deleted, and off every contact.")
    return redirect("own-fields")


def _show(request: MemberRequest, **wrong: object) -> HttpResponse:
    context = {
        "fields": CustomField.objects.visible_to(request.member).order_by("key"),
        "tags": Tag.objects.visible_to(request.member).order_by("key"),
        "kinds": FieldKind.choices,
        "colours": Colour.choices,
        **wrong,
    }
    status = 422 if wrong else 200
    return render_page(request, "web/own_fields.html", context, status=status)
