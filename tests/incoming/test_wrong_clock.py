"""A clock that disagrees with Google's is a state of its own, and gone with its cause."""

from __future__ import annotations

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from browsing import as_member, words
from letterbook.incoming.polling import poll
from letterbook.incoming.retrieval import RetrievalRun
from letterbook.mailboxes.health import HEALTH_RELATED, describe
from letterbook.mailboxes.models import Mailbox, MailboxState
from letterbook.mailboxes.opening import open_mailbox
from letterbook.project.google_examination import examine_google
from letterbook.providers.fake_gmail.server import serve

HOUR = 3600


def health(mailbox, at):
    return describe(Mailbox.objects.select_related(*HEALTH_RELATED).get(pk=mailbox.pk), at=at)


@pytest.mark.parametrize(
    ("google_is_ahead", "words_of_it"),
    [
        (15 * 60, "15 minutes behind Google's"),
        (-61 - 30, "1 minute ahead of Google's"),
        (-15 * 24 * HOUR - 60, "15 days ahead of Google's"),
    ],
)
def test_it_is_told_with_what_to_do_while_mail_is_read_on(
    mailbox, read, arrive, anna, gmail, at, alice, bob, google_is_ahead, words_of_it
):
    arrive(1)
    gmail.behaviour.clock_off = google_is_ahead
    run = read(mailbox)
    assert (run.error, run.stored) == ("", 1)
    told = health(mailbox, at)
    assert (told.word, told.level) == ("This server's clock is wrong", "warning")
    assert words_of_it in told.reason
    assert "NTP" in told.what_to_do
    for member in (alice, bob):
        assert "This server's clock is wrong" in words(as_member(member).get("/mailboxes"))


@pytest.mark.parametrize("google_is_ahead", [None, 0, 55, -55])
def test_a_minute_does_no_harm(mailbox, read, gmail, at, google_is_ahead):
    gmail.behaviour.clock_off = google_is_ahead
    read(mailbox)
    assert health(mailbox, at).level == "good"


def test_it_ends_with_the_next_retrieval_once_the_clock_is_right(mailbox, read, gmail, at):
    gmail.behaviour.clock_off = HOUR
    read(mailbox)
    assert health(mailbox, at).level == "warning"
    gmail.fail("*", "drop_before")
    read(mailbox)
    mailbox.refresh_from_db()
    assert mailbox.clock_off == timedelta(hours=-1)  # whoever was not reached told no time
    gmail.stop_failing()
    gmail.behaviour.clock_off = 0
    read(mailbox)
    assert health(mailbox, at).word == "Connected"


def test_a_quiet_mailbox_is_left_to_a_run_that_writes_it_down(
    mailbox, read, gmail, at, monkeypatch
):
    read(mailbox)
    monkeypatch.setattr("letterbook.mailboxes.opening.timezone.now", gmail.now)
    later = at + timedelta(hours=1)
    gmail.behaviour.clock_off = HOUR
    assert poll([mailbox.pk], asked_at=later, at=later) == 0
    assert ProcrastinateJob.objects.filter(task_name="retrieve_mailbox", status="todo").exists()
    read(mailbox)
    gmail.behaviour.clock_off = 0
    assert (
        poll([mailbox.pk], asked_at=later, at=later) == 0
    )  # only a run finds that it is right again
    read(mailbox)
    assert poll([mailbox.pk], asked_at=later, at=later) == 1


def test_what_really_is_wrong_is_told_before_it(mailbox, read, gmail, at):
    gmail.behaviour.clock_off = HOUR
    read(mailbox)
    gmail.revoke(mailbox.address)
    gmail.expire_access_tokens(mailbox.address)
    read(mailbox)
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.NEEDS_RECONNECTING
    assert health(mailbox, at).word == "Needs reconnecting"
    assert RetrievalRun.objects.filter(mailbox=mailbox).count() == 2


def test_the_doctor_says_the_same_over_real_http(mailbox, gmail, settings, at, monkeypatch):
    monkeypatch.setattr("letterbook.project.google_examination.now", gmail.now)
    gmail.behaviour.clock_off = 3 * HOUR
    ill = {one.what: one for one in examine_google() if not one.is_well}
    assert ill["Clock against Google's"].fix.startswith("Set this server's clock by NTP")
    with serve(gmail) as url:
        settings.GOOGLE_TRANSPORT = None
        settings.GMAIL_API_URL = url
        provider = open_mailbox(mailbox, clock=gmail.now)
        provider.list_labels()
        assert provider.clock_off == timedelta(hours=-3)
