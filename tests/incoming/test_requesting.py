"""Each mailbox is read when it is due and when somebody asks, one job at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from letterbook.correspondence.models import Message
from letterbook.incoming import fetching
from letterbook.incoming.models import RetrievalRun
from letterbook.incoming.requesting import go_on, request_due, request_retrieval
from letterbook.incoming.tasks import retrieve_due_mailboxes, retrieve_mailbox
from letterbook.kit.refusals import Conflict, NotNow
from letterbook.mailboxes.models import Kind, Mailbox, MailboxState


def jobs() -> list[ProcrastinateJob]:
    return list(ProcrastinateJob.objects.filter(task_name="retrieve_mailbox"))


def test_a_mailbox_is_due_again_only_after_its_time(mailbox, at, settings):
    """S37."""
    settings.RETRIEVE_EVERY_SECONDS = 300
    assert request_due(at=at) == 1
    assert request_due(at=at + timedelta(seconds=299)) == 0
    assert request_due(at=at + timedelta(seconds=300)) == 1


def test_every_connected_mailbox_has_its_turn(mailbox, bobs_mailbox, at):
    """S41: also one that nobody ever planned anything for; none that is paused."""
    Mailbox.objects.filter(pk=bobs_mailbox.pk).update(retrieve_next_at=None)
    assert request_due(at=at) == 2
    Mailbox.objects.filter(pk=mailbox.pk).update(state=MailboxState.PAUSED)
    assert request_due(at=at + timedelta(days=1)) == 1


def test_missed_ticks_are_made_up_for_by_one_job(mailbox, at):
    """S37, F30: nothing is pushed to us, so what is late heals at the next tick; overlap is prevented by a lock."""
    for hour in range(5):
        request_due(at=at + timedelta(hours=hour))
    (job,) = jobs()
    assert job.lock == job.queueing_lock == f"retrieve {mailbox.pk}"


def test_one_broken_mailbox_delays_no_other(mailbox, bobs_mailbox, gmail, arrive, at, anna):
    """S41."""
    arrive(1, account="bob@haldenrowe.example")
    gmail.fail("*", "refuse:500", times=99, mailbox=mailbox.address)
    request_due(at=at)
    for job in jobs():
        retrieve_mailbox(**job.args)
    assert Message.objects.count() == 1
    assert RetrievalRun.objects.filter(mailbox=mailbox).exclude(error="").count() == 1


@pytest.mark.parametrize(
    "state", [MailboxState.NEEDS_RECONNECTING, MailboxState.PAUSED, MailboxState.DISCONNECTED]
)
def test_a_mailbox_that_is_not_connected_is_left_alone(mailbox, at, state):
    type(mailbox).objects.update(state=state)
    mailbox.refresh_from_db()
    assert request_due(at=at) == 0
    with pytest.raises(Conflict):
        request_retrieval(mailbox, at=at)
    retrieve_mailbox(mailbox_id=str(mailbox.pk), kind="scheduled")
    assert not RetrievalRun.objects.exists()


def test_asking_twice_for_a_retrieval_makes_one_job(mailbox, at):
    request_retrieval(mailbox, at=at)
    request_retrieval(mailbox, at=at)
    (job,) = jobs()
    assert job.args["kind"] == "requested"


def test_nobody_hurries_a_gmail_that_asked_to_wait(mailbox, at):
    mailbox.reading_limited_until = at + timedelta(minutes=2)
    with pytest.raises(NotNow, match="goes on by itself"):
        request_retrieval(mailbox, at=at)


def test_imported_mail_has_nothing_to_retrieve(mailbox, at):
    mailbox.kind = Kind.IMPORT
    with pytest.raises(Conflict):
        request_retrieval(mailbox, at=at)


def test_the_tasks_read_what_is_due_to_the_end(mailbox, gmail, arrive, anna):
    """S36: from the tick to the timeline."""
    arrive(1)
    retrieve_due_mailboxes(timestamp=0)
    (job,) = jobs()
    retrieve_mailbox(**job.args)
    assert Message.objects.count() == 1


def test_a_run_that_had_to_stop_asks_for_the_next_at_once(
    mailbox, gmail, arrive, read, anna, at, monkeypatch
):
    monkeypatch.setattr(fetching, "BATCH", 2)
    ticks = iter([at, at + timedelta(minutes=1)])
    monkeypatch.setattr(fetching, "_is_still_wanted", lambda *_: next(ticks, None) is not None)
    for number in range(9):
        arrive(number)
    run = read(mailbox)
    mailbox.refresh_from_db()
    assert Message.objects.count() == 4
    assert mailbox.retrieved_at is None
    go_on(mailbox, run, at=at)
    assert len(jobs()) == 1
