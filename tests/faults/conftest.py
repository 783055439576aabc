"""Alice's mailbox at a fake Gmail that can be made to fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from pytest_django.fixtures import Settings

from letterbook.teams.models import Membership
from office import Office, an_office
from sending import SendingWorld


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Hundreds of tests, and not one of them signs in."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def sending(alice: Membership, settings: Settings, at: datetime) -> SendingWorld:
    """Alice's mailbox at the fake Gmail."""
    return SendingWorld(alice, settings, at)


@pytest.fixture
def office(sending: SendingWorld) -> Iterator[Office]:
    """Real workers that send through a fake Gmail over HTTP."""
    with an_office(sending) as office:
        yield office
