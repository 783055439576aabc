"""Keeping what lists and searches read of a contact in step with its fields and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from letterbook.contacts.employers import drop_empty_companies, set_employers
from letterbook.contacts.models import Contact
from letterbook.contacts.words import fold, searchable_words


def index_contacts(contact_ids: Iterable[UUID], *, claims: bool = False) -> None:
    """Write the company, the sort key and the words of these contacts of one team anew.

    With `claims` a company that was typed gets the domain of its people, where that is nobody's.
    """
    contacts = list(Contact.objects.filter(pk__in=list(contact_ids)).prefetch_related("addresses"))
    if not contacts:
        return
    before = {contact.employer_id for contact in contacts}
    set_indexes(
        [(one, _addresses_of(one)) for one in contacts], team_id=contacts[0].team_id, claims=claims
    )
    Contact.objects.bulk_update(contacts, ["employer", "sort_key", "words"], batch_size=1000)
    drop_empty_companies(before)


def set_indexes(
    contacts: Sequence[tuple[Contact, list[str]]], *, team_id: UUID, claims: bool = False
) -> None:
    """Set the same of contacts of one team, each given with its addresses; saving is the caller's."""
    set_employers(contacts, team_id=team_id, claims=claims)
    for contact, addresses in contacts:
        shown = contact.name or min(addresses, default="")
        contact.sort_key = fold(shown)[:320]
        texts = (contact.name, contact.company, contact.employer_name)
        contact.words = searchable_words(texts, addresses)


def _addresses_of(contact: Contact) -> list[str]:
    ordered = sorted(contact.addresses.all(), key=lambda one: (not one.is_primary, one.pk))
    return [one.address for one in ordered]
