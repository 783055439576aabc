"""Which contacts an email concerns, and whom a mailbox's policy makes a contact on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from letterbook.contacts.indexing import set_indexes
from letterbook.contacts.matching import match_contacts
from letterbook.contacts.models import Contact
from letterbook.contacts.tombstones import erased_among
from letterbook.correspondence.packing import Person
from letterbook.correspondence.storing import SENT, Copy
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Mailbox, StoringPolicy
from letterbook.mailboxes.own_addresses import own_domains
from letterbook.mime.addresses import Address
from letterbook.teams.events import announce
from letterbook.timeline.linking import link_contacts

# What an office has rather than a person; such an address becomes a contact when somebody adds it by hand.
_ROLE = re.compile(
    r"(?:abuse|accounts|accounting|admin|alerts?|billing|careers|contact|enquiries|hello|help|helpdesk|hostmaster"
    r"|hr|info|jobs|mail|marketing|news|newsletter|notifications?|office|orders|press|sales|security|service"
    r"|support|team|webmaster)@"
)
_MACHINE = re.compile(
    r"(?:no|do-?not|never)[-_.]?reply|(?:auto-?|no-?)?bounces?\b|mailer-?daemon|postmaster\b"
    r"|[^@]*-bounces\b|(?:list|major)(?:serv|domo)\b"
)
_RECIPIENTS = {"to", "cc", "bcc"}
_PERSON = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONGEST_ADDRESS = 320
_LONGEST_NAME = 200


def contacts_on(
    mailbox: Mailbox, copies: Sequence[Copy], *, own: Mapping[str, UUID], at: datetime
) -> dict[str, UUID]:
    """Return the contacts on these emails by address key, new ones created where the mailbox's policy says so.

    Call it after `lock_correspondence`, in the transaction that records the emails. Own addresses, colleagues,
    offices, machines and whoever was erased never become contacts by themselves.
    """
    keys = {key for copy in copies for key in copy.packed.address_keys} - own.keys()
    contacts = match_contacts(mailbox.team_id, keys)
    newcomers = {
        person.key: Address(person.name, person.email)
        for copy in reversed(copies)
        for person in copy.packed.people
        if person.key in keys
        and person.key not in contacts
        and _is_met(mailbox.policy, copy, person, own=own)
        and _may_be_contact(person)
    }
    if newcomers:
        colleagues = own_domains(mailbox.team_id)
        newcomers = {
            key: one for key, one in newcomers.items() if key.rpartition("@")[2] not in colleagues
        }
    for key in erased_among(mailbox.team_id, newcomers):
        del newcomers[key]
    if newcomers:
        contacts |= _create_contacts(mailbox, newcomers, at=at)
    return contacts


def _is_met(policy: str, copy: Copy, person: Person, *, own: Mapping[str, UUID]) -> bool:
    """Whether this email makes this person a contact."""
    if policy == StoringPolicy.EVERYONE:
        return person.role != "reply_to"
    is_ours = SENT in copy.labels or copy.packed.author_key in own
    return policy == StoringPolicy.WRITTEN_TO and is_ours and person.role in _RECIPIENTS


def _may_be_contact(person: Person) -> bool:
    is_address = _PERSON.fullmatch(person.key) and len(person.email) <= _LONGEST_ADDRESS
    is_person = not _MACHINE.match(person.key) and not _ROLE.match(person.key)
    return bool(is_address) and is_person


def _create_contacts(
    mailbox: Mailbox, newcomers: Mapping[str, Address], *, at: datetime
) -> dict[str, UUID]:
    # In the order of the keys, so that two who create the same contacts never wait for each other in a ring.
    rows = {key: (new_id(), newcomers[key]) for key in sorted(newcomers)}
    with connection.cursor() as cursor:
        # Whoever has the address first has the contact; the rows below exist for those whose address got in.
        cursor.execute(
            _INSERT_ADDRESSES,
            [
                mailbox.team_id,
                at,
                [contact_id for contact_id, _ in rows.values()],
                [address.email for _, address in rows.values()],
                list(rows),
            ],
        )
        ours = {key for (key,) in cursor}
    contacts = [_contact(mailbox, *rows[key], at=at) for key in ours]
    addresses = {contact_id: address.email for contact_id, address in rows.values()}
    set_indexes([(one, [addresses[one.pk]]) for one in contacts], team_id=mailbox.team_id)
    _insert_contacts(contacts)
    announce("contact", team_id=mailbox.team_id)
    link_contacts([contact.pk for contact in contacts], team_id=mailbox.team_id, at=at)
    taken = match_contacts(mailbox.team_id, rows.keys() - ours)
    return {key: rows[key][0] for key in ours} | taken


def _insert_contacts(contacts: Sequence[Contact]) -> None:
    """An archive makes thousands; what nobody has told of them yet is the same for all."""
    if not contacts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_CONTACTS,
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


def _contact(mailbox: Mailbox, contact_id: UUID, address: Address, *, at: datetime) -> Contact:
    name = "" if "@" in address.name else address.name.strip(" '\"")[:_LONGEST_NAME]
    return Contact(id=contact_id, team_id=mailbox.team_id, name=name, created_at=at, updated_at=at)


_INSERT_CONTACTS = """
    INSERT INTO contacts_contact (
        team_id, created_at, updated_at, job_title, company, phone, note, id, employer_id, name, sort_key, words)
    SELECT %s, %s, %s, '', '', '', '', id, employer_id, name, sort_key, words::tsvector
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[])
        AS met (id, employer_id, name, sort_key, words)
"""
_INSERT_ADDRESSES = """
    INSERT INTO contacts_contactaddress (team_id, created_at, is_primary, contact_id, address, key)
    SELECT %s, %s, true, contact_id, address, key
    FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS met (contact_id, address, key)
    ON CONFLICT (team_id, key) DO NOTHING
    RETURNING key
"""
