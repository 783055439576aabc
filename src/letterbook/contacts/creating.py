"""Contacts for addresses that mail brings, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from letterbook.contacts.indexing import set_indexes
from letterbook.contacts.matching import match_contacts
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.kit.ids import new_id
from letterbook.mime.addresses import Address
from letterbook.mime.characters import single_line
from letterbook.teams.events import announce

_LONGEST_NAME = 200


def create_contacts(
    team_id: UUID, addresses: Mapping[str, Address], *, at: datetime
) -> dict[str, UUID]:
    """Return, by key, the contact of each address: a new one, named as was shown beside the address.

    Call it in a transaction: addresses are written before their contacts. A handful of queries however many. Safe
    beside other writers: whoever comes second finds the first one's contact, and none waits for another in a circle.
    """
    contacts = {key: _contact(team_id, one, at=at) for key, one in addresses.items()}
    found = claim_addresses(
        [
            ContactAddress(
                contact_id=contact.pk,
                team_id=team_id,
                address=addresses[key].email,
                key=key,
                is_primary=True,
                created_at=at,
            )
            for key, contact in contacts.items()
        ]
    )
    ours = {key: one for key, one in contacts.items() if found.get(key) == one.pk}
    set_indexes(
        [(contact, [addresses[key].email]) for key, contact in ours.items()], team_id=team_id
    )
    _insert(list(ours.values()))
    if ours:
        announce("contact", team_id=team_id)
    return found


def claim_addresses(rows: Sequence[ContactAddress]) -> dict[str, UUID]:
    """Write addresses, each key once, before the contacts they belong to; return whose each one is now.

    Of two writers with one address the second waits for the first, writes nothing, and finds the first one's contact
    here; so no contact is ever written in vain. The foreign key is checked when the transaction commits. All writers
    go in the order of the keys, so that none waits for another in a circle.
    """
    if not rows:
        return {}
    team_id = rows[0].team_id
    ordered = sorted(rows, key=lambda row: row.key)
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            [
                team_id,
                [row.created_at for row in ordered],
                [row.contact_id for row in ordered],
                [row.address for row in ordered],
                [row.key for row in ordered],
                [row.is_primary for row in ordered],
            ],
        )
        ours = {key for (key,) in cursor}
    claimed = {row.key: row.contact_id for row in rows if row.key in ours}
    lost = [row.key for row in rows if row.key not in ours]
    return claimed | match_contacts(team_id, lost) if lost else claimed


def _contact(team_id: UUID, address: Address, *, at: datetime) -> Contact:
    name = single_line(address.name).strip(" '\"")[:_LONGEST_NAME]
    return Contact(id=new_id(), team_id=team_id, name=name, created_at=at, updated_at=at)


def _insert(contacts: Sequence[Contact]) -> None:
    """An archive makes thousands; what nobody has told of them yet is the same for all."""
    if not contacts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                contacts[0].team_id,
                contacts[0].created_at,
                contacts[0].updated_at,
                [one.pk for one in contacts],
                [one.employer_id for one in contacts],
                [one.name for one in contacts],
                [one.sort_key for one in contacts],
                [one.words for one in contacts],
            ],
        )


_CLAIM = """
    INSERT INTO contacts_contactaddress (team_id, created_at, contact_id, address, key, is_primary)
    SELECT %s, created_at, contact_id, address, key, is_primary
    FROM unnest(%s::timestamptz[], %s::uuid[], %s::text[], %s::text[], %s::boolean[])
        AS claimed (created_at, contact_id, address, key, is_primary)
    ON CONFLICT (team_id, key) DO NOTHING
    RETURNING key
"""
_INSERT = """
    INSERT INTO contacts_contact (
        team_id, created_at, updated_at, job_title, company, phone, note, id, employer_id, name, sort_key, words)
    SELECT %s, %s, %s, '', '', '', '', id, employer_id, name, sort_key, words::tsvector
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[])
        AS met (id, employer_id, name, sort_key, words)
"""
