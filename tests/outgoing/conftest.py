"""A mailbox of alice's, and a draft written from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from pytest_django.fixtures import Settings

from factories import a_mailbox
from letterbook.mailboxes.models import Mailbox, SendAsAddress
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.queueing import queue_email
from letterbook.teams.models import Membership
from sending import TEXT, SendingWorld


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Nobody signs in here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def mailbox(alice: Membership) -> Mailbox:
    """Alice's connected mailbox, shared in full, with a verified alias and one that is not."""
    box = a_mailbox(alice, address="alice@haldenrowe.example")
    for address, is_verified in (
        ("press@haldenrowe.example", True),
        ("boss@haldenrowe.example", False),
    ):
        SendAsAddress.objects.create(
            mailbox=box,
            team=alice.team,
            address=address,
            key=address,
            name="Halden Press",
            is_verified=is_verified,
        )
    return box


@pytest.fixture
def write(alice: Membership, mailbox: Mailbox, at: datetime) -> Callable[..., OutgoingEmail]:
    """Write a draft as alice; any field of the text may be given."""

    def write_one(**fields: str) -> OutgoingEmail:
        text = DraftText(**{"to": TEXT.to, "subject": TEXT.subject, "html": TEXT.html, **fields})
        return create_draft(alice, mailbox=mailbox, text=text, at=at)

    return write_one


@pytest.fixture
def draft(write: Callable[..., OutgoingEmail]) -> OutgoingEmail:
    """A draft to Anna."""
    return write()


@pytest.fixture
def queued(draft: OutgoingEmail, alice: Membership, at: datetime) -> OutgoingEmail:
    """The same, queued; due when the undo time is over."""
    queue_email(draft, by=Actor.person(alice), member=alice, at=at)
    return draft


@pytest.fixture
def sending(alice: Membership, settings: Settings, at: datetime) -> SendingWorld:
    """Alice's mailbox at the fake Gmail."""
    return SendingWorld(alice, settings, at)
