"""A template made into an email for one person: what is known of them and of the writer stands in its fields."""

from __future__ import annotations

import re
from dataclasses import dataclass

from letterbook.contacts.models import Contact
from letterbook.outgoing.email_templates import EmailTemplate
from letterbook.outgoing.merge_fields import merge_html, merge_text
from letterbook.teams.models import Membership

_TITLES = re.compile(
    r"(?:(?:dr|prof|mr|mrs|ms|mx|herr|frau|mme|sig|sr|sra|ing|dipl|mag|med)\.?\s+)+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class MergeField:
    """A field that a template may have, and what it stands for in words."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A template filled for one person; `missing` are the fields for which nothing is known, left as they are."""

    subject: str
    html: str
    missing: tuple[str, ...]


_FIELDS = (
    MergeField("contact.first_name", "First name of the contact"),
    MergeField("contact.name", "Full name of the contact"),
    MergeField("contact.email", "Address of the contact"),
    MergeField("contact.company", "Company of the contact"),
    MergeField("me.name", "Your name"),
    MergeField("me.email", "Your address"),
    MergeField("team.name", "Name of the team"),
)


def merge_fields() -> tuple[MergeField, ...]:
    """Return every field that a template may have, in the order people are offered them."""
    return _FIELDS


def fill_template(
    template: EmailTemplate, *, member: Membership, contact: Contact | None
) -> Filled:
    """Return a template's subject and text filled for a contact; whatever a value holds is text, never markup."""
    return fill_words(template.subject, template.html, member=member, contact=contact)


def fill_words(subject: str, html: str, *, member: Membership, contact: Contact | None) -> Filled:
    """Return a subject and a text filled for a contact: what a template would make of them while it is written."""
    values = _of_writer(member) | (_of_contact(contact) if contact else {})
    line, text = merge_text(subject, values), merge_html(html, values)
    return Filled(line.text, text.text, tuple(dict.fromkeys(line.missing + text.missing)))


def _of_writer(member: Membership) -> dict[str, str]:
    return {
        "me.name": member.user.name,
        "me.email": member.user.email,
        "team.name": member.team.name,
    }


def _of_contact(contact: Contact) -> dict[str, str]:
    addresses = sorted(contact.addresses.all(), key=lambda one: (not one.is_primary, one.pk))
    return {
        "contact.name": contact.name,
        "contact.first_name": _first_name(contact.name),
        "contact.email": addresses[0].address if addresses else "",
        "contact.company": contact.company,
    }


def _first_name(name: str) -> str:
    """Return the first name of "Anna Lind", "Lind, Anna" and "Dr. Anna Lind"."""
    last, comma, first = name.partition(",")
    words = _TITLES.sub("", (first if comma and first.strip() else last).strip()).split()
    return words[0] if words else ""
