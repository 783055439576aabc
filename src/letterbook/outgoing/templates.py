"""Keeping templates: made, changed and deleted by whom they belong to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.mime.characters import single_line
from letterbook.mime.composing import BadHeader, check_subject
from letterbook.mime.html import clean_composed_html
from letterbook.outgoing.email_templates import EmailTemplate
from letterbook.outgoing.filling import (
    Filled,
    MergeField,
    fill_template,
    fill_words,
    merge_fields,
)
from letterbook.teams.models import Membership

__all__ = [
    "EmailTemplate",
    "Filled",
    "MergeField",
    "create_template",
    "delete_template",
    "edit_template",
    "fill_template",
    "fill_words",
    "find_template",
    "merge_fields",
]

LONGEST_NAME = 120
LONGEST_HTML = 500_000


def find_template(member: Membership, template_id: UUID) -> EmailTemplate:
    """Return a template that this member may use; raise `NotFound`."""
    found = EmailTemplate.objects.visible_to(member).filter(pk=template_id).first()
    if found is None:
        raise NotFound("There is no such template.")
    return found


def create_template(
    member: Membership,
    *,
    name: str,
    subject: str,
    html: str,
    is_team: bool,
    at: datetime,
    asks_unsubscribe: bool = False,
) -> EmailTemplate:
    """Create and return a template, one's own or the team's; raise `Invalid` naming the field, or `Conflict`."""
    template = EmailTemplate(
        team_id=member.team_id,
        owner=None if is_team else member,
        created_by_id=member.user_id,
        name=_check_name(name),
        subject=_check_subject(subject),
        html=_check_html(html),
        asks_unsubscribe=asks_unsubscribe,
        created_at=at,
        updated_at=at,
    )
    _save(template)
    return template


@transaction.atomic
def edit_template(
    member: Membership,
    template: EmailTemplate,
    *,
    at: datetime,
    name: str | None = None,
    subject: str | None = None,
    html: str | None = None,
    is_team: bool | None = None,
    asks_unsubscribe: bool | None = None,
) -> EmailTemplate:
    """Change what is given and return the template; raise `NotAllowed` for the team's that another made."""
    own = _lock_writable(member, template)
    if name is not None:
        own.name = _check_name(name)
    if subject is not None:
        own.subject = _check_subject(subject)
    if html is not None:
        own.html = _check_html(html)
    if is_team is not None and is_team != own.is_team:
        own.owner = None if is_team else member
    if asks_unsubscribe is not None:
        own.asks_unsubscribe = asks_unsubscribe
    own.updated_at = at
    _save(own)
    return own


@transaction.atomic
def delete_template(member: Membership, template: EmailTemplate) -> None:
    """Delete a template; emails that were made of it keep their text."""
    _lock_writable(member, template).delete()


def _lock_writable(member: Membership, template: EmailTemplate) -> EmailTemplate:
    writable = EmailTemplate.objects.writable_by(member).select_for_update(of=("self",))
    found = writable.filter(pk=template.pk).first()
    if found is not None:
        return found
    find_template(member, template.pk)
    raise NotAllowed(
        "This template is the team's.",
        way_out="Ask who made it, or an owner or admin of the team; or make one of your own.",
    )


def _save(template: EmailTemplate) -> None:
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as error:
        whose = "The team has" if template.is_team else "You have"
        raise Conflict(
            f"{whose} a template called “{template.name}” already.",
            way_out="Choose another name.",
            field="name",
        ) from error


def _check_name(name: str) -> str:
    line = single_line(name)
    if not 0 < len(line) <= LONGEST_NAME:
        raise Invalid(f"A template's name has 1 to {LONGEST_NAME} characters.", field="name")
    return line


def _check_subject(subject: str) -> str:
    try:
        return check_subject(subject)
    except BadHeader as bad:
        raise Invalid(str(bad), field="subject") from bad


def _check_html(html: str) -> str:
    if len(html) > LONGEST_HTML:
        raise Invalid("This text is too long for a template.", way_out="Shorten it.", field="html")
    return clean_composed_html(html)
