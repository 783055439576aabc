"""Handing over: what Gmail gets, what is written down, and what follows from each of its answers."""

from __future__ import annotations

import hashlib
from datetime import UTC

import pytest

from factories import a_contact
from letterbook.mailboxes.models import Mailbox, MailboxState, SendAsAddress
from letterbook.mailboxes.states import mark_needs_reconnecting
from letterbook.outgoing import filing
from letterbook.outgoing.drafts import attach_file, create_draft
from letterbook.outgoing.models import Actor, Origin, OutgoingEmail
from letterbook.outgoing.queueing import (
    doubt_unfinished_emails,
    queue_email,
    resume_mailbox,
    retry,
)
from letterbook.outgoing.replying import draft_reply
from letterbook.outgoing.status import ErrorClass, Status
from letterbook.teams.models import Membership, User
from sending import TEXT


def test_a_queued_email_is_sent_and_its_copy_joins_the_contacts_history(sending):
    """S9, S13, S29, S31, S33, S63."""
    anna = a_contact(sending.member, "Anna Lind", "anna@lindwerk.example")
    email = sending.queue()
    sending.work()
    email.refresh_from_db()
    (accepted,) = sending.accepted
    assert email.status == Status.SENT
    assert (email.gmail_message_id, email.sent_at) == (accepted.gmail_message_id, accepted.at)
    assert email.gmail_thread_id
    assert email.message.message_id == accepted.message_id.strip("<>")
    assert email.message.sent_by == sending.member.user
    assert [activity.message for activity in anna.activities.all()] == [email.message]


def test_what_was_accepted_is_what_was_frozen_to_the_last_byte(sending):
    """S5, I5."""
    email = sending.queue(bcc="hidden@x.example")
    sending.work()
    (accepted,) = sending.accepted
    frozen = email.frozen.get()
    assert (
        accepted.raw_sha256
        == bytes(frozen.sha256).hex()
        == hashlib.sha256(bytes(frozen.raw)).hexdigest()
    )
    assert accepted.send_key == str(frozen.send_key)
    assert set(accepted.recipients) == {"anna@lindwerk.example", "hidden@x.example"}


def test_a_thousand_drafts_are_a_thousand_drafts_and_nothing_reaches_gmail(sending):
    """S7."""
    original = sending.write()
    OutgoingEmail.objects.bulk_create(
        OutgoingEmail(team_id=original.team_id, mailbox=sending.mailbox, author=sending.member.user)
        for _ in range(999)
    )
    sending.work()
    assert OutgoingEmail.objects.filter(status=Status.DRAFT).count() == 1000
    assert sending.calls == {}


@pytest.mark.parametrize("origin", list(Origin))
def test_every_origin_goes_the_same_way(sending, origin):
    """S11."""
    email = sending.write()
    OutgoingEmail.objects.filter(pk=email.pk).update(origin=origin)
    sending.queue(email)
    sending.work()
    sending.check(email)
    assert list(email.status_changes.order_by("id").values_list("new", "actor")) == [
        ("draft", "person"),
        ("queued", "person"),
        ("sent", "worker"),
    ]


def test_nothing_is_handed_over_inside_the_undo_time(sending):
    """S8, G11."""
    email = sending.write()
    queue_email(email, by=Actor.person(sending.member), member=sending.member, at=sending.clock())
    sending.clock.pass_time(seconds=9)
    assert sending.attempt(email).attempt == 0
    sending.clock.pass_time(seconds=1)
    assert sending.attempt(email).status == Status.SENT


def test_while_it_is_handed_over_the_row_says_so(sending):
    """S6: another connection sees the attempt and its step while the network call is under way."""
    seen = []

    def look():
        email.refresh_from_db()
        attempt = email.attempts.get()
        seen.append(
            (email.status, email.leased_until > sending.clock(), attempt.number, attempt.step)
        )

    email = sending.queue()
    with sending.interrupting(3, look, before=True):
        sending.attempt(email)
    assert seen == [("queued", True, 1, "submitting")]


