"""Queueing, cancelling, rescheduling, retrying, settling: what is checked, what is frozen, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from django.db import connection

from factories import a_message, rewrite
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import MailboxState, SendAsAddress
from letterbook.outgoing.claiming import Superseded, claim_email, fail, put_back, take_step
from letterbook.outgoing.drafts import attach_file, create_draft, edit_draft
from letterbook.outgoing.models import WORKER, Actor, FrozenEmail, OutgoingEmail, Step
from letterbook.outgoing.queueing import (
    cancel,
    dismiss,
    doubt_unfinished_emails,
    queue_email,
    reschedule,
    resolve_as_sent,
    retry,
)
from letterbook.outgoing.resolving import correct
from letterbook.outgoing.status import WAYS_ON, ErrorClass, Outcome, Status
from letterbook.outgoing.withdrawing import withdraw_queued
from letterbook.teams.models import AuditEntry
from sending import TEXT


def jobs():
    """The delivery jobs that were asked for: which mailbox, and when."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'mailbox_id', scheduled_at FROM procrastinate_jobs"
            " WHERE task_name = 'deliver_mailbox' ORDER BY id"
        )
        return cursor.fetchall()


def test_queueing_freezes_the_bytes_and_asks_for_the_delivery_after_the_undo_time(queued, at):
    """S8, S12."""
    frozen = queued.frozen.get()
    assert queued.status == Status.QUEUED
    assert queued.queued_at == at
    assert queued.due_at == at + timedelta(seconds=10)
    assert b"Subject: Proofs\r\n" in bytes(frozen.raw)
    assert f"X-Letterbook-Send-Key: {frozen.send_key}".encode() in bytes(frozen.raw)
    assert jobs() == [(str(queued.mailbox_id), queued.due_at)]


@pytest.mark.parametrize(
    ("send_at", "due_in"),
    [
        (None, timedelta(seconds=10)),
        (timedelta(days=-3), timedelta(seconds=10)),
        (timedelta(seconds=5), timedelta(seconds=10)),
        (timedelta(days=30), timedelta(days=30)),
    ],
)
def test_a_time_in_the_past_means_now_and_the_undo_time_always_counts(
    draft, alice, at, send_at, due_in
):
    """S12, C13."""
    wanted = at + send_at if send_at is not None else None
    queue_email(draft, by=Actor.person(alice), member=alice, at=at, send_at=wanted)
    assert (draft.due_at, draft.send_at) == (at + due_in, at + due_in)


@pytest.mark.parametrize("send_at", [datetime(3000, 1, 1, tzinfo=UTC), datetime(2026, 12, 1)])  # noqa: DTZ001
def test_an_insane_time_is_refused(draft, alice, at, send_at):
    """C13."""
    with pytest.raises(Invalid) as refused:
        queue_email(draft, by=Actor.person(alice), member=alice, at=at, send_at=send_at)
    assert refused.value.field == "send_at"
    draft.refresh_from_db()
    assert (draft.status, jobs()) == ("draft", [])


def test_an_email_for_nobody_is_refused(write, alice, at):
    """S26."""
    email = write(to="")
    with pytest.raises(Invalid, match="Nobody gets"):
        queue_email(email, by=Actor.person(alice), member=alice, at=at)


def test_a_draft_for_too_many_is_kept_and_not_queued(write, alice, at):
    """S26, S27: what was pasted is not lost because it cannot be sent."""
    email = write(to=", ".join(f"p{number}@x.example" for number in range(101)))
    with pytest.raises(Invalid, match="at most 100 people; this one has 101"):
        queue_email(email, by=Actor.person(alice), member=alice, at=at)
    assert email.recipients.count() == 101


def test_an_alias_that_is_no_longer_verified_is_refused(write, alice, at):
    """C12."""
    email = write(from_address="press@haldenrowe.example")
    SendAsAddress.objects.update(is_verified=False)
    with pytest.raises(Invalid, match="not verified"):
        queue_email(email, by=Actor.person(alice), member=alice, at=at)


@pytest.mark.parametrize("state", [MailboxState.NEEDS_RECONNECTING, MailboxState.DISCONNECTED])
def test_a_mailbox_that_is_not_connected_takes_no_email(draft, alice, at, state):
    """S25."""
    draft.mailbox.state = state
    draft.mailbox.save()
    with pytest.raises(Conflict, match="not connected"):
        queue_email(draft, by=Actor.person(alice), member=alice, at=at)
    assert not FrozenEmail.objects.exists()


