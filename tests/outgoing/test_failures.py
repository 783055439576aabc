"""A failure is open until it is resolved: by whom and how stays written, also when the email fails again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F

from factories import a_mailbox
from letterbook.kit.refusals import Conflict, NotAllowed, Refused
from letterbook.mailboxes.models import Mailbox, MailboxState, Sharing
from letterbook.outgoing.claiming import Claim, Superseded, claim_email, take_step
from letterbook.outgoing.desk import FailureFilter, causes_of, failures_for, failures_to_resolve
from letterbook.outgoing.drafts import discard_draft
from letterbook.outgoing.failures import Failure, Resolution, reopen_failure
from letterbook.outgoing.models import WORKER, Actor, DeliveryAttempt, OutgoingEmail, Step
from letterbook.outgoing.queueing import dismiss, queue_email, resolve_as_sent, retry
from letterbook.outgoing.resolving import (
    correct,
    retry_many,
    retry_reconnected,
    take_back_many,
    undo,
)
from letterbook.outgoing.status import ErrorClass, Status
from letterbook.outgoing.sweeping import sweep
from written import a_failed_email, a_queued_email

ME, ANYONE = FailureFilter(), FailureFilter(is_open=None)


@pytest.fixture
def fail(alice, mailbox, at):
    """An email of alice's that failed, of whatever class."""

    def go(error_class=ErrorClass.REJECTED, *, box=None, when=None, member=None, **text):
        return a_failed_email(
            member or alice, box or mailbox, at=when or at, error_class=error_class, **text
        )

    return go


def only(email):
    return Failure.objects.get(email=email)


def test_a_failure_opens_with_cause_time_attempt_and_evidence(fail, mailbox, alice, at):
    """S10, S17, S35."""
    email = fail()
    failure = only(email)
    assert failure.is_open
    assert (failure.error_class, failure.failed_at, failure.attempt) == ("rejected", at, 1)
    assert (failure.error, failure.evidence) == (email.error, email.error_evidence)
    assert (failure.mailbox, failure.author) == (mailbox, alice.user)


WAYS_OUT = {
    Resolution.RETRIED: lambda email, me, at: retry(
        email, by=Actor.person(me), member=me, at=at, even_if_unconfirmed=True
    ),
    Resolution.SENT: lambda email, me, at: resolve_as_sent(email, member=me, at=at),
    Resolution.DISMISSED: lambda email, me, at: dismiss(email, member=me, at=at),
}


@pytest.mark.parametrize("how", list(WAYS_OUT))
def test_each_way_out_resolves_it_and_says_who_did(fail, alice, at, how):
    """S95: every failure has an action that resolves it."""
    email = fail(ErrorClass.UNCONFIRMED)
    later = at + timedelta(hours=1)
    WAYS_OUT[how](email, alice, later)
    failure = only(email)
    assert (failure.resolution, failure.resolved_at) == (how, later)
    assert (failure.resolved_by, failure.was_resolved_by_itself) == (alice.user, False)
    assert list(failures_for(alice, ME)) == []
    assert list(failures_for(alice, FailureFilter(is_open=False))) == [failure]


def test_a_program_that_resolves_is_told_from_its_person(fail, alice, at):
    email = fail()
    dismiss(email, member=alice, at=at, by=Actor.token(alice))
    assert (only(email).resolved_as, only(email).resolved_by) == ("api", alice.user)


def test_an_email_that_fails_again_has_a_second_failure_and_the_first_stays_as_it_was(
    fail, alice, at
):
    """S95."""
    email = fail()
    retry(email, by=Actor.person(alice), member=alice, at=at)
    later = at + timedelta(hours=1)
    email.mark_failed(
        WORKER, at=later, attempt=email.attempt, error_class=ErrorClass.NO_ANSWER, error="Busy."
    )
    second, first = failures_for(alice, ANYONE)
    assert (first.error_class, first.resolution) == ("rejected", "retried")
    assert (second.error_class, second.is_open) == ("gave_up", True)


def test_the_email_and_its_newest_failure_always_agree(fail, alice, at):
    emails = [fail(ErrorClass.UNCONFIRMED) for _ in range(3)]
    resolve_as_sent(emails[0], member=alice, at=at)
    dismiss(emails[1], member=alice, at=at)
    for email in emails:
        email.refresh_from_db()
        failure = only(email)
        assert (email.resolved_at, email.resolution) == (failure.resolved_at, failure.resolution)


