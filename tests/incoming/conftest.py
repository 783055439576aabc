"""Retrieving from the fake Gmail, with the clock of the tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection

from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.retrieval import retrieve
from letterbook.mailboxes.opening import open_mailbox
from letters import a_letter

ALICE = "alice@haldenrowe.example"


@pytest.fixture
def read(gmail, at) -> Callable[..., RetrievalRun]:
    """Retrieve a mailbox once; `wrap` may put something between it and its provider."""

    def go(mailbox, *, kind=RunKind.SCHEDULED, at=at, wrap=lambda one: one, **more) -> RetrievalRun:
        mailbox.refresh_from_db()
        with closing(open_mailbox(mailbox, clock=lambda: at)) as provider:
            return retrieve(
                mailbox, provider=wrap(provider), kind=kind, at=at, clock=lambda: at, **more
            )

    return go


@pytest.fixture
def arrive(gmail, at) -> Callable[..., str]:
    """Put letter number `number` into alice's Gmail, each a minute later than the one before."""

    def go(number: int = 1, *, labels=("INBOX", "UNREAD"), account: str = ALICE, **letter) -> str:
        received_at = at - timedelta(days=1) + timedelta(minutes=number)
        return gmail.inject(
            account, a_letter(number, **letter), labels=labels, received_at=received_at
        )

    return go


@pytest.fixture
def anna(make_contact):
    """The contact whose letters arrive."""
    return make_contact("Anna Lind", "anna@lindwerk.example")


@pytest.fixture(autouse=True)
def _the_numbers_are_the_ledger(db) -> object:
    """After every test here the counted numbers are what counting the ledger gives, in all and by day."""
    yield
    with connection.cursor() as cursor:
        cursor.execute(_WHERE_THEY_DIFFER)
        assert cursor.fetchall() == []


_WHERE_THEY_DIFFER = """
    WITH ledger AS (
        SELECT mailbox_id, (provider_at AT TIME ZONE 'UTC')::date AS day, state, reason, is_removed_at_source
        FROM correspondence_mailboxmessage
    )
    SELECT mailbox_id, day, state, reason, is_removed_at_source, sum(number) FROM (
        SELECT mailbox_id, day, state, reason, is_removed_at_source, number FROM incoming_ledgercount
        UNION ALL SELECT mailbox_id, day, state, reason, is_removed_at_source, -1 FROM ledger
            WHERE day IS NOT NULL
        UNION ALL SELECT mailbox_id, NULL, state, reason, is_removed_at_source, -1 FROM ledger
    ) both_ways GROUP BY 1, 2, 3, 4, 5 HAVING sum(number) <> 0
"""