def test_a_version_that_was_not_the_one_on_the_screen_is_refused(draft, alice, at):
    """S27, C15."""
    edit_draft(alice, draft, text=TEXT, version=1, at=at)
    with pytest.raises(Conflict) as refused:
        queue_email(draft, by=Actor.person(alice), member=alice, at=at, version=1)
    assert refused.value.code == "StaleVersion"


def test_what_is_frozen_stays_what_it_was(queued, alice, at):
    """C6, C15: the row may change by hand, the bytes do not."""
    raw = bytes(queued.frozen.get().raw)
    OutgoingEmail.objects.filter(pk=queued.pk).update(subject="Another")
    assert bytes(queued.frozen.get().raw) == raw


def test_an_answer_names_what_it_answers(alice, mailbox, write, at):
    """S29, S92."""
    message = a_message(mailbox)
    rewrite(message, message_id="proof@lindwerk.example")
    email = write()
    OutgoingEmail.objects.filter(pk=email.pk).update(answers=message)
    queue_email(email, by=Actor.person(alice), member=alice, at=at)
    raw = bytes(email.frozen.get().raw)
    assert b"In-Reply-To: <proof@lindwerk.example>\r\n" in raw
    assert b"References: <proof@lindwerk.example>\r\n" in raw


def test_files_travel_with_the_email(write, alice, at):
    email = write()
    attach_file(
        alice, email, filename="Prüfung.pdf", content_type="application/pdf", content=b"%PDF", at=at
    )
    queue_email(email, by=Actor.person(alice), member=alice, at=at)
    raw = bytes(email.frozen.get().raw)
    assert b"application/pdf" in raw
    assert b"JVBERg==" in raw


def test_what_is_cancelled_is_a_draft_that_can_be_edited_and_queued_again(queued, alice, at):
    """S24: undo; the second queueing freezes anew under a new key."""
    cancel(queued, by=Actor.person(alice), member=alice, at=at)
    assert (queued.status, queued.queued_at, queued.due_at) == ("draft", None, None)
    edit_draft(alice, queued, text=TEXT, version=1, at=at)
    queue_email(queued, by=Actor.person(alice), member=alice, at=at)
    assert len(set(queued.frozen.values_list("send_key", flat=True))) == 2


@pytest.mark.parametrize("ago", [None, timedelta(0), timedelta(days=3)])
def test_a_queued_email_can_be_moved_to_later_or_to_now_which_the_past_is(queued, alice, at, ago):
    """S12."""
    reschedule(queued, member=alice, at=at, send_at=at + timedelta(days=2))
    assert queued.due_at == at + timedelta(days=2)
    reschedule(queued, member=alice, at=at, send_at=None if ago is None else at - ago)
    assert (queued.due_at, queued.send_at) == (at, at)
    assert [when for _, when in jobs()][-1] == at


def test_what_is_moved_carries_the_date_of_its_new_time(draft, alice, at):
    """S24, S92: scheduled for next month and sent today, it must not come from the future."""
    by = Actor.person(alice)
    queue_email(draft, by=by, member=alice, at=at, send_at=at + timedelta(days=30))
    reschedule(draft, member=alice, at=at)
    first, second = draft.frozen.order_by("round")
    assert f"Date: {format_datetime(at + timedelta(days=30))}\r\n".encode() in bytes(first.raw)
    assert f"Date: {format_datetime(at)}\r\n".encode() in bytes(second.raw)


