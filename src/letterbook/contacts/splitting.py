"""Making two contacts of one: some of the addresses become another person's.

What hangs on them elsewhere moves in the same transaction: `outgoing.splitting` is where it all comes together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from letterbook.contacts.fields import check_fields
from letterbook.contacts.holding import check_is_not_held
from letterbook.contacts.indexing import index_contacts
from letterbook.contacts.merging import choose_primary
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mime.addresses import address_key
from letterbook.teams.events import announce
from letterbook.teams.models import Membership


def check_chosen(contact: Contact, addresses: Sequence[str]) -> list[str]:
    """Return the keys of the chosen addresses; raise `Invalid` unless some are the contact's and some stay."""
    check_is_not_held(contact, "be split")
    own = set(contact.addresses.values_list("key", flat=True))
    chosen = sorted({address_key(one) for one in addresses})
    if not chosen or not own.issuperset(chosen):
        raise Invalid(f"Choose addresses that {contact} has.", field="addresses")
    if own == set(chosen):
        raise Invalid(
            f"Leave {contact} at least one address.",
            way_out="To call them by another name, change the contact.",
            field="addresses",
        )
    return chosen


def lock_contact(member: Membership, contact: Contact) -> Contact:
    """Return the contact as it is now, held until the end; raise `NotFound`."""
    found = Contact.objects.visible_to(member).select_for_update().filter(pk=contact.pk).first()
    if found is None:
        raise NotFound("There is no such contact.", way_out="Perhaps it was merged or deleted.")
    return found


def give_to_another(
    member: Membership, contact: Contact, keys: Sequence[str], *, name: str, at: datetime
) -> Contact:
    """Create a contact with these addresses, which the other one loses, and return it; raise `Invalid` for the name."""
    split = Contact.objects.create(
        team_id=contact.team_id,
        name=check_fields({"name": name})["name"],
        owner_id=contact.owner_id,
        created_by=member.user,
        created_at=at,
        updated_at=at,
    )
    moved = ContactAddress.objects.filter(contact=contact, key__in=keys)
    moved.update(contact=split, is_primary=False)
    choose_primary(split.pk, None)
    choose_primary(contact.pk, None)
    Contact.objects.filter(pk=contact.pk).update(updated_at=at)
    index_contacts([contact.pk, split.pk])
    for one in (contact, split):
        announce("contact", team_id=contact.team_id, row_id=one.pk)
    return split
