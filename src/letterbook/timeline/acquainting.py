"""Adding a contact or an address so that their stored mail is in their history from the first moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from django.db import transaction

from letterbook.contacts.fields import ContactFields
from letterbook.contacts.imported import ContactImport
from letterbook.contacts.importing import import_contacts
from letterbook.contacts.keeping import add_address, create_contact, remove_address
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.threading import lock_correspondence
from letterbook.mime.addresses import address_key
from letterbook.teams.models import Membership
from letterbook.timeline.linking import (
    count_unlinked,
    link_contact,
    link_contacts,
    unlink_contact,
)


@transaction.atomic
def add_contact(
    member: Membership,
    *,
    addresses: Sequence[str],
    at: datetime,
    brings_back: bool = False,
    **given: Unpack[ContactFields],
) -> Contact:
    """Create a contact, linked to the mail stored with their addresses; raise `Invalid` or `AddressTaken`.

    Raises `ErasedPerson` for an address that was erased, unless it `brings_back` that person.
    """
    # Taken first, as by whoever stores mail: who took the address and then waited for the lock could deadlock.
    lock_correspondence(member.team_id)
    contact = create_contact(member, addresses=addresses, at=at, brings_back=brings_back, **given)
    link_contact(contact.pk, at=at)
    return contact


@transaction.atomic
def add_contact_address(
    member: Membership, contact: Contact, *, address: str, at: datetime, brings_back: bool = False
) -> ContactAddress:
    """Give a contact one more address and its stored mail; raise `Invalid`, `AddressTaken` or `ErasedPerson`."""
    lock_correspondence(member.team_id)
    added = add_address(member, contact, address=address, at=at, brings_back=brings_back)
    link_contact(contact.pk, at=at)
    return added


@transaction.atomic
def drop_contact_address(
    member: Membership, contact: Contact, *, address: str, unlinks: bool, at: datetime
) -> int:
    """Take an address from a contact, with the mail that only it ties to them if `unlinks`.

    Returns how much of it this member sees. It stays stored: giving the address back, to whomever, links it again.
    """
    lock_correspondence(member.team_id)
    remove_address(member, contact, address=address, at=at)
    if not unlinks:
        return 0
    seen = count_unlinked(member, contact, key=address_key(address))
    unlink_contact(contact, key=address_key(address))
    return seen


@transaction.atomic
def bring_contacts(
    member: Membership, content: bytes, *, filename: str, at: datetime
) -> ContactImport:
    """Take over a CSV or vCard file's contacts with the mail stored for them; raise `Invalid` for the file.

    All or nothing: a contact is never left without its history. Storing mail waits meanwhile.
    """
    lock_correspondence(member.team_id)
    outcome = import_contacts(member, content, filename=filename, at=at)
    link_contacts(outcome.gained, team_id=member.team_id, at=at)
    return outcome
