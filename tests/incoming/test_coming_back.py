"""The whole way: an email is sent, something comes back, and it is told with the email and its recipient."""

from __future__ import annotations

from contextlib import closing

import pytest

from letterbook.correspondence.later_facts import addresses_that_bounced, later_facts_of
from letterbook.incoming.models import RunKind
from letterbook.incoming.retrieval import retrieve
from letterbook.mailboxes.opening import open_mailbox
from letterbook.outgoing.models import StatusChange
from letterbook.outgoing.status import Status
from sending import SendingWorld


@pytest.fixture
def sending(alice, settings, at) -> SendingWorld:
    return SendingWorld(alice, settings, at)


@pytest.mark.parametrize(
    ("address", "kinds"),
    [
        ("nobody@bounces.example", ["bounce"]),
        ("late@bounces.example", ["delay"]),
        ("away@bounces.example", []),  # nobody's contact: skipped as any stranger's mail
    ],
)
def test_what_comes_back_is_told_with_the_email_which_stays_sent(
    sending, alice, at, address, kinds
):
    """S34."""
    email = sending.queue(to=address)
    sending.work()
    email.refresh_from_db()
    changes = StatusChange.objects.filter(email=email).count()
    sending.mailbox.refresh_from_db()
    with closing(open_mailbox(sending.mailbox, clock=sending.clock)) as provider:
        retrieve(sending.mailbox, provider=provider, kind=RunKind.FIRST, at=at, clock=sending.clock)
    facts = later_facts_of([email.message_id], member=alice).get(email.message_id, [])
    assert [str(fact.kind) for fact in facts] == kinds
    assert {fact.recipient for fact in facts} <= {address}
    email.refresh_from_db()
    assert email.status == Status.SENT
    assert StatusChange.objects.filter(email=email).count() == changes
    bad = {address} if kinds == ["bounce"] else set()
    assert set(addresses_that_bounced(alice, [address])) == bad
