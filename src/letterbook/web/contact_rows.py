"""Contacts as the rows of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from letterbook.contacts.models import Contact, Tag
from letterbook.contacts.tagging import tags_by_contact
from letterbook.teams.models import Membership
from letterbook.timeline.last_emails import LastEmail, last_emails


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact with its tags, and who wrote last."""

    contact: Contact
    tags: list[Tag]
    last: LastEmail | None


def contact_rows(member: Membership, contacts: Sequence[Contact]) -> list[ContactRow]:
    """Return the rows of these contacts, in their order."""
    tags, last = tags_by_contact(member, contacts), last_emails(member, contacts)
    return [ContactRow(one, tags[one.pk], last.get(one.pk)) for one in contacts]
