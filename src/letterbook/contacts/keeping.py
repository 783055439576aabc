"""Creating, editing and deleting contacts and their addresses.

Mail already stored with a new address is linked by the caller: `timeline.linking.link_contact` after each call that
adds one. Contacts do not know the timeline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack
from uuid import UUID

from django.db import transaction

from letterbook.contacts.addressing import give_addresses
from letterbook.contacts.employers import drop_empty_companies
from letterbook.contacts.fields import (
    TEXT_FIELDS,
    ContactFields,
    check_contact_address,
    check_fields,
)
from letterbook.contacts.holding import check_is_not_held
from letterbook.contacts.indexing import index_contacts
from letterbook.contacts.models import Contact, ContactAddress, ContactMerge, ContactSplit
from letterbook.contacts.own_values import check_values, fields_of_team, merge_values
from letterbook.contacts.tagging import check_tags, find_or_create_tags
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf


@transaction.atomic
def create_contact(
    member: Membership,
    *,
    addresses: Sequence[str],
    at: datetime,
    brings_back: bool = False,
    **given: Unpack[ContactFields],
) -> Contact:
    """Create a contact whose first address is its primary one; raise `Invalid`, `AddressTaken` or `ErasedPerson`."""
    columns = _checked(member, given, custom={})
    checked = list({one.key: one for one in map(check_contact_address, addresses)}.values())
    if not columns.get("name"):
        columns["name"] = next((one.name for one in checked if one.name), "")
    if not columns["name"] and not checked:
        raise Invalid("A contact needs a name or an address.", field="name")
    contact = Contact.objects.create(
        team_id=member.team_id, created_by=member.user, created_at=at, updated_at=at, **columns
    )
    give_addresses(contact, checked, has_primary=False, at=at, brings_back=brings_back)
    _note_change(contact, claims=True)
    return contact


@transaction.atomic
def edit_contact(
    member: Membership, contact: Contact, *, at: datetime, **given: Unpack[ContactFields]
) -> Contact:
    """Change the fields that are given and return the contact; raise `Invalid` naming the field that cannot be."""
    contact = _locked(member, contact)
    columns = _checked(member, given, custom=contact.custom)
    if columns.get("name") == "" and not contact.addresses.exists():
        raise Invalid("A contact without an address needs a name.", field="name")
    # Only who changes the company says something of its domain.
    claims = bool(columns.get("company")) and columns["company"] != contact.company
    for column, content in columns.items():
        setattr(contact, column, content)
    contact.updated_at = at
    contact.save(update_fields=[*columns, "updated_at"])
    _note_change(contact, claims=claims)
    return contact


def _checked(
    member: Membership, given: ContactFields, *, custom: Mapping[str, str]
) -> dict[str, Any]:  # Any: whatever a column holds
    """What the columns of a contact are to hold, of those that were given; `custom` is what it has so far."""
    columns: dict[str, Any] = dict(
        check_fields({name: given.get(name) for name in TEXT_FIELDS})  # type: ignore[misc]  # names of its keys
    )
    if (tags := given.get("tags")) is not None:
        columns["tag_ids"] = [
            tag.pk for tag in find_or_create_tags(member.team_id, check_tags(tags))
        ]
    if (values := given.get("custom")) is not None:
        own = check_values(fields_of_team(member.team_id), values)
        columns["custom"] = merge_values(custom, own)
    return columns


@transaction.atomic
def assign_contact(
    member: Membership, contact: Contact, *, to: Membership | None, at: datetime
) -> Contact:
    """Make a team-mate (or nobody) the one who looks after a contact; raise `NotFound` for a stranger."""
    contact = _locked(member, contact)
    if to is not None and to.team_id != member.team_id:
        raise NotFound("There is no such person in this team.")
    contact.owner = to.user if to else None
    contact.updated_at = at
    contact.save(update_fields=["owner", "updated_at"])
    announce("contact", team_id=contact.team_id, row_id=contact.pk)
    return contact


def find_person(member: Membership, user_id: UUID | str) -> Membership:
    """Return somebody of the same team by the person's own id, or raise `NotFound`."""
    try:
        pk = UUID(str(user_id))
    except ValueError:
        pk = None
    found = Membership.objects.filter(team_id=member.team_id, user_id=pk).first() if pk else None
    if found is None:
        raise NotFound("There is no such person in this team.", field="user_id")
    return found


