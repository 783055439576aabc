"""What a mailbox may ask of Gmail in a minute is shared: those who act at this moment first, old mail with the rest."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db.models import F
from procrastinate.contrib.django.models import ProcrastinateJob
from typer.testing import CliRunner

from letterbook.cli.running import app
from letterbook.correspondence.models import LedgerState, MailboxMessage, Message
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.requesting import go_on, request_retrieval
from letterbook.mailboxes.models import Allowance
from letterbook.mailboxes.quota import EMAIL_UNITS, MESSAGE_UNITS, spend, take
from letterbook.outgoing.claiming import claim_next
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Actor
from letterbook.outgoing.queueing import queue_email


@pytest.fixture(autouse=True)
def _as_for_new_projects(settings):
    settings.GMAIL_UNITS_PER_MINUTE = 6000


def waiting() -> int:
    return MailboxMessage.objects.filter(state=LedgerState.WAITING).count()


def jobs() -> list[ProcrastinateJob]:
    return list(ProcrastinateJob.objects.filter(task_name="retrieve_mailbox"))


@pytest.mark.parametrize(
    ("spent", "seconds", "wanted", "allowed"),
    [
        (0, 0, 50, 50),
        (0, 0, 500, 50),
        (500, 0, 50, 25),
        (700, 0, 50, 0),
        (1000, 12.5, 50, 50),
        (1000, 600, 50, 50),
        (990, 0, 1, 0),
        (9000, 30, 50, 0),
        (9000, 50, 50, 50),
    ],
)
def test_old_mail_takes_what_is_left(mailbox, at, spent, seconds, wanted, allowed):
    """Four fifths of 6,000 units flow in a minute; a thousand at most are saved up, three thousand at most owed."""
    spend(mailbox.pk, spent, at=at)
    later = at + timedelta(seconds=seconds)
    got = take(mailbox, messages=wanted, at=later)
    assert got.messages == allowed
    if not allowed:
        assert later < got.opens_at <= later + timedelta(minutes=1)
        assert take(mailbox, messages=wanted, at=got.opens_at).messages == min(wanted, 50)


def test_a_minute_of_old_mail_leaves_room_for_a_person(mailbox, at):
    """Whatever is saved up before: old mail never asks for all that Gmail gives in a minute."""
    fetched, now = 0, at
    while now < at + timedelta(minutes=1):
        got = take(mailbox, messages=50, at=now)
        fetched += got.messages
        now = got.opens_at or now
    assert fetched >= 200
    assert fetched * MESSAGE_UNITS + EMAIL_UNITS <= 6000


def test_a_clock_that_is_behind_adds_nothing(mailbox, at):
    take(mailbox, messages=50, at=at)
    assert not take(mailbox, messages=50, at=at - timedelta(hours=1)).messages
    assert not take(mailbox, messages=50, at=at + timedelta(seconds=1)).messages


def test_a_first_retrieval_never_meets_gmails_limit(mailbox, gmail, arrive, read, anna, at):
    """S45: it stops in time, goes on by itself, and all is there in the end; Gmail says no to nothing."""
    gmail.behaviour.quota = "new"
    for number in range(140):
        arrive(number, sender="x@y.example")
    now, runs = at, 0
    while runs == 0 or waiting():
        assert not read(mailbox, at=now).error
        runs += 1
        mailbox.refresh_from_db()
        now = max(mailbox.retrieve_next_at, now + timedelta(seconds=1))
        assert runs < 9
    assert MailboxMessage.objects.count() == 140
    assert runs > 2
    assert mailbox.reading_limited_until is None


def test_where_it_stopped_it_goes_on_when_there_is_enough_again(mailbox, arrive, read, anna, at):
    for number in range(80):
        arrive(number, sender="x@y.example")
    run = read(mailbox)
    mailbox.refresh_from_db()
    assert (waiting(), mailbox.retrieved_at) == (31, None)
    assert at < mailbox.retrieve_next_at < at + timedelta(minutes=1)
    go_on(mailbox, run, at=at)
    (job,) = jobs()
    assert job.scheduled_at is not None


def test_new_mail_is_fetched_though_the_minute_is_used_up(mailbox, arrive, read, anna, at):
    """S37: whoever asks for it while old mail is being fetched has it at once."""
    for number in range(80):
        arrive(number, sender="x@y.example")
    read(mailbox)
    arrive(100)
    read(mailbox, kind=RunKind.REQUESTED, at=at + timedelta(seconds=2))
    assert Message.objects.get().subject == "Letter 100"
    assert RetrievalRun.objects.filter(kind=RunKind.REQUESTED, error="").count() == 1


def test_what_a_person_asks_for_goes_before_what_waits(mailbox, arrive, read, anna, at):
    """S37: the run that was planned for later becomes the next one that a worker takes."""
    for number in range(80):
        arrive(number, sender="x@y.example")
    run = read(mailbox)
    mailbox.refresh_from_db()
    go_on(mailbox, run, at=at)
    request_retrieval(mailbox, at=at)
    (job,) = jobs()
    assert (job.scheduled_at, job.priority) == (None, 1)


def test_an_email_that_leaves_is_written_down_and_not_refused(mailbox, alice, at):
    """The first retrieval waits for it, not the other way round."""
    take(mailbox, messages=50, at=at)
    text = DraftText(to="anna@lindwerk.example", subject="Proof", html="<p>Here.</p>")
    draft = create_draft(alice, mailbox=mailbox, text=text, at=at)
    queue_email(draft, by=Actor.person(alice), member=alice, at=at)
    claim = claim_next(mailbox.pk, only_in_doubt=False, at=at + timedelta(minutes=1))
    assert claim is not None
    left = Allowance.objects.get(pk=mailbox.pk)
    assert left.units == pytest.approx(1000 - EMAIL_UNITS)


def test_without_a_limit_of_our_own_nothing_is_counted(mailbox, settings, at):
    settings.GMAIL_UNITS_PER_MINUTE = float("inf")
    spend(mailbox.pk, 100, at=at)
    assert take(mailbox, messages=5000, at=at).messages == 5000
    assert not Allowance.objects.exists()


def test_on_the_command_line_it_goes_on_until_nothing_waits(
    mailbox, gmail, arrive, anna, monkeypatch
):
    """Each time it waits until there is enough again, and then reads on."""
    for number in range(80):
        arrive(number, sender="x@y.example")
    waited: list[float] = []

    def pass_time(seconds: float) -> None:
        waited.append(seconds)
        Allowance.objects.update(counted_at=F("counted_at") - timedelta(seconds=seconds))

    monkeypatch.setattr("letterbook.cli.mail.time", SimpleNamespace(sleep=pass_time))
    done = CliRunner().invoke(app, ["retrieve"], catch_exceptions=False)
    assert (done.exit_code, waiting()) == (0, 0), done.output
    assert 1 <= len(waited) <= 3
    assert 0 < max(waited) < 60
