"""Which of the team's contacts a list is about, as far as the contacts themselves tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from letterbook.contacts.field_filters import How, has_value
from letterbook.contacts.models import Contact, ContactQuerySet
from letterbook.contacts.words import matches_words
from letterbook.kit.refusals import NotFound
from letterbook.teams.models import Membership

NOBODY = "nobody"
ME = "me"

Order = Literal["name", "added"]
Answered = Literal["", "never-by-them", "never-by-us"]


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """What a list of contacts is narrowed to, and its order.

    `owner` is a person's id, "me" or "nobody". `field` is one of the team's own, compared with `value` as `how` says.
    The last three ask about mail: they see only what the viewer may see, and `timeline.contact_list` answers them.

    There is no order by last contact. When somebody was last in touch differs from viewer to viewer, so no stored time
    can be sorted by without telling of mail that is hidden from some of them.
    """

    query: str = ""
    owner: str = ""
    tag: UUID | None = None
    company: UUID | None = None
    field: UUID | None = None
    value: str = ""
    how: How = "is"
    order: Order = "name"
    quiet_days: int | None = None
    answered: Answered = ""
    has_bounced: bool = False


def narrowed(member: Membership, asked: ContactFilter) -> ContactQuerySet:
    """Return the team's contacts that fit, but for what asks about mail; raise `NotFound` or `Invalid`."""
    contacts = Contact.objects.visible_to(member)
    condition = matches_words(asked.query)
    if condition is not None:
        contacts = contacts.filter(condition)
    if asked.owner:
        contacts = _of_owner(contacts, asked.owner, member=member)
    if asked.tag is not None:
        contacts = contacts.filter(tag_ids__contains=[asked.tag])
    if asked.company is not None:
        contacts = contacts.filter(employer_id=asked.company)
    if asked.field is not None:
        contacts = contacts.filter(has_value(member, asked.field, asked.value, how=asked.how))
    return contacts


def _of_owner(contacts: ContactQuerySet, owner: str, *, member: Membership) -> ContactQuerySet:
    if owner == NOBODY:
        return contacts.filter(owner=None)
    try:
        return contacts.filter(owner=member.user_id if owner == ME else UUID(owner))
    except ValueError as error:
        raise NotFound("There is no such person in this team.", field="owner") from error
