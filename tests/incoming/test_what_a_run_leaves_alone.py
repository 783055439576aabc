"""What retrieving never does: write at Gmail, hold more than it must, or move on without what it could not keep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from psycopg.errors import DiskFull

from letterbook.correspondence.models import LedgerState, MailboxMessage, Message
from letterbook.incoming import fetching, storing
from letterbook.incoming.checks import check_coverage_of, request_check
from letterbook.incoming.tasks import retrieve_mailbox
from letterbook.mailboxes.opening import open_mailbox

ALICE = "alice@haldenrowe.example"
_READS = {
    *("getProfile", "messages.list", "messages.get", "history.list", "labels.list", "sendAs.list"),
    *("oauth.authorize", "oauth.consent", "oauth.exchange", "oauth.refresh"),
}


def test_reading_a_mailbox_writes_nothing_at_gmail(mailbox, gmail, arrive, read, anna, at):
    """G8, I10: first retrieval, news, a lost history, a comparison: not one request that changes or sends anything."""
    for number in range(60):
        arrive(number)
    read(mailbox)
    arrive(99)
    read(mailbox, at=at + timedelta(minutes=5))
    gmail.expire_history(ALICE)
    read(mailbox, at=at + timedelta(minutes=10))
    mailbox.refresh_from_db()
    request_check(mailbox, at=at)
    check_coverage_of(mailbox, provider=open_mailbox(mailbox, clock=lambda: at), clock=lambda: at)
    assert Message.objects.count() == 61
    asked = {name for name, number in gmail.counts.items() if number}
    assert asked - _READS == set(), asked
    assert gmail.accepted == []


def test_large_mail_is_stored_before_more_of_it_is_held(mailbox, arrive, read, anna, monkeypatch):
    """B20: a batch ends with its bytes, so that fifty messages of 25 MB are never held together."""
    monkeypatch.setattr(fetching, "_BATCH_BYTES", 100_000)
    held: list[int] = []

    def note_and_store(box, messages, **more):
        held.append(sum(len(one.raw) for one in messages))
        return storing.decide_and_store(box, messages, **more)

    monkeypatch.setattr(fetching, "decide_and_store", note_and_store)
    for number in range(12):
        arrive(number, text="x" * 76 + "\r\n" + ("y" * 76 + "\r\n") * 800)
    read(mailbox)
    assert Message.objects.count() == 12
    assert max(held) < 200_000
    assert len(held) >= 6


def test_a_full_disk_ends_the_run_and_loses_nothing(mailbox, arrive, anna, read, monkeypatch, at):
    """F8: what could not be kept still waits, and is there once there is room again."""
    arrive(1)
    full = OperationalError("could not extend file: No space left on device")
    full.__cause__ = DiskFull("No space left on device")

    def refuse(*_, **__):
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(storing, "record_copies", refuse)
        with pytest.raises(OperationalError):
            retrieve_mailbox(mailbox_id=str(mailbox.pk), kind="scheduled")
    assert MailboxMessage.objects.get().state == LedgerState.WAITING
    read(mailbox, at=at + timedelta(minutes=1))
    assert MailboxMessage.objects.get().state == LedgerState.STORED
