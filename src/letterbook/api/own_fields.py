"""What a team adds to its contacts: tags, and fields of its own."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from letterbook.api.repeating import once
from letterbook.api.shapes import Given, Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.defining import add_field, change_field, drop_field, find_field
from letterbook.contacts.models import CustomField, Tag
from letterbook.contacts.tagging import change_tag, delete_tag, find_tag

router = Router(tags=["contacts"])
Colour = Literal["plain", "blue", "green", "amber", "red"]


class TagShown(Schema):
    """A tag; it is made by naming it on a contact."""

    id: UUID
    name: str
    colour: str


class TagChanges(Given):
    """What the tag is called, and its colour."""

    name: Text = Field(max_length=200)
    colour: Colour = "plain"


class FieldShown(Schema):
    """A field of the team's own; contacts have its values in `custom`, by its name."""

    id: UUID
    name: str
    kind: str = Field(description="text, number, date, choice or link; it stays")
    choices: list[str]


class FieldChanges(Given):
    """What the field is called; of a choice its answers, too."""

    name: Text = Field(max_length=200)
    choices: list[Text] = Field(default=[], max_length=100)


class FieldGiven(FieldChanges):
    """A new field."""

    kind: Literal["text", "number", "date", "choice", "link"]


@router.get("/contact-tags", response=answers(list[TagShown]), operation_id="list_tags")
def get_tags(request: TokenRequest) -> list[TagShown]:
    """The team's tags by name."""
    return [_show_tag(one) for one in Tag.objects.visible_to(request.auth).order_by("key")]


@router.patch("/contact-tags/{tag_id}", response=answers(TagShown), operation_id="change_tag")
def patch_tag(request: TokenRequest, tag_id: UUID, changes: TagChanges) -> TagShown:
    """Call a tag something else, or colour it."""
    tag = find_tag(request.auth, tag_id)
    return _show_tag(change_tag(request.auth, tag, name=changes.name, colour=changes.colour))


@router.delete(
    "/contact-tags/{tag_id}", response=answers(None, status=204), operation_id="delete_tag"
)
def remove_tag(request: TokenRequest, tag_id: UUID) -> Status[None]:
    """Delete a tag, and take it off every contact."""
    delete_tag(request.auth, find_tag(request.auth, tag_id), at=timezone.now())
    return Status(204, None)


@router.get("/contact-fields", response=answers(list[FieldShown]), operation_id="list_fields")
def get_fields(request: TokenRequest) -> list[FieldShown]:
    """The team's own fields by name."""
    fields = CustomField.objects.visible_to(request.auth).order_by("key")
    return [FieldShown.from_orm(one) for one in fields]


@router.post("/contact-fields", response=answers(FieldShown, status=201), operation_id="add_field")
def post_field(request: TokenRequest, given: FieldGiven) -> Status[FieldShown]:
    """Give the team's contacts one more field."""
    field = once(
        request,
        request.auth,
        create=lambda: add_field(
            request.auth, name=given.name, kind=given.kind, choices=given.choices
        ),
        find=lambda field_id: find_field(request.auth, field_id),
        id_of=lambda field: field.pk,
        at=timezone.now(),
    )
    return Status(201, FieldShown.from_orm(field))


@router.patch(
    "/contact-fields/{field_id}", response=answers(FieldShown), operation_id="change_field"
)
def patch_field(request: TokenRequest, field_id: UUID, changes: FieldChanges) -> FieldShown:
    """Call a field something else, or give it other answers; values that contacts have stay."""
    field = find_field(request.auth, field_id)
    changed = change_field(request.auth, field, name=changes.name, choices=changes.choices)
    return FieldShown.from_orm(changed)


@router.delete(
    "/contact-fields/{field_id}", response=answers(None, status=204), operation_id="delete_field"
)
def remove_field(request: TokenRequest, field_id: UUID) -> Status[None]:
    """Delete a field with what contacts have in it."""
    drop_field(request.auth, find_field(request.auth, field_id), at=timezone.now())
    return Status(204, None)


def _show_tag(tag: Tag) -> TagShown:
    return TagShown(id=tag.pk, name=tag.name, colour=tag.colour)