def test_moving_takes_the_earlier_draft_out_of_gmail_and_stops_a_worker_that_slept(
    queued, alice, at
):
    queued.frozen.update(draft_id="r-1")
    begun = claim_email(queued.pk, at=queued.due_at)
    put_back(begun, Outcome.REFUSED, due_at=at + timedelta(minutes=5), reason="Too fast", at=at)
    reschedule(queued, member=alice, at=at, send_at=at + timedelta(days=2))
    with pytest.raises(Superseded):
        take_step(begun, Step.SUBMITTING, at=at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name LIKE '%draft%'")
        assert len(cursor.fetchall()) == 1


def test_what_a_worker_holds_can_neither_be_cancelled_nor_moved(queued, alice, at):
    """F25."""
    OutgoingEmail.objects.filter(pk=queued.pk).update(leased_until=at + timedelta(minutes=3))
    queued.refresh_from_db()
    with pytest.raises(Conflict):
        cancel(queued, by=Actor.person(alice), member=alice, at=at)
    with pytest.raises(Conflict):
        reschedule(queued, member=alice, at=at)


def test_what_may_have_been_sent_cannot_be_cancelled(queued, alice, at):
    """F25."""
    queued.frozen.update(submitted_at=at)
    with pytest.raises(Conflict, match="may have been sent"):
        cancel(queued, by=Actor.person(alice), member=alice, at=at)


@pytest.fixture
def failed(queued, at):
    """An email that Gmail rejected."""
    _fail(queued, ErrorClass.REJECTED, at)
    return queued


@pytest.fixture
def unconfirmed(queued, at):
    """An email that may have been sent."""
    queued.frozen.update(submitted_at=at)
    _fail(queued, ErrorClass.UNCONFIRMED, at)
    return queued


def _fail(email, error_class, at):
    email.mark_failed(WORKER, at=at, attempt=0, error_class=error_class, error="Something.")


def test_what_failed_can_be_retried_as_the_same_bytes(failed, alice, at):
    """S17, S24."""
    retry(failed, by=Actor.person(alice), member=alice, at=at)
    assert (failed.status, failed.error, failed.error_class, failed.failed_at) == (
        "queued",
        "",
        "",
        None,
    )
    assert failed.frozen.count() == 1
    assert failed.due_at == at


def date_of(frozen):
    """The Date that these bytes carry."""
    return parsedate_to_datetime(message_from_bytes(bytes(frozen.raw))["Date"])


def test_what_is_retried_later_carries_the_date_on_which_it_leaves(sending):
    """S17, S92: refused yesterday and sent today, it is one email of today, and no draft is left behind."""
    sending.gmail.fail("drafts.send", "refuse:400")
    email = sending.attempt(sending.queue())
    sending.clock.pass_time(days=1)
    first = email.frozen.get()
    retry(email, by=Actor.person(sending.member), member=sending.member, at=sending.clock())
    sending.work()
    sending.check(email)
    second = email.frozen.get()
    assert date_of(second) - date_of(first) == timedelta(days=1)
    assert [one.send_key for one in sending.accepted] == [str(second.send_key)]
    assert not sending.gmail.mailbox(sending.mailbox.address).drafts


def test_what_its_owner_sent_by_hand_in_gmail_is_not_sent_again_by_a_retry(sending):
    """Rule 1, F25: refused yesterday, its draft lay in Gmail over night."""
    sending.gmail.fail("drafts.send", "refuse:400")
    email = sending.attempt(sending.queue())
    sending.send_draft_by_hand()
    sending.clock.pass_time(days=1)
    retry(email, by=Actor.person(sending.member), member=sending.member, at=sending.clock())
    sending.work()
    sending.check(email)
    assert (email.status, len(sending.accepted)) == ("sent", 1)


def test_a_worker_that_slept_does_not_submit_the_bytes_of_before_a_retry(queued, alice, at):
    begun = claim_email(queued.pk, at=queued.due_at)
    fail(begun, ErrorClass.REJECTED, Outcome.REFUSED, error="Something.", at=at)
    retry(queued, by=Actor.person(alice), member=alice, at=at + timedelta(hours=1))
    with pytest.raises(Superseded):
        take_step(begun, Step.SUBMITTING, at=at)


def test_what_may_have_been_sent_is_only_sent_again_when_a_person_says_so(unconfirmed, alice, at):
    """Rule 1, G3: and then as another email, under another key; the choice stands in the history."""
    with pytest.raises(Conflict) as refused:
        retry(unconfirmed, by=Actor.person(alice), member=alice, at=at)
    assert refused.value.code == "Unconfirmed"
    retry(unconfirmed, by=Actor.person(alice), member=alice, at=at, even_if_unconfirmed=True)
    assert unconfirmed.frozen.count() == 2
    last = unconfirmed.status_changes.order_by("-id")[0]
    assert (last.new, last.reason, last.user) == ("queued", "Send again", alice.user)


def test_a_person_may_say_that_it_was_sent_and_that_is_remembered(unconfirmed, alice, at):
    """G3, S95."""
    resolve_as_sent(unconfirmed, member=alice, at=at)
    assert (unconfirmed.status, unconfirmed.resolution, unconfirmed.resolved_at) == (
        "failed",
        "sent",
        at,
    )
    entry = AuditEntry.objects.get(what="outgoing email settled")
    assert (entry.user, entry.subject_id) == (alice.user, str(unconfirmed.pk))
    with pytest.raises(Conflict):
        resolve_as_sent(unconfirmed, member=alice, at=at)


def test_what_is_known_not_to_be_sent_can_be_dismissed_but_not_called_sent(failed, alice, at):
    """S95."""
    with pytest.raises(Conflict, match="known not"):
        resolve_as_sent(failed, member=alice, at=at)
    dismiss(failed, member=alice, at=at)
    assert (failed.resolution, failed.resolved_at) == ("dismissed", at)


VERBS = {
    "retry": lambda email, member, at: retry(email, by=Actor.person(member), member=member, at=at),
    "resolve": lambda email, member, at: resolve_as_sent(email, member=member, at=at),
    "dismiss": lambda email, member, at: dismiss(email, member=member, at=at),
    "reschedule": lambda email, member, at: reschedule(email, member=member, at=at),
}


@pytest.mark.parametrize("verb", list(VERBS))
def test_nobody_else_decides_about_a_failed_email(unconfirmed, bob, charlie, at, verb):
    with pytest.raises(NotAllowed):
        VERBS[verb](unconfirmed, bob, at)
    with pytest.raises(NotFound):
        VERBS[verb](unconfirmed, charlie, at)
    unconfirmed.refresh_from_db()
    assert (unconfirmed.status, unconfirmed.resolved_at) == ("failed", None)


EVERY_VERB = {
    **VERBS,
    "queue": lambda email, member, at: queue_email(
        email, by=Actor.person(member), member=member, at=at
    ),
    "cancel": lambda email, member, at: cancel(
        email, by=Actor.person(member), member=member, at=at
    ),
    "correct": lambda email, member, at: correct(member, email, at=at),
    "edit": lambda email, member, at: edit_draft(member, email, text=TEXT, version=1, at=at),
}
FITTING = {
    Status.DRAFT: {"queue", "edit"},
    Status.QUEUED: {"cancel", "reschedule"},
    Status.FAILED: {"retry", "resolve", "dismiss", "correct"},
    Status.SENT: set(),
}


@pytest.mark.parametrize("status", sorted(FITTING))
def test_a_verb_that_does_not_fit_is_refused_and_names_what_does(draft, alice, at, status):
    """S18, S24: pressed twice, or too late, it changes nothing and says how to go on."""
    if status != Status.DRAFT:
        queue_email(draft, by=Actor.person(alice), member=alice, at=at)
    if status == Status.FAILED:
        _fail(draft, ErrorClass.UNCONFIRMED, at)
    if status == Status.SENT:
        draft.mark_sent(WORKER, at=at, attempt=0, sent_at=at, gmail_message_id="m1")
    for verb in sorted(set(EVERY_VERB) - FITTING[status]):
        with pytest.raises(Conflict) as refused:
            EVERY_VERB[verb](draft, alice, at)
        assert WAYS_ON[status] == refused.value.way_out, verb
        draft.refresh_from_db()
        assert draft.status == status


def test_what_is_settled_says_how_and_what_is_left_to_do(failed, alice, at):
    """S95."""
    dismiss(failed, member=alice, at=at)
    with pytest.raises(Conflict, match=r"left as it is\. Retry it"):
        dismiss(failed, member=alice, at=at)


def test_what_waits_for_a_mailbox_that_is_left_becomes_a_draft_again(
    queued, write, alice, bob, mailbox, at
):
    doubtful = write(subject="May be sent")
    queue_email(doubtful, by=Actor.person(alice), member=alice, at=at)
    doubtful.frozen.update(submitted_at=at)
    with pytest.raises(NotAllowed):
        withdraw_queued(bob, mailbox, at=at)
    assert withdraw_queued(alice, mailbox, at=at) == 1
    queued.refresh_from_db()
    doubtful.refresh_from_db()
    assert (queued.status, doubtful.status) == ("draft", "queued")


def test_after_a_restore_every_queued_email_is_in_doubt(queued, at):
    """F28: nothing is sent before Gmail was asked."""
    assert doubt_unfinished_emails(at=at) == 1
    assert queued.frozen.get().submitted_at is not None


def test_an_admin_takes_back_what_somebody_who_left_had_queued(alice, bob, connect, at):
    """S24: nothing stays queued for ever in the mailbox of a team-mate who is gone."""
    bobs = connect(bob, "bob@haldenrowe.example")
    draft = create_draft(bob, mailbox=bobs, text=TEXT, at=at)
    queue_email(draft, by=Actor.person(bob), member=bob, at=at)
    assert withdraw_queued(alice, bobs, at=at) == 1
    draft.refresh_from_db()
    assert draft.status == "draft"