@transaction.atomic
def add_address(
    member: Membership, contact: Contact, *, address: str, at: datetime, brings_back: bool = False
) -> ContactAddress:
    """Give a contact one more address and return it; raise `AddressTaken` or `ErasedPerson`."""
    contact = _locked(member, contact)
    checked = check_contact_address(address)
    own = contact.addresses.filter(key=checked.key).first()
    if own is None:
        has_primary = contact.addresses.filter(is_primary=True).exists()
        give_addresses(contact, [checked], has_primary=has_primary, at=at, brings_back=brings_back)
        _touch(contact, at=at)
        own = contact.addresses.get(key=checked.key)
    return own


@transaction.atomic
def remove_address(member: Membership, contact: Contact, *, address: str, at: datetime) -> None:
    """Take an address from a contact; mail already linked stays. Another one becomes primary if need be."""
    contact = _locked(member, contact)
    check_is_not_held(contact, "lose an address")
    row = _address_of(contact, address)
    others = contact.addresses.exclude(pk=row.pk).order_by("id")
    if not contact.name and not others.exists():
        raise Conflict(
            "This is all that is known of the contact.",
            way_out="Give the contact a name first, or delete the contact.",
        )
    row.delete()
    successor = others.first() if row.is_primary else None
    if successor is not None:
        ContactAddress.objects.filter(pk=successor.pk).update(is_primary=True)
    _touch(contact, at=at)


@transaction.atomic
def make_primary(member: Membership, contact: Contact, *, address: str, at: datetime) -> None:
    """Make one of a contact's addresses the one that is written to."""
    contact = _locked(member, contact)
    row = _address_of(contact, address)
    contact.addresses.filter(is_primary=True).update(is_primary=False)
    contact.addresses.filter(pk=row.pk).update(is_primary=True)
    _touch(contact, at=at)


@transaction.atomic
def delete_contact(member: Membership, contact: Contact, *, at: datetime) -> None:
    """Delete a contact, its notes and its links to mail; the mail itself stays."""
    contact = _locked(member, contact)
    check_is_not_held(contact, "be deleted")
    record_audit(
        "contact deleted",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("contact", contact.pk),
        name=str(contact),
    )
    announce("contact", team_id=contact.team_id, row_id=contact.pk)
    # Whoever was merged into it is deleted with it.
    ContactMerge.objects.filter(kept_id=contact.pk).delete()
    ContactSplit.objects.filter(contact_id=contact.pk).delete()
    # Also their lines and recipients of email that the one who deletes them may not see.
    with on_the_teams_behalf():
        contact.delete()
    drop_empty_companies([contact.employer_id])


def _locked(member: Membership, contact: Contact) -> Contact:
    """The row as it is now, held until the end: two who change its addresses at once take turns."""
    found = Contact.objects.visible_to(member).select_for_update().filter(pk=contact.pk).first()
    if found is None:
        raise NotFound("There is no such contact.")
    return found


def _address_of(contact: Contact, address: str) -> ContactAddress:
    row = contact.addresses.filter(key=check_contact_address(address).key).first()
    if row is None:
        raise NotFound(f"{contact} does not have this address.")
    return row


def _touch(contact: Contact, *, at: datetime) -> None:
    Contact.objects.filter(pk=contact.pk).update(updated_at=at)
    _note_change(contact)


def _note_change(contact: Contact, *, claims: bool = False) -> None:
    index_contacts([contact.pk], claims=claims)
    announce("contact", team_id=contact.team_id, row_id=contact.pk)
