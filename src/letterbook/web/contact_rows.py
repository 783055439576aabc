"""Contacts as the rows of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from letterbook.contacts.models import Contact, Tag
from letterbook.contacts.tagging import tags_by_contact
from letterbook.teams.models import Membership


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact with its tags."""

    contact: Contact
    tags: list[Tag]


def contact_rows(member: Membership, contacts: Sequence[Contact]) -> list[ContactRow]:
    """Return the rows of these contacts, in their order."""
    tags = tags_by_contact(member, contacts)
    return [ContactRow(one, tags[one.pk]) for one in contacts]
