"""Two runs of one mailbox at the same time: the one that was overtaken stops, and neither disturbs an import."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming import fetching
from letterbook.incoming.coverage import coverage_of, first_progress
from letterbook.incoming.forgetting import end_dead_imports
from letterbook.incoming.models import TAKEN_OVER, RetrievalRun, RunKind
from letterbook.incoming.quiet import quiet_among
from letterbook.incoming.requesting import go_on
from letterbook.incoming.retrieval import retrieve
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.opening import open_mailbox

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def read_overtaken(mailbox, read, at, monkeypatch):
    """Read a mailbox of several batches; while the second is under way another run begins, and ends."""
    monkeypatch.setattr(fetching, "BATCH", 2)

    def begin_another() -> None:
        read(Mailbox.objects.get(pk=mailbox.pk), at=at + SECOND, longest=-SECOND)

    # The clock is looked at four times for each batch.
    moments = iter([at] * 6)

    def clock():
        found = next(moments, None)
        if found is None and not RetrievalRun.objects.filter(error=TAKEN_OVER).exists():
            begin_another()
        return found or at + 2 * SECOND

    def go() -> RetrievalRun:
        with closing(open_mailbox(mailbox, clock=lambda: at)) as provider:
            return retrieve(mailbox, provider=provider, kind=RunKind.SCHEDULED, at=at, clock=clock)

    return go


def test_a_run_that_was_overtaken_stops_at_the_next_batch(
    mailbox, arrive, anna, gmail, read_overtaken
):
    """F4, F5: what it has in hand is stored; what is left is the other one's."""
    for number in range(9):
        arrive(number)
    run = read_overtaken()
    assert run.error == TAKEN_OVER
    assert gmail.counts["messages.get"] == run.stored == 4
    assert MailboxMessage.objects.filter(state=LedgerState.WAITING).count() == 5


def test_it_is_silent_about_the_mailbox_and_asks_for_nothing(
    mailbox, arrive, anna, read_overtaken, at
):
    """F4: how the mailbox fares, and when it is read next, is what the run that took over says."""
    for number in range(9):
        arrive(number)
    run = read_overtaken()
    mailbox.refresh_from_db()
    assert (mailbox.retrieval_error, mailbox.retrieved_at) == ("", None)
    assert mailbox.retrieve_next_at == at + 2 * SECOND - SECOND
    go_on(mailbox, run, at=at + 3 * SECOND)
    assert not ProcrastinateJob.objects.exists()


def test_retrieving_leaves_an_import_into_the_same_mailbox_alone(mailbox, arrive, anna, read, at):
    """S41: an import reads files; a retrieval neither ends it, nor is a mailbox less quiet for it."""
    files = RetrievalRun.objects.create(
        mailbox=mailbox, team=mailbox.team, kind=RunKind.IMPORT, started_at=at
    )
    arrive(1)
    read(mailbox, at=at + HOUR)
    files.refresh_from_db()
    assert (files.ended_at, files.error) == (None, "")
    assert quiet_among([mailbox.pk], at=at + HOUR) == [mailbox]


def test_an_import_that_was_killed_is_not_under_way_for_ever(mailbox, at):
    """F1: nobody ends it in its place, as a retrieval is ended by the next; its row says what to do."""
    runs = [
        RetrievalRun.objects.create(
            mailbox=mailbox, team=mailbox.team, kind=kind, started_at=at - timedelta(days=days)
        )
        for kind, days in ((RunKind.IMPORT, 2), (RunKind.IMPORT, 0), (RunKind.FIRST, 2))
    ]
    assert end_dead_imports(at=at) == 1
    for run in runs:
        run.refresh_from_db()
    assert [run.ended_at for run in runs] == [at, None, None]
    assert "Import the files again" in runs[0].error


def test_an_import_beside_it_makes_no_first_retrieval_seem_quicker(mailbox, arrive, anna, read, at):
    """S36, S67: the time left follows from what Gmail gave."""
    for number in range(4):
        arrive(number)
    read(mailbox, longest=-SECOND)
    RetrievalRun.objects.filter(kind=RunKind.FIRST).update(stored=1)
    mailbox.refresh_from_db()
    left = time_left(mailbox, at=at + HOUR)
    RetrievalRun.objects.create(
        mailbox=mailbox, team=mailbox.team, kind=RunKind.IMPORT, started_at=at + HOUR, stored=1000
    )
    assert time_left(mailbox, at=at + HOUR) == left


def time_left(mailbox: Mailbox, *, at: datetime) -> timedelta:
    progress = first_progress(mailbox, coverage_of([mailbox])[mailbox.pk], at=at)
    assert progress is not None
    assert progress.time_left is not None
    return progress.time_left
