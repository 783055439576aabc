"""Which contacts an email concerns, and whom a mailbox's policy makes a contact on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from uuid import UUID

from letterbook.contacts.creating import create_contacts
from letterbook.contacts.matching import match_contacts
from letterbook.contacts.tombstones import erased_among
from letterbook.correspondence.packing import Person
from letterbook.correspondence.storing import SENT, Copy
from letterbook.mailboxes.models import Mailbox, StoringPolicy
from letterbook.mailboxes.own_addresses import own_domains
from letterbook.mime.addresses import Address
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


def contacts_on(
    mailbox: Mailbox, copies: Sequence[Copy], *, own: Mapping[str, UUID], at: datetime
) -> dict[str, UUID]:
    """Return the contacts on these emails by address key, new ones created where the mailbox's policy says so.

    Call it after `lock_correspondence`, in the transaction that records the emails. Own addresses, colleagues,
    offices, machines and whoever was erased never become contacts by themselves.
    """
    keys = {key for copy in copies for key in copy.packed.address_keys} - own.keys()
    contacts = match_contacts(mailbox.team_id, keys)
    newcomers = _met_first(mailbox, copies, among=keys - contacts.keys(), own=own)
    if newcomers:
        colleagues = own_domains(mailbox.team_id)
        newcomers = {
            key: one for key, one in newcomers.items() if key.rpartition("@")[2] not in colleagues
        }
    for key in erased_among(mailbox.team_id, newcomers):
        del newcomers[key]
    if newcomers:
        contacts |= create_contacts(mailbox.team_id, newcomers, at=at)
        link_contacts(
            [contacts[key] for key in newcomers if key in contacts], team_id=mailbox.team_id, at=at
        )
    return contacts


def _met_first(
    mailbox: Mailbox, copies: Sequence[Copy], *, among: Set[str], own: Mapping[str, UUID]
) -> dict[str, Address]:
    """The people that these emails make contacts, by key, with the first name by which one of them calls each."""
    met: dict[str, Address] = {}
    for copy in copies:
        for person in copy.packed.people:
            is_named = person.key in met and met[person.key].name
            if person.key not in among or is_named or not _may_be_contact(person):
                continue
            if _is_met(mailbox.policy, copy, person, own=own):
                # Programs that have no name for somebody write the address in its place.
                name = "" if "@" in person.name else person.name
                met[person.key] = Address(name, person.email)
    return met


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
