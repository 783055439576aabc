"""Many quiet mailboxes are asked for news in one job; where there is any, or trouble, a run of its own follows."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from letterbook.incoming import polling
from letterbook.incoming.forgetting import forget_empty_runs
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.polling import poll
from letterbook.incoming.requesting import request_due
from letterbook.incoming.tasks import poll_mailboxes
from letterbook.mailboxes.models import Grant, Mailbox, MailboxState, StoringPolicy
from letterbook.providers.gmail.client import GmailMailbox

HOUR = timedelta(hours=1)


@pytest.fixture
def both(mailbox, bobs_mailbox, read) -> list[Mailbox]:
    """Alice's and bob's mailboxes, each read to the end."""
    for one in (mailbox, bobs_mailbox):
        assert read(one).error == ""
    return [mailbox, bobs_mailbox]


@pytest.fixture
def ask(both, at):
    """Poll both an hour later, and return how many had no news."""

    def go() -> int:
        return poll([one.pk for one in both], asked_at=at + HOUR, at=at + HOUR)

    return go


def asked_for() -> set[str]:
    jobs = ProcrastinateJob.objects.filter(task_name="retrieve_mailbox", status="todo")
    return {job.args["mailbox_id"] for job in jobs}


def later_runs(mailbox, at) -> list[RetrievalRun]:
    return list(RetrievalRun.objects.filter(mailbox=mailbox, started_at__gt=at))


def test_quiet_mailboxes_are_asked_in_one_job(both, gmail, at):
    """S37: one request each, one run each, and the next is due when it would have been."""
    before = Counter(gmail.counts)
    assert request_due(at=at + HOUR) == 2
    (job,) = ProcrastinateJob.objects.filter(task_name="poll_mailboxes")
    assert not asked_for()
    poll_mailboxes(**job.args)
    assert Counter(gmail.counts) - before == {"history.list": 2}
    for mailbox in both:
        mailbox.refresh_from_db()
        (run,) = later_runs(mailbox, at)
        assert (run.kind, run.listed, run.error, run.ended_at) == (
            RunKind.SCHEDULED, 0, "", run.started_at
        )  # fmt: skip
        assert mailbox.retrieved_at == mailbox.listed_at == run.started_at
        assert mailbox.retrieve_next_at == at + HOUR + timedelta(minutes=5)


def test_pages_that_showed_a_mailbox_as_late_are_told_that_it_was_looked_at(both, at, monkeypatch):
    """Where it was looked at as usual nothing on them changes, and a thousand quiet mailboxes are no news."""
    told = []
    monkeypatch.setattr(polling, "announce_mailbox", lambda one: told.append(one.pk))
    late, usual = both
    soon = at + timedelta(minutes=5)
    Mailbox.objects.filter(pk=late.pk).update(retrieved_at=at - HOUR)
    assert poll([late.pk, usual.pk], asked_at=soon, at=soon) == 2
    assert told == [late.pk]


def test_whoever_has_news_is_read_by_a_run_of_its_own(both, ask, arrive, anna, read, at):
    mailbox, _bobs = both
    Mailbox.objects.update(contacts_asked_at=at + HOUR)
    cursor = mailbox.history_cursor
    arrive(1)
    assert ask() == 1
    assert asked_for() == {str(mailbox.pk)}
    mailbox.refresh_from_db()
    assert mailbox.history_cursor == cursor
    assert read(mailbox, at=at + 2 * HOUR).stored == 1


def test_the_cursor_follows_what_does_not_concern_us(both, gmail, at, read):
    """A mailbox that is quiet for months must not be forgotten by Gmail's history."""
    mailbox, _bobs = both
    gmail.mailbox(mailbox.address).history_id += 1000
    assert poll([mailbox.pk], asked_at=at + HOUR, at=at + HOUR) == 1
    mailbox.refresh_from_db()
    assert mailbox.history_cursor == str(gmail.mailbox(mailbox.address).history_id)


@pytest.mark.parametrize("trouble", ["refuse:500", "refuse:429", "refuse:404", "reset_before"])
def test_trouble_of_one_is_left_to_its_own_run(both, ask, gmail, trouble, at):
    """S41: which writes it down and knows when to try again; the other one is polled as if nothing were."""
    mailbox, bobs = both
    gmail.fail("history.list", trouble, times=9, mailbox=mailbox.address)
    assert ask() == 1
    assert asked_for() == {str(mailbox.pk)}
    assert not later_runs(mailbox, at)
    assert len(later_runs(bobs, at)) == 1


def test_a_mailbox_that_does_not_answer_delays_no_other(both, ask, monkeypatch, at):
    """S41: a hanging one is given up for this time, and the rest of the batch is noted."""
    mailbox, bobs = both
    hangs, real = threading.Event(), GmailMailbox.list_history

    def list_history(self, **asked):
        if self._tokens.access_token() == token:
            hangs.wait(30)
        return real(self, **asked)

    provider = polling.open_at_hand([mailbox.pk], at=at, seconds=5)[mailbox.pk]
    token = provider._tokens.access_token()
    monkeypatch.setattr(GmailMailbox, "list_history", list_history)
    monkeypatch.setattr(polling, "_SECONDS_ALTOGETHER", 0.3)
    try:
        assert ask() == 1
    finally:
        hangs.set()
    assert asked_for() == {str(mailbox.pk)}
    assert len(later_runs(bobs, at)) == 1


