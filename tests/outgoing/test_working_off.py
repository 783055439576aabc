"""A mailbox's queue as one long list: its order, its pace, and what stops it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import a_contact
from letterbook.kit import stopping
from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.claiming import Claim, claim_next
from letterbook.outgoing.models import OutgoingEmail, Pace
from letterbook.outgoing.pacing import daily_limit, day_reopens_at, find_room
from letterbook.outgoing.replying import draft_reply
from letterbook.outgoing.status import Status
from letterbook.outgoing.working_off import work_off


def _run(world):
    work_off(world.mailbox.pk, clock=world.clock)


def _claim_next(world):
    return claim_next(world.mailbox.pk, only_in_doubt=False, at=world.clock())


def _people(count):
    return [f"anna{number}@lindwerk.example" for number in range(count)]


def test_one_job_delivers_many_and_asks_gmail_no_more_than_it_must(sending):
    emails = [sending.queue(to=person) for person in _people(5)]
    sending.forget_jobs()
    _run(sending)
    for email in emails:
        sending.check(email)
        assert (email.status, email.attempts.count()) == (Status.SENT, 1)
        assert email.message is not None
    assert sending.calls == {
        "getProfile": 1, "drafts.create": 5, "drafts.send": 5, "messages.get": 5,
    }  # fmt: skip


def test_all_who_are_queued_within_a_second_share_a_job(sending):
    for person in _people(4):
        email = sending.write(to=person)
        sending.clock.pass_time(seconds=-sending.settings.UNDO_SECONDS)
        sending.queue(email)
    assert len(sending.forget_jobs("deliver_mailbox")) == 1


def test_the_first_lane_asks_for_another_only_when_there_is_more_to_do(sending):
    sending.queue()
    sending.forget_jobs()
    _run(sending)
    assert sending.forget_jobs("deliver_mailbox") == []
    for person in _people(2):
        sending.queue(to=person)
    sending.forget_jobs()
    _run(sending)
    mailbox_id = str(sending.mailbox.pk)
    assert sending.forget_jobs("deliver_mailbox") == [
        ("deliver_mailbox", {"mailbox_id": mailbox_id, "lane": 2})
    ]


def test_no_more_are_under_way_than_gmail_should_see_at_once(sending, settings):
    settings.SENDS_AT_ONCE = 2
    for person in _people(3):
        sending.queue(to=person)
    assert find_room(sending.mailbox.pk, at=sending.clock()).has_place
    assert isinstance(_claim_next(sending), Claim)
    assert isinstance(_claim_next(sending), Claim)
    assert not find_room(sending.mailbox.pk, at=sending.clock()).has_place
    _run(sending)
    assert not sending.accepted


def test_emails_of_one_conversation_leave_in_the_order_in_which_they_were_queued(sending):
    """I8: while the first is under way or waits, the second waits for it; others do not."""
    a_contact(sending.member, "Anna Lind", "anna@lindwerk.example")
    first = sending.queue()
    sending.work()
    first.refresh_from_db()
    replies = []
    for _ in range(2):
        reply = draft_reply(
            sending.member, first.message, to_all=False, mailbox=sending.mailbox, at=sending.clock()
        )
        replies.append(sending.queue(reply))
    other = sending.queue(to="bert@lindwerk.example")
    assert _claim_next(sending).email == replies[0]
    assert _claim_next(sending).email == other
    assert _claim_next(sending) is None
    sending.clock.pass_time(minutes=5)
    sending.work()
    keys = [str(one.frozen.get().send_key) for one in replies]
    assert [one.send_key for one in sending.accepted if one.send_key in keys] == keys


def test_an_email_that_may_have_been_sent_holds_back_no_other_to_the_same_people(sending):
    """S31: nothing but its conversation waits until Gmail has answered."""
    lost, unrelated = sending.queue(subject="Lost"), sending.queue(subject="Unrelated")
    sending.gmail.fail("drafts.send", "drop_before")
    sending.attempt(lost)
    _run(sending)
    for email, status in ((lost, "queued"), (unrelated, "sent")):
        email.refresh_from_db()
        assert email.status == status


def test_an_email_that_failed_or_is_for_tomorrow_holds_up_nobody(sending):
    tomorrow = sending.queue()
    OutgoingEmail.objects.filter(pk=tomorrow.pk).update(
        due_at=sending.clock() + timedelta(days=1), send_at=sending.clock() + timedelta(days=1)
    )
    sending.gmail.fail("drafts.create", "refuse:400")
    failing, following = sending.queue(), sending.queue()
    sending.work(hours=1)
    for email, status in ((tomorrow, "queued"), (failing, "failed"), (following, "sent")):
        email.refresh_from_db()
        assert email.status == status


def test_a_burst_is_spread_over_minutes(sending, settings):
    """Limits: never more in a minute than Gmail lets one mailbox do, and nobody waits for a person."""
    settings.SENDS_PER_MINUTE = 3
    for person in _people(8):
        sending.queue(to=person)
    began = sending.clock()
    sending.work(hours=1)
    minutes = [int((one.at - began) / timedelta(minutes=1)) for one in sending.accepted]
    assert len(minutes) == 8
    assert max(minutes.count(minute) for minute in set(minutes)) == 3
    assert max(minutes) <= 5


@pytest.mark.parametrize("how", ["refuse:429", "refuse:429:concurrency"])
def test_a_mailbox_that_gmail_asks_to_slow_down_slows_down_alone_and_recovers(sending, alice, how):
    """S32, F13."""
    other = sending.connect(alice, "alice@second.example")
    sending.gmail.fail("drafts.create", how)
    sending.attempt(sending.queue())
    pace = Pace.objects.get()
    assert pace.mailbox == sending.mailbox
    assert not Pace.objects.filter(mailbox=other).exists()
    at = sending.clock()
    is_crowded = how.endswith("concurrency")
    assert pace.sends_at_once(at=at) == (1 if is_crowded else 2)
    assert pace.sends_a_minute(at=at) == pytest.approx(45 if is_crowded else 22.5)
    later = at + timedelta(minutes=11)
    assert (pace.sends_at_once(at=later), pace.sends_a_minute(at=later)) == (2, 45)


def test_without_a_limit_of_our_own_gmails_word_still_counts(sending, settings):
    settings.SENDS_PER_MINUTE = float("inf")
    sending.gmail.fail("drafts.create", "refuse:429")
    sending.attempt(sending.queue())
    assert Pace.objects.get().a_minute == pytest.approx(22.5)


def test_a_used_up_day_stops_a_mailbox_before_gmail_does(sending, monkeypatch):
    """Limits: our own ledger of 24 hours; it goes on when the first of them is a day old."""
    monkeypatch.setattr("letterbook.outgoing.pacing._WORKSPACE_DAY", 3)
    two = "anna@lindwerk.example, bert@lindwerk.example"
    sending.queue(to=two)
    sending.work(hours=1)
    sending.clock.pass_time(hours=2)
    sending.queue(to="cleo@lindwerk.example")
    sending.work(hours=1)
    late = sending.queue(to="dora@lindwerk.example")
    sending.work(hours=1)
    late.refresh_from_db()
    assert late.status == Status.QUEUED
    assert late.due_reason == "Gmail's sending limit for this mailbox is used up."
    assert late.due_at == sending.accepted[0].at + timedelta(hours=24)
    sending.work(hours=30)
    sending.check(late)
    assert late.status == Status.SENT
    assert day_reopens_at(sending.mailbox, at=sending.clock()) is None


def test_an_account_of_ones_own_may_write_to_fewer_people_a_day(sending):
    assert daily_limit(sending.mailbox) == 2000
    assert daily_limit(Mailbox(address_key="anna.lind@gmail.com")) == 500


def test_what_stops_one_email_of_a_mailbox_is_told_of_them_all_at_once(sending):
    """S24: a paused queue of many is looked at once, not email by email."""
    emails = [sending.queue(to=person) for person in _people(4)]
    Mailbox.objects.update(is_sending_paused=True)
    _run(sending)
    for email in emails:
        email.refresh_from_db()
        assert (email.status, email.attempt) == ("queued", 0)
        assert email.due_reason == "Sending from this mailbox is paused."
    assert sending.calls == {}


def test_what_may_have_been_sent_is_asked_about_although_its_mailbox_is_paused(sending):
    """Rule 1: one lost answer in a paused queue."""
    lost = sending.queue()
    sending.gmail.fail("drafts.send", "act_then_drop")
    sending.attempt(lost)
    waiting = sending.queue(to="bert@lindwerk.example")
    Mailbox.objects.update(is_sending_paused=True)
    sending.clock.pass_time(minutes=1)
    _run(sending)
    lost.refresh_from_db()
    waiting.refresh_from_db()
    assert (lost.status, waiting.status) == ("sent", "queued")


def test_a_worker_that_is_asked_to_stop_begins_no_other_email_and_leaves_a_job(sending):
    """F3."""
    sending.queue()
    sending.forget_jobs()
    stopping.ask_to_stop()
    try:
        _run(sending)
    finally:
        stopping._asked.clear()
    assert not sending.accepted
    assert [name for name, _ in sending.forget_jobs()] == ["deliver_mailbox"]
