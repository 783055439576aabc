"""The contacts of a large history, as a team keeps them: with companies, owners, tags and a field of its own."""

from __future__ import annotations

from letterbook.contacts.indexing import set_indexes
from letterbook.contacts.models import Contact, ContactAddress, CustomField, Tag
from letterbook.teams.models import Membership

COMPANIES = 2_000
TAGS = 20
VALUES = 50
_AT_ONCE = 10_000


def make_people(viewer: Membership, number: int) -> list[str]:
    """Make so many contacts and return their ids, in order.

    Each third is the viewer's, each second has a tag, each a company and a value.
    """
    tags = [Tag(team=viewer.team, name=f"Tag {one}", key=f"tag {one}") for one in range(TAGS)]
    Tag.objects.bulk_create(tags)
    field = CustomField.objects.create(team=viewer.team, name="Plan", key="plan", kind="text")
    ids: list[str] = []
    for first in range(0, number, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, number))
        contacts = [
            Contact(
                team=viewer.team,
                name=f"Person{one} of Somewhere",
                owner=viewer.user if one % 3 == 0 else None,
                tag_ids=[tags[one % TAGS].pk] if one % 2 else [],
                custom={str(field.pk): f"Plan {one % VALUES}"},
            )
            for one in numbers
        ]
        addresses = [f"person{one}@company{one % COMPANIES}.example" for one in numbers]
        _keep(viewer, contacts, addresses)
        ids += [str(contact.pk) for contact in contacts]
    return ids


def _keep(viewer: Membership, contacts: list[Contact], addresses: list[str]) -> None:
    together = list(zip(contacts, addresses, strict=True))
    set_indexes([(contact, [one]) for contact, one in together], team_id=viewer.team_id)
    Contact.objects.bulk_create(contacts)
    ContactAddress.objects.bulk_create(
        [
            ContactAddress(contact=contact, team=viewer.team, address=one, key=one, is_primary=True)
            for contact, one in together
        ]
    )
