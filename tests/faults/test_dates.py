"""Held back, an email leaves with the date on which it leaves, also where workers die or sleep over that."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from functools import partial

import pytest

from factories import a_contact
from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.models import Actor, FrozenEmail, OutgoingEmail
from letterbook.outgoing.queueing import reschedule, retry
from letterbook.outgoing.releasing import is_held_by_source
from letterbook.outgoing.status import Status

# Of what has a draft at Gmail: drafts.get, drafts.delete, getProfile, drafts.create, drafts.send, messages.get.
REQUESTS = range(1, 7)
BOTH = pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
HELD_BACK = timedelta(hours=5)


def date_of(frozen: FrozenEmail) -> datetime:
    return parsedate_to_datetime(message_from_bytes(bytes(frozen.raw))["Date"])


def check_date(sending, email: OutgoingEmail) -> None:
    """It left once, as it is kept, with the date of that hour, and left no draft behind."""
    sending.check(email)
    assert email.status == Status.SENT
    assert email.sent_at - date_of(email.frozen.get()) < timedelta(minutes=5)
    assert not sending.gmail.mailbox(sending.mailbox.address).drafts


@pytest.fixture
def held_back(sending) -> OutgoingEmail:
    """An email whose draft Gmail has, and that it would not send five hours ago."""
    email = sending.queue()
    sending.gmail.fail("drafts.send", "refuse:429")
    sending.attempt(email)
    assert len(sending.gmail.mailbox(sending.mailbox.address).drafts) == 1
    sending.clock.pass_time(seconds=HELD_BACK.total_seconds())
    return email


@pytest.fixture
def unseen(sending) -> OutgoingEmail:
    """An email that waited five hours for its paused mailbox, and of which Gmail knows nothing."""
    email = sending.queue()
    Mailbox.objects.update(is_sending_paused=True)
    sending.work(hours=1)
    sending.clock.pass_time(seconds=HELD_BACK.total_seconds())
    Mailbox.objects.update(is_sending_paused=False)
    return email


def test_what_waited_for_its_paused_mailbox_carries_the_date_on_which_it_leaves(sending, unseen):
    """S5, S92."""
    before = unseen.frozen.get()
    sending.work()
    check_date(sending, unseen)
    after = unseen.frozen.get()
    assert date_of(after) - date_of(before) >= HELD_BACK
    assert bytes(after.raw).partition(b"\r\n\r\n")[2] == bytes(before.raw).partition(b"\r\n\r\n")[2]
    assert str(after.send_key) in bytes(after.raw).decode()
    assert before.send_key.hex not in bytes(after.raw).decode()


def test_what_gmail_would_not_send_for_hours_carries_the_date_on_which_it_leaves(
    sending, held_back
):
    """S5, S92: its draft in Gmail, which has the date of before, is deleted and made anew."""
    sending.work()
    check_date(sending, held_back)


def test_what_leaves_within_minutes_keeps_its_bytes_and_its_draft(sending):
    email = sending.queue()
    sending.gmail.fail("drafts.send", "refuse:429")
    sending.work()
    sending.check(email)
    assert (email.status, sending.calls["drafts.create"]) == (Status.SENT, 1)


def test_what_was_scheduled_for_later_and_leaves_now_does_not_come_from_the_future(sending, at):
    email = sending.queue()
    frozen = email.frozen.get()
    days_ahead = bytes(frozen.raw).replace(b" Nov 2026", b" Dec 2026")
    email.frozen.update(raw=days_ahead)
    sending.work()
    check_date(sending, email)


@BOTH
@pytest.mark.parametrize("request_number", REQUESTS)
def test_a_worker_may_die_anywhere_while_a_draft_is_dated_anew(
    sending, held_back, request_number, before
):
    """F1, S15."""
    with sending.killing(request_number, before=before):
        sending.work(hours=0)
    sending.check(held_back)
    sending.work()
    check_date(sending, held_back)
    assert len(sending.accepted) == 1


@BOTH
@pytest.mark.parametrize("request_number", range(1, 5))
def test_a_worker_may_die_anywhere_while_what_gmail_never_saw_is_dated_anew(
    sending, unseen, request_number, before
):
    with sending.killing(request_number, before=before):
        sending.work(hours=0)
    sending.work()
    check_date(sending, unseen)
    assert len(sending.accepted) == 1


@BOTH
@pytest.mark.parametrize("request_number", REQUESTS)
def test_a_worker_that_wakes_up_finds_that_another_dated_it_anew(
    sending, held_back, request_number, before
):
    """F4: of two that date one email anew, the one whose attempt it is sends it."""

    def meanwhile() -> None:
        sending.clock.pass_time(minutes=10)
        sending.work()

    with sending.interrupting(request_number, meanwhile, before=before):
        sending.attempt(held_back)
    sending.work()
    sending.check(held_back)
    assert held_back.status == Status.SENT
    assert len(sending.accepted) == 1


@pytest.mark.parametrize("when", ["before it was looked for", "between looking and deleting"])
def test_what_its_owner_sent_by_hand_is_adopted_and_not_dated_anew(sending, held_back, when):
    """Rule 1, F25."""
    if when == "before it was looked for":
        sending.send_draft_by_hand()
        sending.work()
    else:
        with sending.interrupting(1, sending.send_draft_by_hand, before=False):
            sending.work()
    sending.check(held_back)
    assert (held_back.status, len(sending.accepted)) == (Status.SENT, 1)


def test_what_leaves_after_its_mailbox_was_reconnected_days_later_is_of_that_day(sending):
    """S92, S95."""
    email = sending.queue()
    sending.gmail.revoke(sending.mailbox.address)
    sending.work()
    sending.clock.pass_time(days=2)
    sending.reconnect()
    sending.work()
    check_date(sending, email)


def test_an_orphan_of_a_worker_that_died_is_deleted_before_it_is_dated_anew(sending):
    email = sending.queue()
    with sending.killing(2, before=False):
        sending.attempt(email)
    sending.clock.pass_time(hours=1)
    sending.work()
    check_date(sending, email)
    assert sending.calls["drafts.delete"] == 1


def test_what_may_have_been_sent_keeps_its_bytes_however_long_it_waits(sending):
    """Rule 1: nobody can be certain that the submission of before is at an end."""
    email = sending.queue()
    sending.gmail.fail("drafts.send", "drop_before")
    sending.attempt(email)
    frozen = email.frozen.get()
    Mailbox.objects.update(is_sending_paused=True)
    sending.work(hours=1)
    sending.clock.pass_time(hours=5)
    Mailbox.objects.update(is_sending_paused=False)
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert bytes(email.frozen.get().raw) == bytes(frozen.raw)


def refuse(sending, email: OutgoingEmail) -> None:
    """Let Gmail refuse it for good."""
    sending.gmail.fail("drafts.send", "refuse:400")
    assert sending.attempt(email).status == Status.FAILED


def retry_it(sending, email: OutgoingEmail, **named: bool) -> None:
    by = Actor.person(sending.member)
    retry(email, by=by, member=sending.member, at=sending.clock(), **named)


def move(sending, email: OutgoingEmail, **later: float) -> None:
    send_at = sending.clock() + timedelta(**later)
    reschedule(email, member=sending.member, at=sending.clock(), send_at=send_at)


def retried(sending, email: OutgoingEmail, *, after: float) -> None:
    refuse(sending, email)
    sending.clock.pass_time(hours=after)
    retry_it(sending, email)


def cancelled_and_queued_again(sending, email: OutgoingEmail) -> None:
    sending.cancel(email)
    sending.clock.pass_time(hours=3)
    sending.queue(email)


def sent_again_by_a_person(sending, email: OutgoingEmail) -> None:
    sending.gmail.fail("drafts.send", "drop_before")
    sending.attempt(email)
    sending.delete_everything_at_gmail()
    sending.work()
    email.refresh_from_db()
    retry_it(sending, email, even_if_unconfirmed=True)


BEFORE_IT_LEFT = {
    "nothing": lambda _, __: None,
    "retried at once": partial(retried, after=0),
    "retried the next day": partial(retried, after=24),
    "moved to later": partial(move, hours=30),
    "moved to now": lambda sending, email: [move(sending, email, days=9), move(sending, email)],
    "cancelled and queued again": cancelled_and_queued_again,
    "the answer was lost": lambda sending, _: sending.gmail.fail("drafts.send", "act_then_drop"),
    "sent again by a person": sent_again_by_a_person,
}


@pytest.mark.parametrize("message_ids", ["rewrite", "keep"])
@pytest.mark.parametrize("what", list(BEFORE_IT_LEFT))
def test_date_message_id_and_bytes_are_kept_as_gmail_got_them_whatever_came_before(
    sending, what, message_ids
):
    """S5, S9, S92: the source in the history gives back the bytes that were handed over, and names what went out."""
    sending.gmail.behaviour.message_ids = message_ids
    a_contact(sending.member, "Anna Lind", "anna@lindwerk.example")
    email = sending.queue(html="<p>Grüße</p>")
    BEFORE_IT_LEFT[what](sending, email)
    sending.work(hours=40)
    sending.check(email)
    (accepted,) = sending.accepted
    frozen = email.frozen.get(send_key=accepted.send_key)
    assert accepted.raw_sha256 == hashlib.sha256(bytes(frozen.raw)).hexdigest()
    assert is_held_by_source(frozen)
    assert (email.status, email.message.message_id) == ("sent", accepted.message_id.strip("<>"))
    assert (email.message.message_id == frozen.message_id) is (message_ids == "keep")
    assert abs(accepted.at - date_of(frozen)) < timedelta(minutes=5)
    assert email.sent_at == accepted.at
