"""Templates: texts with merge fields, one's own and the team's, and what they are for one contact."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from letterbook.api.repeating import once
from letterbook.api.shapes import Given, Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.finding import find_contact
from letterbook.outgoing.templates import (
    EmailTemplate,
    create_template,
    delete_template,
    edit_template,
    fill_template,
    find_template,
    merge_fields,
)

router = Router(tags=["templates"])


class TemplateShown(Schema):
    """A template; its fields stand as `{{ contact.first_name | "there" }}` in subject and text."""

    id: UUID
    name: str
    subject: str
    html: str
    is_team: bool = Field(description="the whole team's, not only yours")
    asks_unsubscribe: bool = Field(description="emails made of it carry List-Unsubscribe")
    created_at: datetime
    updated_at: datetime


class TemplateGiven(Given):
    """A new template, your own unless it is to be the team's."""

    name: Text = Field(max_length=1_000)
    subject: Text = ""
    html: Text = ""
    is_team: bool = False
    asks_unsubscribe: bool = False


class TemplateChanges(Given):
    """What is to be different; what is left out stays."""

    name: Text | None = Field(default=None, max_length=1_000)
    subject: Text | None = None
    html: Text | None = None
    is_team: bool | None = None
    asks_unsubscribe: bool | None = None


class TemplateFilled(Schema):
    """A template filled for somebody; `missing` are the fields for which nothing is known."""

    subject: str
    html: str
    missing: list[str]


class MergeFieldShown(Schema):
    """A field that a template may have."""

    name: str
    words: str


@router.get(
    "/merge-fields", response=answers(list[MergeFieldShown]), operation_id="list_merge_fields"
)
def get_merge_fields(request: TokenRequest) -> list[MergeFieldShown]:  # noqa: ARG001 - ninja names it
    """The fields that a template may have."""
    return [MergeFieldShown(name=one.name, words=one.words) for one in merge_fields()]


@router.get("/templates", response=answers(list[TemplateShown]), operation_id="list_templates")
def get_templates(request: TokenRequest) -> list[TemplateShown]:
    """Your own templates and the team's, by name."""
    found = EmailTemplate.objects.visible_to(request.auth).order_by("name", "id")
    return [TemplateShown.from_orm(one) for one in found]


@router.post(
    "/templates", response=answers(TemplateShown, status=201), operation_id="create_template"
)
def post_template(request: TokenRequest, given: TemplateGiven) -> Status[TemplateShown]:
    """Make a template."""
    member = request.auth
    template = once(
        request,
        member,
        create=lambda: create_template(member, **given.model_dump(), at=timezone.now()),
        find=lambda template_id: find_template(member, template_id),
        id_of=lambda one: one.pk,
        at=timezone.now(),
    )
    return Status(201, TemplateShown.from_orm(template))


@router.get(
    "/templates/{template_id}", response=answers(TemplateShown), operation_id="get_template"
)
def get_template(request: TokenRequest, template_id: UUID) -> TemplateShown:
    """One template."""
    return TemplateShown.from_orm(find_template(request.auth, template_id))


@router.patch(
    "/templates/{template_id}", response=answers(TemplateShown), operation_id="edit_template"
)
def patch_template(
    request: TokenRequest, template_id: UUID, changes: TemplateChanges
) -> TemplateShown:
    """Change some of a template: your own, or one of the team's that you made or administer."""
    template = find_template(request.auth, template_id)
    fields = {name: one for name, one in changes.model_dump().items() if one is not None}
    return TemplateShown.from_orm(
        edit_template(request.auth, template, **fields, at=timezone.now())
    )


@router.delete(
    "/templates/{template_id}", response=answers(None, status=204), operation_id="delete_template"
)
def remove_template(request: TokenRequest, template_id: UUID) -> Status[None]:
    """Delete a template; emails that were made of it stay as they are."""
    delete_template(request.auth, find_template(request.auth, template_id))
    return Status(204, None)


@router.get(
    "/templates/{template_id}/filled",
    response=answers(TemplateFilled),
    operation_id="fill_template",
)
def get_filled(
    request: TokenRequest, template_id: UUID, contact_id: UUID | None = None
) -> TemplateFilled:
    """A template as it reads for a contact, or with only what is known of you."""
    member = request.auth
    template = find_template(member, template_id)
    contact = find_contact(member, contact_id) if contact_id else None
    filled = fill_template(template, member=member, contact=contact)
    return TemplateFilled(subject=filled.subject, html=filled.html, missing=list(filled.missing))