@pytest.mark.parametrize(
    "change",
    [
        {"error": "Nothing happened."},
        {"error_class": ErrorClass.NO_ANSWER},
        {"failed_at": F("failed_at") - timedelta(days=1)},
        {"author": None},
        {"mailbox": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_happened_cannot_be_rewritten(fail, bob, bobs_box, change):
    """S15, S35: the database itself refuses."""
    others = {"author": bob.user, "mailbox": bobs_box}
    changed = {column: value or others[column] for column, value in change.items()}
    failure = only(fail())
    with pytest.raises(DatabaseError), transaction.atomic():
        Failure.objects.filter(pk=failure.pk).update(**changed)


def test_what_happened_cannot_be_removed(fail):
    """S15."""
    with pytest.raises(DatabaseError), transaction.atomic():
        only(fail()).delete()


def test_the_desk_is_filtered_by_mailbox_class_author_and_time(
    fail, alice, bob, mailbox, bobs_box, at
):
    """S35: one question, whatever is asked for."""
    mine = only(fail())
    late = only(fail(ErrorClass.NO_ANSWER, when=at + timedelta(days=2)))
    bobs = only(fail(member=bob, box=bobs_box))

    def found(**wanted):
        return set(failures_for(alice, FailureFilter(**wanted)))

    assert found() == {mine, late, bobs}
    assert found(mailbox_id=bobs_box.pk) == {bobs}
    assert found(error_class="gave_up") == {late}
    assert found(author_id=alice.user_id) == {mine, late}
    assert found(since=at + timedelta(days=1)) == {late}
    assert found(until=at + timedelta(days=1)) == {mine, bobs}
    assert found(is_open=False) == set()


@pytest.fixture
def bobs_box(bob):
    return a_mailbox(bob, sharing=Sharing.METADATA)


def test_a_failure_is_seen_as_far_as_its_mailbox_is_shared(
    fail, alice, bob, charlie, bobs_box, mailbox
):
    """S71: a stranger never, a team-mate as the owner decided, and only the owner resolves."""
    bobs = only(fail(member=bob, box=bobs_box))
    [seen] = failures_for(alice, ME)
    assert (seen, seen.may_read_subject) == (bobs, False)
    assert list(failures_to_resolve(alice, ME)) == []
    assert list(failures_to_resolve(bob, ME)) == [bobs]
    assert list(failures_for(charlie, ANYONE)) == []
    Mailbox.objects.filter(pk=bobs_box.pk).update(sharing=Sharing.PRIVATE)
    assert list(failures_for(alice, ANYONE)) == []


def test_the_desk_asks_one_question(fail, alice, django_assert_num_queries):
    fail()
    with django_assert_num_queries(2):  # one of them is how far the member sees
        list(failures_for(alice, ME))


def test_what_has_one_cause_is_one_group(fail, alice, bob, bobs_box, mailbox, at):
    """S95: all that failed because of one mailbox, the most frequent cause first."""
    for number in range(3):
        fail(ErrorClass.NEEDS_RECONNECTING, subject=f"{number}")
    fail(ErrorClass.UNCONFIRMED)
    fail(member=bob, box=bobs_box)
    Mailbox.objects.filter(pk=mailbox.pk).update(state=MailboxState.NEEDS_RECONNECTING)
    causes = causes_of(alice, ME)
    assert [(one.error_class, one.count, one.may_be_retried) for one in causes] == [
        (ErrorClass.NEEDS_RECONNECTING, 3, False),
        (ErrorClass.UNCONFIRMED, 1, False),
    ]
    Mailbox.objects.filter(pk=mailbox.pk).update(state=MailboxState.CONNECTED)
    assert causes_of(alice, ME)[0].may_be_retried


def test_many_are_retried_at_once_and_what_is_not_says_why(fail, alice, at):
    """S95: an unconfirmed email is never sent again in bulk."""
    good, unclear, quick = fail(), fail(ErrorClass.UNCONFIRMED), fail()
    failures = list(failures_to_resolve(alice, ME))
    dismiss(quick, member=alice, at=at)
    done = retry_many(failures, by=Actor.person(alice), member=alice, at=at)
    assert done.queued == (good.pk,)
    reasons = {one.failure.email_id: one.reason for one in done.not_retried}
    assert "may have been sent" in reasons[unclear.pk]
    assert "resolved already" in reasons[quick.pk]
    unclear.refresh_from_db()
    assert unclear.status == Status.FAILED


class TestTakingARetryBack:
    """S18, S19, S95: the failure is open again, exactly as it was, and the history tells both moves."""

    @pytest.fixture
    def retried(self, fail, alice, at):
        """An email whose retry leaves in ten seconds."""
        email = fail(ErrorClass.NO_ANSWER, when=at - timedelta(hours=1))
        email.refresh_from_db()
        before = what_is_kept(email)
        later = at + timedelta(seconds=10)
        retry_many([only(email)], by=Actor.person(alice), member=alice, at=at, leaves_at=later)
        email.refresh_from_db()
        assert (email.status, only(email).is_open) == (Status.QUEUED, False)
        return email, before

    def test_it_is_failed_as_before(self, retried, alice, at):
        email, before = retried
        by = Actor.person(alice)
        assert take_back_many(alice, queued_at=at, by=by, at=at + timedelta(seconds=5)) == 1
        email.refresh_from_db()
        assert what_is_kept(email) == before
        last = email.status_changes.order_by("-number")[0]
        assert (last.old, last.new, last.reason) == ("queued", "failed", "Retry taken back")
        assert (last.user_id, last.error) == (alice.user_id, email.error)

    def test_it_can_be_retried_again_and_sent(self, retried, alice, at):
        email, _ = retried
        undo(email, by=Actor.person(alice), member=alice, at=at)
        retry(email, by=Actor.person(alice), member=alice, at=at)
        assert claim_email(email.pk, at=at) is not None

    def test_once_it_may_have_left_it_is_too_late(self, retried, alice, at):
        """F25: the ten seconds are over, whether a worker took it yet or not."""
        email, _ = retried
        by, over = Actor.person(alice), at + timedelta(seconds=10)
        assert take_back_many(alice, queued_at=at, by=by, at=over) == 0
        claim_email(email.pk, at=over)
        with pytest.raises(Conflict):
            undo(email, by=by, member=alice, at=at)
        email.refresh_from_db()
        assert email.status == Status.QUEUED

    def test_a_worker_that_slept_cannot_send_it_afterwards(self, fail, alice, at):
        """F25: it held the email before it failed."""
        email = fail(when=at - timedelta(hours=1))
        email.refresh_from_db()
        sleeper = DeliveryAttempt.objects.get(email=email)
        retry_many(
            [only(email)], by=Actor.person(alice), member=alice, at=at, leaves_at=at + timedelta(1)
        )
        undo(email, by=Actor.person(alice), member=alice, at=at)
        retry(email, by=Actor.person(alice), member=alice, at=at)
        assert email.attempt > sleeper.number
        claim = Claim(email, email.frozen.get(), sleeper)
        claim.email.attempt = sleeper.number
        with pytest.raises(Superseded):
            take_step(claim, Step.SUBMITTING, at=at)

    def test_nobody_elses(self, retried, bob, charlie, at):
        email, _ = retried
        for other in (bob, charlie):
            by = Actor.person(other)
            assert take_back_many(other, queued_at=at, by=by, at=at) == 0
            with pytest.raises(Refused):
                undo(email, by=by, member=other, at=at)

    def test_what_was_queued_by_hand_becomes_a_draft(self, mailbox, alice, at):
        email = a_queued_email(alice, mailbox, at=at)
        assert undo(email, by=Actor.person(alice), member=alice, at=at) == Status.DRAFT

    def test_postgresql_refuses_what_the_code_would_never_do(self, retried, alice, at):
        """A failure opened beside a queued email, or an older one come back after a try."""
        email, _ = retried
        row, as_before = OutgoingEmail.objects.filter(pk=email.pk), only(email).failed_at
        with pytest.raises(DatabaseError), transaction.atomic():
            reopen_failure(only(email))
        claim_email(email.pk, at=at + timedelta(seconds=10))
        with pytest.raises(DatabaseError), transaction.atomic():
            row.update(status="failed", failed_at=as_before, error="x", error_class="gave_up")


def what_is_kept(email):
    """What a failed email and its failure say."""
    of_email = (
        "status",
        "failed_at",
        "error_class",
        "error",
        "error_evidence",
        "due_at",
        "version",
    )
    failure = only(email)
    of_failure = (
        "is_open",
        "failed_at",
        "error_class",
        "error",
        "resolved_by",
        "resolved_as",
        "told_at",
    )
    return [getattr(email, one) for one in of_email], [getattr(failure, one) for one in of_failure]


def test_nobody_retries_a_team_mates_email_in_bulk(fail, alice, bob, bobs_box, at):
    bobs = only(fail(member=bob, box=bobs_box))
    done = retry_many([bobs], by=Actor.person(alice), member=alice, at=at)
    assert done.queued == ()


def test_a_corrected_copy_resolves_the_failure_when_it_is_queued_and_not_before(fail, alice, at):
    """S17, S95: edit and send."""
    email = fail(to="anna@lindwerk.example", subject="The proofs")
    copy = correct(alice, email, at=at)
    assert (copy.status, copy.subject, copy.replaces_id) == ("draft", "The proofs", email.pk)
    assert only(email).is_open
    queue_email(copy, by=Actor.person(alice), member=alice, at=at)
    assert (only(email).resolution, only(email).resolved_by) == ("edited", alice.user)


def test_correcting_twice_opens_the_same_draft_until_it_is_thrown_away(fail, alice, at):
    email = fail()
    copy = correct(alice, email, at=at)
    assert correct(alice, email, at=at) == copy
    discard_draft(alice, copy, at=at)
    assert correct(alice, email, at=at) != copy
    assert only(email).is_open


def test_what_may_have_been_sent_is_not_written_anew_in_its_place(fail, alice, bob, at):
    """S13: two copies could be out."""
    with pytest.raises(Conflict):
        correct(alice, fail(ErrorClass.UNCONFIRMED), at=at)
    with pytest.raises(NotAllowed):
        correct(bob, fail(), at=at)


class TestAfterReconnecting:
    """S95: resolved by itself when the cause is gone."""

    @pytest.fixture(autouse=True)
    def reconnected(self, mailbox, at):
        """The mailbox was reconnected a minute after `at`."""
        Mailbox.objects.filter(pk=mailbox.pk).update(state_since=at + timedelta(minutes=1))

    def test_what_failed_for_it_is_queued_again_by_itself(self, fail, at):
        email = fail(ErrorClass.NEEDS_RECONNECTING)
        sweep(at=at + timedelta(minutes=2))
        email.refresh_from_db()
        assert email.status == Status.QUEUED
        assert (only(email).resolution, only(email).was_resolved_by_itself) == ("retried", True)
        assert email.frozen.count() == 1, "the same bytes under the same key"

    @pytest.mark.parametrize("kind", sorted(set(ErrorClass) - {ErrorClass.NEEDS_RECONNECTING}))
    def test_what_failed_for_another_reason_stays_failed(self, fail, at, kind):
        """An unconfirmed one above all."""
        fail(kind)
        assert retry_reconnected(at=at + timedelta(minutes=2)) == 0

    def test_what_failed_after_the_reconnection_stays_failed(self, fail, at):
        fail(ErrorClass.NEEDS_RECONNECTING, when=at + timedelta(minutes=2))
        assert retry_reconnected(at=at + timedelta(minutes=3)) == 0

    def test_what_was_left_as_it_is_stays_so(self, fail, alice, at):
        dismiss(fail(ErrorClass.NEEDS_RECONNECTING), member=alice, at=at)
        assert retry_reconnected(at=at + timedelta(minutes=2)) == 0

    def test_what_somebody_writes_anew_does_not_leave_beside_it(self, fail, alice, at):
        correct(alice, fail(ErrorClass.NEEDS_RECONNECTING), at=at)
        assert retry_reconnected(at=at + timedelta(minutes=2)) == 0

    def test_what_is_older_than_a_week_waits_for_a_person(self, fail, at):
        fail(ErrorClass.NEEDS_RECONNECTING)
        assert retry_reconnected(at=at + timedelta(days=7)) == 0

    def test_while_the_mailbox_is_away_nothing_moves(self, fail, mailbox, at):
        fail(ErrorClass.NEEDS_RECONNECTING)
        Mailbox.objects.filter(pk=mailbox.pk).update(state=MailboxState.NEEDS_RECONNECTING)
        assert retry_reconnected(at=at + timedelta(minutes=2)) == 0