def test_a_reply_goes_into_the_same_conversation_in_gmail(sending):
    """S29."""
    a_contact(sending.member, "Anna Lind", "anna@lindwerk.example")
    first = sending.queue()
    sending.work()
    first.refresh_from_db()
    reply = draft_reply(
        sending.member, first.message, to_all=False, mailbox=sending.mailbox, at=sending.clock()
    )
    sending.queue(reply)
    sending.work()
    reply.refresh_from_db()
    assert reply.status == Status.SENT
    assert reply.gmail_thread_id == first.gmail_thread_id
    assert reply.message.thread_id == first.message.thread_id


def test_another_mailbox_answers_without_the_conversation_that_only_the_first_one_has(
    sending, alice
):
    """S29: Gmail's ids of conversations count within one mailbox."""
    a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    first = sending.queue()
    sending.work()
    first.refresh_from_db()
    second = sending.connect(alice, "alice@second.example")
    reply = draft_reply(alice, first.message, to_all=False, mailbox=second, at=sending.clock())
    sending.queue(reply)
    sending.work()
    sending.check(reply)
    assert (reply.status, sending.calls["drafts.create"]) == (Status.SENT, 2), (
        "the first one's id was tried"
    )
    assert reply.message.thread_id == first.message.thread_id


def test_a_conversation_that_was_deleted_in_gmail_does_not_hold_an_answer_up(sending):
    a_contact(sending.member, "Anna Lind", "anna@lindwerk.example")
    first = sending.queue()
    sending.work()
    first.refresh_from_db()
    sending.delete_everything_at_gmail()
    reply = draft_reply(
        sending.member, first.message, to_all=False, mailbox=sending.mailbox, at=sending.clock()
    )
    sending.queue(reply)
    sending.work()
    sending.check(reply)
    assert reply.status == Status.SENT


OBSTACLES = {
    "removed": (
        lambda world: Membership.objects.filter(pk=world.member.pk).delete(),
        "not_permitted",
    ),
    "deactivated": (
        lambda world: User.objects.filter(pk=world.member.user_id).update(is_active=False),
        "not_permitted",
    ),
    "disconnected": (
        lambda world: Mailbox.objects.update(state=MailboxState.DISCONNECTED),
        "needs_reconnecting",
    ),
}


@pytest.mark.parametrize("obstacle", list(OBSTACLES))
def test_a_right_that_ended_after_queueing_is_noticed_before_sending(sending, obstacle):
    """G5, F26."""
    email = sending.queue()
    arrange, error_class = OBSTACLES[obstacle]
    arrange(sending)
    sending.work()
    sending.check(email)
    assert (email.status, email.error_class) == (Status.FAILED, error_class)
    assert sending.calls == {}


def test_an_alias_that_was_taken_away_after_queueing_is_noticed_before_sending(sending):
    """C12, G5: Gmail would silently send it under another address."""
    alias = SendAsAddress.objects.create(
        mailbox=sending.mailbox,
        team_id=sending.mailbox.team_id,
        address="press@halden.example",
        key="press@halden.example",
        is_verified=True,
    )
    email = sending.queue(from_address=alias.address)
    SendAsAddress.objects.filter(pk=alias.pk).update(is_verified=False)
    sending.work()
    sending.check(email)
    assert (email.status, email.error_class) == (Status.FAILED, "not_permitted")
    assert "press@halden.example" in email.error
    assert sending.calls == {}


@pytest.mark.parametrize("columns", [{"is_sending_paused": True}, {"state": MailboxState.PAUSED}])
def test_a_paused_mailbox_keeps_its_queue_however_long(sending, columns):
    """S24."""
    email = sending.queue()
    Mailbox.objects.update(**columns)
    sending.work()
    sending.clock.pass_time(days=10)
    sending.work()
    email.refresh_from_db()
    assert (email.status, email.due_reason) == ("queued", "Sending from this mailbox is paused.")
    Mailbox.objects.update(is_sending_paused=False, state=MailboxState.CONNECTED)
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT


