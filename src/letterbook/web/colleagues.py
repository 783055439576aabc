"""Who else at the company that is written to might want to read along."""

from __future__ import annotations

from dataclasses import dataclass

from letterbook.contacts.models import Contact, ContactAddress
from letterbook.mime.addresses import read_addresses
from letterbook.teams.models import Membership

MOST_SUGGESTED = 4


@dataclass(frozen=True, slots=True)
class Colleague:
    """A contact of the same company, with the address one would add."""

    name: str
    address: str

    @property
    def typed(self) -> str:
        """The two as one types them into a field."""
        if not self.name:
            return self.address
        name = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{name}" <{self.address}>'


def colleagues_of(member: Membership, written_to: str) -> list[Colleague]:
    """Return contacts of the same companies as those written to, who are not among them yet."""
    keys = [address.key for address in read_addresses(written_to)]
    there = ContactAddress.objects.visible_to(member).filter(key__in=keys)
    known = set(there.values_list("contact_id", flat=True))
    companies = (
        Contact.objects.visible_to(member)
        .filter(pk__in=known)
        .exclude(employer=None)
        .values_list("employer", flat=True)
    )
    others = (
        Contact.objects.visible_to(member)
        .filter(employer__in=list(companies), addresses__is_primary=True)
        .exclude(pk__in=known)
    )
    rows = others.order_by("sort_key", "id").values_list("name", "addresses__address")
    return [Colleague(name, address) for name, address in rows[:MOST_SUGGESTED]]
