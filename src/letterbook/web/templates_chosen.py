"""Templates as the composer offers them, filled for the person who is written to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from letterbook.contacts.models import Contact, ContactAddress
from letterbook.kit.refusals import NotFound
from letterbook.mime.addresses import read_addresses
from letterbook.outgoing.drafts import edit_draft
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.templates import (
    EmailTemplate,
    Filled,
    MergeField,
    fill_template,
    find_template,
    merge_fields,
)
from letterbook.teams.models import Membership
from letterbook.web.typed import typed_of

MOST_SHOWN = 50


def contact_of(member: Membership, to: str) -> Contact | None:
    """Return the first contact among the addresses typed."""
    keys = [address.key for address in read_addresses(to)]
    rows = ContactAddress.objects.visible_to(member).filter(key__in=keys)
    found = min(rows.select_related("contact"), key=lambda row: keys.index(row.key), default=None)
    return found.contact if found else None


def templates_for(member: Membership, words: str) -> list[EmailTemplate]:
    """Return the templates this person may use whose name or subject holds these words, their own first."""
    wanted = words.casefold().split()
    usable = EmailTemplate.objects.visible_to(member).order_by("name", "id")
    found = [one for one in usable if _has(one, wanted)]
    return sorted(found, key=lambda one: one.is_team)[:MOST_SHOWN]


def _has(template: EmailTemplate, wanted: list[str]) -> bool:
    text = f"{template.name} {template.subject}".casefold()
    return all(word in text for word in wanted)


def find_chosen(member: Membership, template_id: str) -> EmailTemplate:
    """Return the template with this id, or raise `NotFound`, also for what is no id."""
    try:
        return find_template(member, UUID(template_id))
    except ValueError as error:
        raise NotFound("There is no such template.") from error


def words_for(missing: tuple[str, ...]) -> list[str]:
    """Return in words what a template has fields for but nothing is known of."""
    known: dict[str, MergeField] = {field.name: field for field in merge_fields()}
    return [known[name].words if name in known else name for name in missing]


def insert_template(
    member: Membership, email: OutgoingEmail, *, template_id: str, at: datetime
) -> None:
    """Put a filled template before what a draft holds; its subject only where there is none."""
    template, typed = find_chosen(member, template_id), typed_of(email)
    filled: Filled = fill_template(
        template, member=member, contact=contact_of(member, typed.text.to)
    )
    text = replace(
        typed.text,
        html=filled.html + typed.text.html,
        subject=typed.text.subject or filled.subject,
        asks_unsubscribe=True if template.asks_unsubscribe else None,
    )
    edit_draft(member, email, text=text, version=email.version, at=at)
