"""Which address belongs to whom: one address, one contact within a team."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from letterbook.contacts.models import Contact, ContactAddress
from letterbook.contacts.tombstones import lift_tombstones, refuse_erased
from letterbook.kit.refusals import Conflict
from letterbook.mime.addresses import Address


class AddressTaken(Conflict):
    """Another contact of the team has this address; `contact_id` says which."""

    def __init__(self, address: str, *, owner: Contact) -> None:
        super().__init__(
            f"{address} already belongs to {owner}.",
            way_out=f"Open {owner} instead, or remove the address there first.",
            field="addresses",
            code="address_taken",
        )
        self.contact_id = owner.pk


def give_addresses(
    contact: Contact,
    addresses: Sequence[Address],
    *,
    has_primary: bool,
    at: datetime,
    brings_back: bool = False,
) -> None:
    """Give a contact new addresses, the first of them primary when it has none; raise `AddressTaken`.

    Raises `ErasedPerson` where one was erased, unless whoever gives it `brings_back` that person.
    """
    refuse_taken(contact.team_id, addresses)
    if brings_back:
        lift_tombstones(contact.team_id, [one.key for one in addresses])
    else:
        refuse_erased(contact.team_id, [(one.key, one.email) for one in addresses])
    rows = [
        ContactAddress(
            contact=contact,
            team_id=contact.team_id,
            address=one.email,
            key=one.key,
            is_primary=not has_primary and place == 0,
            created_at=at,
        )
        for place, one in enumerate(addresses)
    ]
    try:
        with transaction.atomic():
            ContactAddress.objects.bulk_create(rows)
    except IntegrityError:
        # Somebody took one of them between the look and the leap; say whose it is now.
        refuse_taken(contact.team_id, addresses)
        raise


def refuse_taken(team_id: UUID, addresses: Iterable[Address]) -> None:
    """Raise `AddressTaken` for the first of these addresses that somebody in the team has."""
    by_key = {one.key: one.email for one in addresses}
    taken = (
        ContactAddress.objects.filter(team_id=team_id, key__in=by_key)
        .select_related("contact")
        .order_by("id")
        .first()
    )
    if taken is not None:
        raise AddressTaken(by_key[taken.key], owner=taken.contact)
