"""The team whose mail is measured."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.timezone import now

from bench.surroundings import FakeServer
from letterbook.contacts.indexing import index_contacts
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.mailboxes.grants import keep_tokens
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.providers.gmail.oauth import SCOPES
from letterbook.providers.gmail.tokens import TokenSet
from letterbook.teams.joining import found_team
from letterbook.teams.models import Membership, User


def a_team() -> Membership:
    """Found a team and return its owner."""
    owner = User.objects.create_user("owner@bench.example", "a long password", name="Olive Owner")
    return found_team(owner, name="Bench", at=now())


def contacts_with(member: Membership, addresses: list[str]) -> list[str]:
    """Make a contact of each address and return their ids, in order."""
    team = member.team
    contacts = Contact.objects.bulk_create(
        [Contact(team=team, name=one.partition("@")[0].title()) for one in addresses]
    )
    ContactAddress.objects.bulk_create(
        [
            ContactAddress(contact=contact, team=team, address=one, key=one, is_primary=True)
            for contact, one in zip(contacts, addresses, strict=True)
        ]
    )
    ids = [contact.pk for contact in contacts]
    index_contacts(ids)
    return [str(one) for one in ids]


def connect(member: Membership, address: str, fake: FakeServer) -> Mailbox:
    """Connect an account of the fake Gmail; it is not retrieved before it is asked for."""
    fake.post("accounts", address=address)
    told = fake.post("grants", address=address)
    expires_at = datetime.fromisoformat(told["expires_at"])
    tokens = TokenSet(told["access_token"], told["refresh_token"], expires_at, frozenset(SCOPES))
    mailbox = Mailbox.objects.create(
        team=member.team,
        owner=member.user,
        address=address,
        address_key=address,
        sharing=Sharing.FULL,
        retrieve_next_at=now() + timedelta(days=1),
    )
    keep_tokens(mailbox, tokens, at=now())
    return mailbox