def test_a_pause_after_a_lost_answer_stops_the_second_submission_but_not_the_question(sending):
    """Rule 1, S24: asking sends nothing."""
    lost, unsent = sending.queue(subject="Sent"), sending.queue(subject="Not sent")
    for email, how in ((lost, "act_then_drop"), (unsent, "drop_before")):
        sending.gmail.fail("drafts.send", how)
        sending.attempt(email)
    Mailbox.objects.update(is_sending_paused=True)
    sending.work(hours=1)
    sending.check(lost)
    sending.check(unsent)
    assert (lost.status, unsent.status) == ("sent", "queued")
    assert sending.calls["drafts.get"] < 15
    Mailbox.objects.update(is_sending_paused=False)
    sending.work(hours=1)
    sending.check(unsent)
    assert unsent.status == "sent"


def test_a_mailbox_that_nobody_reconnects_ends_in_a_failure_that_says_so(sending):
    email = sending.queue()
    mark_needs_reconnecting(sending.mailbox, reason="Revoked.", at=sending.clock())
    sending.work()
    email.refresh_from_db()
    assert (email.status, email.due_reason) == (
        "queued",
        "Waits for its mailbox to be reconnected.",
    )
    sending.clock.pass_time(days=4)
    sending.work()
    sending.check(email)
    assert (email.status, email.error_class) == (Status.FAILED, ErrorClass.NEEDS_RECONNECTING)


@pytest.mark.parametrize("call", ["drafts.send", "messages.get", "drafts.delete"])
def test_a_permission_that_never_covered_sending_is_told_from_one_that_ended(sending, call):
    """S17, S32: what its owner is told to do differs."""
    for refused, trouble in (("refuse:403:scope", "scope"), ("refuse:401", "revoked")):
        _meet(sending, call, refused)
        sending.mailbox.refresh_from_db()
        assert (sending.mailbox.state, sending.mailbox.trouble) == ("needs_reconnecting", trouble)
        sending.reconnect()
        sending.work()


def _meet(sending, call, refused):
    """Be refused while an email is sent, while its copy is filed, or while the draft of a cancelled one is deleted."""
    email = sending.queue()
    if call == "drafts.delete":
        sending.gmail.fail("drafts.send", "refuse:429")
        sending.attempt(email)
        sending.cancel(email)
    sending.gmail.fail(call, refused, times=6)
    sending.work(hours=0.01)
    sending.gmail.stop_failing()


def test_a_mailbox_that_was_reconnected_gets_its_email_at_once(sending):
    email = sending.queue()
    mark_needs_reconnecting(sending.mailbox, reason="Revoked.", at=sending.clock())
    sending.work()
    sending.reconnect()
    resume_mailbox(sending.mailbox, at=sending.clock())
    resume_mailbox(sending.mailbox, at=sending.clock())
    sending.work(hours=0.001)
    sending.check(email)
    assert email.status == Status.SENT


def test_a_used_up_daily_limit_parks_everything_that_the_mailbox_sends(sending):
    """F18, S32: one refusal, not one per email."""
    sending.gmail.fail("drafts.send", "refuse:429:sending", retry_after=7200)
    emails = [sending.queue(subject=str(number)) for number in range(3)]
    sending.work(hours=1)
    sending.mailbox.refresh_from_db()
    assert sending.mailbox.sending_limited_until > sending.clock()
    assert sending.calls["drafts.send"] == 1
    sending.work(hours=5)
    assert len(sending.accepted) == 3
    for email in emails:
        sending.check(email)


def test_what_gmail_says_about_the_time_is_obeyed_within_reason(sending):
    """G6: a day is, a year is not, the past is nothing."""
    for retry_after, least, most in (
        (7200, 7200, 7201),
        (400 * 86_400, 86_400, 86_401),
        (-500, 48, 145),
    ):
        # Only this email is asked about here: what the refusal means for the mailbox is forgotten again.
        Mailbox.objects.update(sending_limited_until=None)
        email = sending.queue()
        sending.gmail.fail("drafts.create", "refuse:429", retry_after=retry_after)
        waits = sending.attempt(email).due_at - sending.clock()
        assert least <= waits.total_seconds() <= most


