"""Making two contacts of one: some of the addresses become another person's.

What hangs on them elsewhere moves in the same transaction: `outgoing.splitting` is where it all comes together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from letterbook.contacts.fields import check_fields
from letterbook.contacts.holding import check_is_not_held
from letterbook.contacts.indexing import index_contacts
from letterbook.contacts.merging import UNDONE_WITHIN, choose_primary
from letterbook.contacts.models import Contact, ContactAddress, ContactSplit
from letterbook.kit.refusals import Conflict, Invalid, NotFound
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
) -> ContactSplit:
    """Create a contact with these addresses, which the other one loses; raise `Invalid` for the name.

    Returns the record of it, by which the two become one again.
    """
    primary = contact.addresses.filter(is_primary=True).first()
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
    _forget_old_records(contact, at=at)
    return ContactSplit.objects.create(
        team_id=contact.team_id,
        contact_id=contact.pk,
        split_id=split.pk,
        split_name=str(split)[:320],
        primary_id=primary.pk if primary else None,
        split_by=member.user,
        split_at=at,
    )


def _forget_old_records(contact: Contact, *, at: datetime) -> None:
    old = ContactSplit.objects.filter(team_id=contact.team_id, split_at__lt=at - UNDONE_WITHIN)
    old.delete()


def check_can_be_joined_again(split: ContactSplit, *, at: datetime) -> None:
    """Raise `Conflict` where the two cannot become one again."""
    if split.undone_at is not None:
        raise Conflict("This was undone already.", way_out="Look at the contact again.")
    if at - split.split_at > UNDONE_WITHIN:
        raise Conflict("It is more than 30 days since.", way_out="Merge the two contacts.")
    there = Contact.objects.filter(pk__in=[split.contact_id, split.split_id])
    if there.count() < 2:
        raise Conflict(
            "One of the two contacts is no longer there.",
            way_out="If it was merged into another since, undo that first.",
        )


def forget_given_name(split: ContactSplit) -> None:
    """Take its name from the one that goes, where it is still the one it was given: the other one needs none."""
    Contact.objects.filter(pk=split.split_id, name=split.split_name).update(name="")


def end_split(split: ContactSplit, *, at: datetime) -> None:
    """Write to the address that was written to before, if the contact still has it, and keep that it was undone."""
    own = ContactAddress.objects.filter(contact_id=split.contact_id)
    before = own.filter(pk=split.primary_id or 0, is_primary=False).first()
    if before is not None:
        own.filter(is_primary=True).update(is_primary=False)
        own.filter(pk=before.pk).update(is_primary=True)
    ContactSplit.objects.filter(pk=split.pk).update(undone_at=at)
    index_contacts([split.contact_id])