def test_a_defect_that_one_mailbox_shows_is_met_by_its_own_run(both, ask, monkeypatch):
    answers = iter([RuntimeError("a defect")])
    real = GmailMailbox.list_history

    def list_history(self, **asked):
        for error in answers:
            raise error
        return real(self, **asked)

    monkeypatch.setattr(GmailMailbox, "list_history", list_history)
    assert ask() == 1
    assert len(asked_for()) == 1


def test_a_run_under_way_and_a_poll_do_not_disturb_each_other(both, ask, at):
    """One run at a time: what a run reads no poll writes; one that is left open by a dead worker is taken up again."""
    mailbox, _bobs = both
    RetrievalRun.objects.create(
        mailbox=mailbox, team=mailbox.team, kind=RunKind.SCHEDULED, started_at=at
    )
    assert ask() == 1
    assert asked_for() == {str(mailbox.pk)}
    assert not later_runs(mailbox, at)


def test_a_run_that_began_while_the_poll_asked_is_not_disturbed(both, ask, monkeypatch, at):
    mailbox, bobs = both
    real = polling._ask_for_news

    def meanwhile(*asked):
        RetrievalRun.objects.create(
            mailbox=mailbox, team=mailbox.team, kind=RunKind.REQUESTED, started_at=at
        )
        Mailbox.objects.filter(pk=bobs.pk).update(history_cursor="4711")
        return real(*asked)

    monkeypatch.setattr(polling, "_ask_for_news", meanwhile)
    assert ask() == 0
    bobs.refresh_from_db()
    assert bobs.history_cursor == "4711"
    assert not later_runs(mailbox, at)
    assert asked_for() == {str(one.pk) for one in both}


@pytest.mark.parametrize(
    "change",
    [
        {"retrieval_error": "Gmail had a problem of its own."},
        {"listing_page": ""},
        {"policy": StoringPolicy.EVERYONE},
        {"history_cursor": ""},
        {"retrieved_at": None},
        {"trouble": "setup"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whoever_is_not_quiet_is_not_polled(both, gmail, change, at):
    mailbox, bobs = both
    Mailbox.objects.filter(pk=mailbox.pk).update(**change)
    request_due(at=at + HOUR)
    assert asked_for() == {str(mailbox.pk)}
    (job,) = ProcrastinateJob.objects.filter(task_name="poll_mailboxes")
    assert job.args["mailbox_ids"] == [str(bobs.pk)]


def test_a_new_contact_wants_a_run_of_each_mailbox_of_the_team(both, anna, at):
    """S67: their old mail is asked for, which a poll does not do."""
    Mailbox.objects.update(contacts_asked_at=anna.created_at)
    request_due(at=at + HOUR)
    assert asked_for() == {str(one.pk) for one in both}


@pytest.mark.parametrize("expires_in", [timedelta(), timedelta(seconds=59)])
def test_whose_token_is_to_be_refreshed_is_read_by_a_run(both, ask, gmail, at, expires_in):
    mailbox, bobs = both
    Grant.objects.filter(pk=mailbox.pk).update(access_expires_at=at + HOUR + expires_in)
    Grant.objects.filter(pk=bobs.pk).update(access_expires_at=at + 2 * HOUR)
    assert ask() == 1
    assert asked_for() == {str(mailbox.pk)}
    assert "oauth.refresh" not in gmail.counts


def test_whose_token_gmail_refuses_or_no_key_opens_is_read_by_a_run(both, ask, gmail, at):
    mailbox, bobs = both
    gmail.expire_access_tokens(mailbox.address)
    Grant.objects.filter(pk=bobs.pk).update(access_token_sealed=b"broken")
    assert ask() == 0
    assert asked_for() == {str(one.pk) for one in both}


def test_missed_polls_are_made_up_for_once(both, gmail, at):
    """S37: a worker that was away finds several jobs, and asks once."""
    for hour in (1, 2, 3):
        request_due(at=at + hour * HOUR)
    assert "history.list" not in gmail.counts
    for job in ProcrastinateJob.objects.filter(task_name="poll_mailboxes"):
        poll_mailboxes(**job.args)
    assert gmail.counts["history.list"] == 2
    assert not asked_for()


def test_a_mailbox_paused_meanwhile_is_left_alone(both, ask, gmail):
    mailbox, _bobs = both
    Mailbox.objects.filter(pk=mailbox.pk).update(state=MailboxState.PAUSED)
    assert ask() == 1
    assert not asked_for()


def test_runs_that_found_nothing_are_forgotten_after_a_week_and_no_others(both, ask, at):
    """Both first retrievals stay, and so does a run that met trouble."""
    assert ask() == 2
    RetrievalRun.objects.filter(mailbox=both[1], started_at__gt=at).update(error="Gmail said no.")
    assert forget_empty_runs(at=at + timedelta(days=7)) == 0
    assert forget_empty_runs(at=at + timedelta(days=7, hours=2)) == 1
    assert [(run.kind, run.error) for run in RetrievalRun.objects.order_by("started_at", "kind")] == [
        (RunKind.FIRST, ""), (RunKind.FIRST, ""), (RunKind.SCHEDULED, "Gmail said no.")
    ]  # fmt: skip