def test_waits_grow_to_an_hour_and_say_why(sending):
    sending.gmail.fail("drafts.create", "refuse:503", times=10)
    email = sending.queue()
    waits = []
    for _ in range(9):
        sending.attempt(email)
        waits.append((email.due_at - sending.clock()).total_seconds())
        sending.clock.now = email.due_at
    assert 48 <= waits[0] <= 72
    assert 2_800 < waits[-1] < 4_400
    assert email.due_reason.startswith("Gmail did not answer clearly. Nothing was sent yet")


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_a_draft_that_somebody_changed_in_gmail_before_it_was_submitted_is_made_anew(
    sending, change
):
    """F21, I5: what is sent is what was written here."""
    email = sending.queue()
    with sending.killing(2, before=False):
        sending.attempt(email)
    with sending.killing(3, before=False):
        sending.clock.pass_time(minutes=4)
        sending.gmail.fail("drafts.send", "refuse:503")
        sending.work(hours=0.01)
    email.frozen.update(submitted_at=None)
    sending.change_draft(change)
    sending.clock.pass_time(minutes=4)
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert sending.accepted[0].raw_sha256 == bytes(email.frozen.get().sha256).hex()


def test_a_draft_that_was_sent_by_hand_in_gmail_is_not_sent_again(sending):
    """F21: its owner pressed Send in Gmail while we waited."""
    email = sending.queue()
    sending.gmail.fail("drafts.send", "refuse:429")
    sending.attempt(email)
    sending.send_draft_by_hand()
    sending.clock.pass_time(minutes=10)
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert len(sending.accepted) == 1


def test_a_draft_edited_after_a_lost_answer_is_not_sent_but_decided_by_a_person(sending):
    """F21."""
    email = sending.queue()
    sending.gmail.fail("drafts.send", "drop_before")
    sending.attempt(email)
    sending.change_draft("edited")
    sending.work()
    sending.check(email)
    assert (email.status, email.error_class) == (Status.FAILED, ErrorClass.UNCONFIRMED)
    assert not sending.accepted


def test_send_again_looks_once_more_and_finds_a_copy_that_showed_late(sending):
    """Rule 1: even then it is not sent twice where that can be known."""
    sending.gmail.behaviour.sent_visible_after = 3600
    sending.gmail.fail("drafts.send", "act_then_drop")
    email = sending.queue()
    sending.work(hours=0.5)
    email.refresh_from_db()
    assert email.error_class == ErrorClass.UNCONFIRMED
    sending.clock.pass_time(hours=1)
    retry(
        email,
        by=Actor.person(sending.member),
        member=sending.member,
        at=sending.clock(),
        even_if_unconfirmed=True,
    )
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert len(sending.accepted) == 1


def test_send_again_sends_where_no_copy_is_to_be_found(sending):
    sending.gmail.fail("drafts.send", "drop_before")
    email = sending.queue()
    sending.attempt(email)
    sending.delete_everything_at_gmail()
    sending.work()
    email.refresh_from_db()
    assert email.error_class == ErrorClass.UNCONFIRMED
    retry(
        email,
        by=Actor.person(sending.member),
        member=sending.member,
        at=sending.clock(),
        even_if_unconfirmed=True,
    )
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT


def test_what_was_sent_between_backup_and_restore_is_found_not_repeated(sending):
    """F28: the backup still says queued."""
    email = sending.queue()
    with sending.killing(3, before=False):
        sending.attempt(email)
    email.attempts.all().delete()
    email.frozen.update(draft_id="", cursor_before="", submitted_at=None)
    OutgoingEmail.objects.filter(pk=email.pk).update(attempt=0, leased_until=None)
    doubt_unfinished_emails(at=sending.clock())
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert len(sending.accepted) == 1


