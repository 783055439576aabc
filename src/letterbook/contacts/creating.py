"""Contacts for addresses that mail brings: found, or created, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from letterbook.contacts.indexing import set_indexes
from letterbook.contacts.matching import match_contacts
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.contacts.texts import storable
from letterbook.contacts.tombstones import erased_among
from letterbook.kit.ids import new_id
from letterbook.mime.addresses import Address
from letterbook.teams.events import announce
from letterbook.teams.models import User

_MAX_ADDRESS = 320
_MAX_NAME = 200


@transaction.atomic
def find_or_create_contacts(
    team_id: UUID, addresses: Iterable[Address], *, created_by: User | None, at: datetime
) -> dict[str, UUID]:
    """Return, by key, the contact of each address; a new one has the name shown beside the address.

    A handful of queries however many addresses. Safe beside other writers: whoever comes second finds the first
    one's contact.
    """
    wanted = _best_named(addresses)
    found = match_contacts(team_id, wanted)
    missing = {key: wanted[key] for key in sorted(wanted.keys() - found.keys())}
    for key in erased_among(team_id, missing):
        del missing[key]
    if missing:
        found |= _create(team_id, missing, created_by=created_by, at=at)
    return found


def _best_named(addresses: Iterable[Address]) -> dict[str, Address]:
    """Each address once, with a name where any of its spellings has one; what is no address is left out."""
    best: dict[str, Address] = {}
    for one in addresses:
        is_address = "@" in one.key.strip("@") and max(len(one.email), len(one.key)) <= _MAX_ADDRESS
        if (
            is_address
            and storable(one.email) == one.email
            and (one.key not in best or not best[one.key].name)
        ):
            best[one.key] = one
    return best


def _create(
    team_id: UUID, missing: Mapping[str, Address], *, created_by: User | None, at: datetime
) -> dict[str, UUID]:
    contacts = {
        key: _new_contact(team_id, one, created_by=created_by, at=at)
        for key, one in missing.items()
    }
    claimed = claim_addresses(
        [
            ContactAddress(
                contact_id=contacts[key].pk,
                team_id=team_id,
                address=one.email,
                key=key,
                is_primary=True,
                created_at=at,
            )
            for key, one in missing.items()
        ]
    )
    won = [contact for key, contact in contacts.items() if claimed.get(key) == contact.pk]
    by_id = {contact.pk: missing[key].email for key, contact in contacts.items()}
    set_indexes([(contact, [by_id[contact.pk]]) for contact in won], team_id=team_id)
    Contact.objects.bulk_create(won, batch_size=1000)
    if won:
        announce("contact", team_id=team_id)
    return claimed


def claim_addresses(rows: Sequence[ContactAddress]) -> dict[str, UUID]:
    """Write addresses before the contacts they belong to, and return whose each one is now.

    Of two writers with one address the second waits for the first, writes nothing, and finds the first one's contact
    here; so no contact is ever written in vain. The foreign key is checked when the transaction commits. All writers
    go in the order of the keys, so that none waits for another in a circle.
    """
    if not rows:
        return {}
    ordered = sorted(rows, key=lambda row: row.key)
    ContactAddress.objects.bulk_create(ordered, ignore_conflicts=True, batch_size=1000)
    return match_contacts(rows[0].team_id, [row.key for row in rows])


def _new_contact(
    team_id: UUID, address: Address, *, created_by: User | None, at: datetime
) -> Contact:
    return Contact(
        id=new_id(),
        team_id=team_id,
        name=" ".join(storable(address.name).split())[:_MAX_NAME],
        created_by=created_by,
        created_at=at,
        updated_at=at,
    )
