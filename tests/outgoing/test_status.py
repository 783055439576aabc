"""Four statuses, five moves: in the code, in the database, by one of two at once, and in a log that tells them all."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import a_mailbox
from letterbook.kit.refusals import Conflict, Refused
from letterbook.outgoing.claiming import claim_email
from letterbook.outgoing.models import WORKER, Actor, OutgoingEmail, StatusChange
from letterbook.outgoing.proofs import PROOFS
from letterbook.outgoing.queueing import cancel, queue_email, resolve_as_sent, retry
from letterbook.outgoing.status import ALLOWED, ErrorClass, Status
from letterbook.teams.proving import examine_one
from sending import SendingWorld, check_story

PAIRS = list(itertools.product(Status, Status))


def in_status(email, status, at):
    """Bring a draft to a status by its own verbs."""
    if status != Status.DRAFT:
        email.mark_queued(WORKER, at=at, due_at=at)
    if status == Status.SENT:
        move(email, Status.SENT, at)
    if status == Status.FAILED:
        move(email, Status.FAILED, at)
    return email


def move(email, new, at):
    """Ask an email to move by the verb for its new status."""
    if new == Status.DRAFT:
        email.mark_draft(WORKER, at=at, reason="")
    elif new == Status.QUEUED:
        email.mark_queued(WORKER, at=at, due_at=at)
    elif new == Status.SENT:
        email.mark_sent(WORKER, at=at, attempt=email.attempt, sent_at=at, gmail_message_id="1a")
    else:
        email.mark_failed(
            WORKER, at=at, attempt=email.attempt, error_class=ErrorClass.REJECTED, error="No."
        )


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_only_the_allowed_moves_happen_and_each_leaves_a_line(draft, at, old, new):
    """S12, S13, S14, S18, S19: all sixteen pairs."""
    email = in_status(draft, old, at)
    lines = email.status_changes.count()
    if (old, new) in ALLOWED:
        move(email, new, at)
        last = email.status_changes.order_by("-id")[0]
        assert (last.old, last.new, email.status) == (old, new, new)
    else:
        with pytest.raises(Conflict):
            move(email, new, at)
        assert email.status_changes.count() == lines
    email.refresh_from_db()
    check_story_of_verbs(email)


def test_each_line_tells_from_to_when_who_why_which_attempt_and_what_was_wrong(sending):
    """S19: all that the row names, by whoever moved it."""
    email = sending.write()
    began = sending.clock()
    sending.queue(email)
    sending.gmail.fail("drafts.send", "refuse:429")
    sending.attempt(email)
    sending.gmail.fail("drafts.send", "refuse:400")
    sending.clock.pass_time(minutes=3)
    failed_at = sending.attempt(email).failed_at
    by = Actor.person(sending.member)
    retry(email, by=by, member=sending.member, at=sending.clock())
    sending.cancel(email)
    lines = email.status_changes.order_by("id").values_list(
        *("old", "new", "at", "actor", "user", "reason", "attempt", "error")
    )
    alice = ("person", sending.member.user_id)
    assert list(lines) == [
        ("", "draft", began, *alice, "", 0, ""),
        ("draft", "queued", began, *alice, "", 0, ""),
        ("queued", "failed", failed_at, "worker", None, "", 2, email.failures.get().error),
        ("failed", "queued", sending.clock(), *alice, "Retry", 2, ""),
        ("queued", "draft", sending.clock(), *alice, "Cancelled", 3, ""),
    ]


def check_story_of_verbs(email):
    changes = list(email.status_changes.order_by("id"))
    assert [one.old for one in changes] == ["", *(one.new for one in changes[:-1])]
    assert changes[-1].new == email.status


@pytest.mark.parametrize(("old", "new"), sorted(ALLOWED))
def test_of_two_who_move_what_both_saw_in_one_status_one_does(draft, at, old, new):
    """S18: the second changes nothing and leaves no line."""
    email = in_status(draft, old, at)
    late = OutgoingEmail.objects.get(pk=email.pk)
    move(email, new, at)
    moved = OutgoingEmail.objects.values().get(pk=email.pk)
    with pytest.raises(Conflict):
        move(late, new, at + timedelta(minutes=1))
    assert OutgoingEmail.objects.values().get(pk=email.pk) == moved


# What each status demands of the row, so that only the move itself can be what is refused.
COLUMNS = {
    Status.DRAFT: "sent_at = NULL, failed_at = NULL, error = '', error_class = ''",
    Status.QUEUED: "queued_at = now(), due_at = now(), sent_at = NULL, failed_at = NULL, error = '', error_class = ''",
    Status.SENT: "sent_at = now(), gmail_message_id = '1a', failed_at = NULL, error = '', error_class = ''",
    Status.FAILED: "failed_at = now(), error = 'No.', error_class = 'rejected', sent_at = NULL",
}


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_the_database_refuses_the_same_moves_whatever_code_runs(draft, at, old, new):
    """S18: enforced by PostgreSQL as well. Writing the status it has already is no move."""
    email = in_status(draft, old, at)
    statement = f"UPDATE outgoing_outgoingemail SET status = %s, {COLUMNS[new]} WHERE id = %s"
    if (old, new) in ALLOWED or old == new:
        run(statement, [new, email.pk])
        return
    with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
        run(statement, [new, email.pk])


@pytest.mark.parametrize(
    ("old", "columns", "constraint"),
    [
        (Status.QUEUED, "status = 'sent', sent_at = now()", "outgoing_sent_means_accepted"),
        (Status.QUEUED, "status = 'sent', gmail_message_id = '1a'", "outgoing_sent_means_accepted"),
        (Status.QUEUED, "status = 'failed', failed_at = now()", "outgoing_failed_means_an_error"),
        (Status.DRAFT, "sent_at = now()", "outgoing_sent_means_accepted"),
        (Status.DRAFT, "status = 'queued'", "outgoing_queued_has_a_time"),
        (Status.QUEUED, "discarded_at = now()", "outgoing_only_drafts_are_discarded"),
    ],
)
def test_an_impossible_row_is_impossible(draft, at, old, columns, constraint):
    """S9, S10."""
    email = in_status(draft, old, at)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        run(f"UPDATE outgoing_outgoingemail SET {columns} WHERE id = %s", [email.pk])


@pytest.mark.parametrize("status", ["queued", "sent", "failed"])
def test_an_email_is_born_as_a_draft(draft, status):
    """S7, S28."""
    with pytest.raises(DatabaseError), transaction.atomic():
        run(
            "INSERT INTO outgoing_outgoingemail SELECT (x).* FROM (SELECT jsonb_populate_record(e,"
            " jsonb_build_object('id', gen_random_uuid(), 'status', %s, 'queued_at', now(), 'due_at', now())) AS x"
            " FROM outgoing_outgoingemail e) AS copies",
            [status],
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE outgoing_statuschange SET reason = 'other'",
        "DELETE FROM outgoing_statuschange",
        "UPDATE outgoing_outgoingemail SET history_length = 0",
        "UPDATE outgoing_outgoingemail SET history_hash = ''",
        "UPDATE teams_team SET audit_length = 0",
        "DELETE FROM teams_auditentry",
    ],
)
def test_the_log_cannot_be_rewritten(draft, statement):
    """S15: nor may anything but the log itself move its end."""
    with pytest.raises(DatabaseError), transaction.atomic():
        run(statement, [])
    assert StatusChange.objects.get().reason == ""


def test_the_mailbox_of_another_team_is_refused_by_the_database(draft, charlie):
    """S2."""
    foreign = a_mailbox(charlie)
    with pytest.raises(IntegrityError), transaction.atomic():
        OutgoingEmail.objects.filter(pk=draft.pk).update(mailbox=foreign)


@pytest.mark.parametrize("given", ["of another team", "none"])
def test_an_email_is_born_with_a_mailbox_of_its_team(draft, charlie, given):
    """S2: the database refuses every other one, whatever code writes it."""
    mailbox = str(a_mailbox(charlie).pk) if given == "of another team" else None
    with pytest.raises(IntegrityError, match=r"one team|mailbox_id"), transaction.atomic():
        run(
            "INSERT INTO outgoing_outgoingemail SELECT (x).* FROM (SELECT jsonb_populate_record(e,"
            " jsonb_build_object('id', gen_random_uuid(), 'mailbox_id', %s::text)) AS x"
            " FROM outgoing_outgoingemail e) AS copies",
            [mailbox],
        )


def run(statement, arguments):
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)


ACTIONS = st.lists(
    st.sampled_from(
        ["queue", "cancel", "retry", "again", "sent", "work", "lose", "reject", "drop", "wait"]
    ),
    max_size=12,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=ACTIONS)
def test_replaying_the_log_gives_the_status_whatever_people_and_gmail_do(
    alice, settings, at, actions
):
    """S15, S19: and every proof of `letterbook verify` holds."""
    with transaction.atomic():
        sending = SendingWorld(alice, settings, at)
        email = sending.write()
        for action in actions:
            with suppress(Refused):
                act(sending, email, action)
        email.refresh_from_db()
        check_story(email)
        assert [flaw.what for proof in PROOFS for flaw in examine_one(proof, email.pk)] == []
        transaction.set_rollback(True)


def act(sending, email, action):
    """Do one thing with an email; some are refused in some statuses."""
    by, member, at = Actor.person(sending.member), sending.member, sending.clock()
    if action == "queue":
        queue_email(email, by=by, member=member, at=at)
    elif action == "cancel":
        cancel(email, by=by, member=member, at=at)
    elif action in {"retry", "again"}:
        retry(email, by=by, member=member, at=at, even_if_unconfirmed=action == "again")
    elif action == "sent":
        resolve_as_sent(email, member=member, at=at)
    elif action == "work":
        sending.work(hours=1)
    elif action == "lose":
        sending.delete_everything_at_gmail()
    elif action == "wait":
        sending.clock.pass_time(minutes=1)
    else:
        sending.gmail.fail("drafts.send", "refuse:400" if action == "reject" else "act_then_drop")
        sending.attempt(email)


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_gets_the_claim_and_of_two_people_one_the_move(queued, alice, at):
    """S18: exactly one wins, whatever the order."""
    later = at + timedelta(seconds=10)
    claims = at_once(8, lambda: claim_email(queued.pk, at=later))
    assert len([one for one in claims if one is not None]) == 1
    queued.refresh_from_db()
    assert (queued.attempt, queued.attempts.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_queues_once(draft, alice, at):
    """S18, F24."""

    def queue() -> bool:
        try:
            queue_email(
                OutgoingEmail.objects.get(pk=draft.pk), by=Actor.person(alice), member=alice, at=at
            )
        except Conflict:
            return False
        return True

    assert sum(at_once(6, queue)) == 1
    assert draft.frozen.count() == 1
    assert draft.status_changes.filter(new="queued").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_cancel_and_a_claim_at_the_same_time_never_both_win(queued, alice, at):
    later = at + timedelta(seconds=10)

    def cancel_it() -> bool:
        try:
            cancel(
                OutgoingEmail.objects.get(pk=queued.pk),
                by=Actor.person(alice),
                member=alice,
                at=later,
            )
        except Conflict:
            return False
        return True

    wishes = iter([cancel_it, lambda: claim_email(queued.pk, at=later) is not None])
    won = at_once(2, lambda: next(wishes)())
    assert sorted(won) == [False, True]


def at_once(number, act):
    """Do the same thing in several threads, each with a connection of its own, and return what each got."""
    barrier, results = threading.Barrier(number), []

    def run_one():
        barrier.wait()
        try:
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run_one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