def test_cancelling_removes_the_draft_from_gmail(sending):
    """F25."""
    email = sending.queue()
    sending.gmail.fail("drafts.send", "refuse:429")
    sending.attempt(email)
    assert len(sending.gmail.mailbox(sending.mailbox.address).drafts) == 1
    sending.cancel(email)
    sending.work()
    assert len(sending.gmail.mailbox(sending.mailbox.address).drafts) == 0
    assert not sending.accepted


def test_the_copy_that_could_not_be_read_back_is_recorded_later(sending):
    anna = a_contact(sending.member, "Anna Lind", "anna@lindwerk.example")
    sending.gmail.fail("messages.get", "refuse:503")
    email = sending.queue()
    assert sending.attempt(email).status == Status.SENT
    assert (email.message, anna.activities.count()) == (None, 0)
    sending.work()
    email.refresh_from_db()
    assert email.message.message_id == sending.accepted[0].message_id.strip("<>")
    assert anna.activities.get().message == email.message


def test_a_copy_that_was_deleted_before_it_could_be_read_back_is_recorded_from_our_bytes(sending):
    """S55: nothing that was sent is missing from the history."""
    sending.gmail.fail("messages.get", "refuse:503")
    email = sending.queue()
    sending.attempt(email)
    sending.delete_everything_at_gmail()
    sending.work()
    email.refresh_from_db()
    assert email.message.subject == "Proofs"


def test_a_defect_in_recording_never_hides_that_it_was_sent(sending, monkeypatch):
    """S9: the attempt that met it dies after it wrote `sent`; the history follows when the defect is mended."""
    a_contact(sending.member, "Anna Lind", "anna@lindwerk.example")
    real = filing.record_sent_copies

    def defective(*_arguments, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(filing, "record_sent_copies", defective)
    email = sending.queue()
    with pytest.raises(ZeroDivisionError):
        sending.attempt(email)
    email.refresh_from_db()
    assert (email.status, email.message) == (Status.SENT, None)
    sending.clock.pass_time(minutes=4)
    with pytest.raises(ZeroDivisionError):
        sending.work()
    monkeypatch.setattr(filing, "record_sent_copies", real)
    sending.clock.pass_time(minutes=4)
    sending.work()
    sending.check(email)
    assert email.message.subject == "Proofs"


def test_an_email_of_another_mailbox_never_waits_for_a_broken_one(sending, alice):
    """S41, for sending."""
    second = sending.connect(alice, "alice@second.example")
    stuck = sending.queue()
    free = create_draft(alice, mailbox=second, text=TEXT, at=sending.clock())
    sending.gmail.fail("*", "refuse:503", times=10**6, mailbox=sending.mailbox.address)
    sending.queue(free)
    sending.work(hours=1)
    stuck.refresh_from_db()
    free.refresh_from_db()
    assert (stuck.status, free.status) == ("queued", "sent")


def test_an_email_with_large_files_is_sent_whole(sending):
    """S21: 20 MB of files."""
    email = sending.write()
    attach_file(
        sending.member,
        email,
        filename="big.bin",
        content_type="application/octet-stream",
        content=bytes(20_000_000),
        at=sending.clock(),
    )
    sending.queue(email)
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT


def test_every_time_of_an_email_is_the_servers_in_utc_and_in_order(sending):
    """S23: created, queued, failed, sent, each when it happened, and updated with each of them."""
    email, began = sending.write(), sending.clock()
    sending.queue(email)
    assert (email.queued_at, email.updated_at) == (began, began)
    sending.gmail.fail("drafts.send", "refuse:400")
    sending.attempt(email)
    assert (email.failed_at, email.sent_at, email.updated_at) == (
        sending.clock(),
        None,
        sending.clock(),
    )
    retry(email, by=Actor.person(sending.member), member=sending.member, at=sending.clock())
    assert (email.failed_at, email.queued_at) == (None, sending.clock())
    sending.attempt(email)
    assert email.sent_at >= email.queued_at
    times = (email.created_at, email.queued_at, email.sent_at, email.updated_at)
    assert {one.tzinfo for one in times} == {UTC}
