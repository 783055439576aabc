"""Who has a failure to decide is told by email: once a day, only while it is open, and never what the email says."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from letterbook.outgoing.queueing import dismiss
from letterbook.outgoing.status import ErrorClass
from letterbook.outgoing.telling import choose_to_be_told, tell_of_failures, wants_to_be_told
from sending import Killed
from written import a_failed_email


def tell(at):
    """The hourly round at a time; return how many were told."""
    return tell_of_failures(clock=lambda: at)


@pytest.fixture
def later(at):
    """Long enough after a failure of `at` for it to have been seen on the page."""
    return at + timedelta(hours=1)


def test_the_notice_counts_by_cause_and_says_nothing_of_the_emails(alice, mailbox, at, later):
    for _ in range(2):
        a_failed_email(alice, mailbox, at=at, subject="Secret plan", to="anna@lindwerk.example")
    a_failed_email(alice, mailbox, at=at, error_class=ErrorClass.UNCONFIRMED, error="To anna@.")
    assert tell(later) == 1
    [notice] = mail.outbox
    assert notice.to == ["alice@haldenrowe.example"]
    assert notice.subject == "Letterbook: 3 emails need a decision"
    assert "- 2: refused for good by Gmail" in notice.body
    assert "- 1: may have been sent: look, then decide" in notice.body
    assert "/outbox/failures" in notice.body
    assert not any(word in notice.body for word in ("Secret", "anna", "lindwerk", "Gmail refused"))


def test_once_a_day_and_only_while_something_is_open(alice, mailbox, at, later):
    email = a_failed_email(alice, mailbox, at=at)
    told = [tell(later + timedelta(hours=hours)) for hours in (0, 1, 23, 24)]
    assert told == [1, 0, 0, 1]
    dismiss(email, member=alice, at=at)
    assert tell(later + timedelta(days=3)) == 0


def test_what_failed_a_moment_ago_is_left_to_the_page(alice, mailbox, at):
    a_failed_email(alice, mailbox, at=at)
    assert tell(at + timedelta(minutes=5)) == 0


def test_the_failure_knows_that_its_author_was_told(alice, mailbox, at, later):
    email = a_failed_email(alice, mailbox, at=at)
    tell(later)
    assert email.failures.get().told_at == later


def test_nobody_is_told_who_does_not_want_to_be(alice, mailbox, at, later):
    a_failed_email(alice, mailbox, at=at)
    assert wants_to_be_told(alice)
    choose_to_be_told(alice, is_wanted=False)
    assert not wants_to_be_told(alice)
    assert tell(later) == 0
    choose_to_be_told(alice, is_wanted=True)
    assert tell(later) == 1


def test_nobody_is_told_of_a_team_mates_failure_or_after_they_left(alice, bob, mailbox, at, later):
    a_failed_email(alice, mailbox, at=at)
    alice.user.is_active = False
    alice.user.save()
    assert tell(later) == 0


class MailServer(EmailBackend):
    """A mail server beside which something happens before it takes a notice, or when it has taken it."""

    before = after = staticmethod(lambda: None)

    def send_messages(self, messages):
        self.before()
        taken = super().send_messages(messages)
        self.after()
        return taken


@pytest.fixture
def beside_the_mail_server(settings, monkeypatch):
    """Let something happen at the next notice, once."""
    settings.EMAIL_BACKEND = f"{__name__}.MailServer"

    def arrange(moment, event):
        def happen():
            monkeypatch.setattr(MailServer, moment, staticmethod(lambda: None))
            event()

        monkeypatch.setattr(MailServer, moment, staticmethod(happen))

    return arrange


def die():
    raise Killed


def hang_up():
    raise SMTPServerDisconnected("gone")


def test_whom_a_notice_did_not_reach_is_told_the_next_time(
    alice, mailbox, at, later, beside_the_mail_server
):
    email = a_failed_email(alice, mailbox, at=at)
    beside_the_mail_server("before", hang_up)
    assert tell(later) == 0
    assert email.failures.get().told_at is None
    assert tell(later + timedelta(hours=1)) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_whose_worker_died_while_it_wrote_to_them_is_told_by_the_next_round(
    alice, mailbox, at, later, beside_the_mail_server, moment
):
    """F1: killed before the mail server took it, or after: at least once, and nobody else meanwhile."""
    email = a_failed_email(alice, mailbox, at=at)
    beside_the_mail_server(moment, die)
    with pytest.raises(Killed):
        tell(later)
    told = [tell(later + timedelta(minutes=minutes)) for minutes in (1, 60, 120)]
    assert told == [0, 1, 0]
    assert email.failures.get().told_at == later + timedelta(hours=1)
    names = {notice.extra_headers["Message-ID"] for notice in mail.outbox}
    assert len(mail.outbox) == 1 + (moment == "after")
    assert len(names) == 1, "a second copy would not be known for what it is"


def test_the_next_day_brings_another_notice_not_a_copy_of_the_last(alice, mailbox, at, later):
    a_failed_email(alice, mailbox, at=at)
    assert [tell(later), tell(later + timedelta(days=1))] == [1, 1]
    first, second = (notice.extra_headers["Message-ID"] for notice in mail.outbox)
    assert first != second


def test_of_two_workers_that_meet_one_writes(alice, mailbox, at, later, beside_the_mail_server):
    a_failed_email(alice, mailbox, at=at)
    other = []
    beside_the_mail_server("before", lambda: other.append(tell(later)))
    assert (tell(later), other, len(mail.outbox)) == (1, [0], 1)


@pytest.mark.parametrize("wakes_to", ["a line that hangs up", "a mail server that takes it"])
def test_a_worker_that_slept_too_long_changes_nothing_that_another_told(
    alice, mailbox, at, later, beside_the_mail_server, wakes_to
):
    """F4."""
    email = a_failed_email(alice, mailbox, at=at)

    def sleep():
        assert tell(later + timedelta(hours=1)) == 1
        if wakes_to == "a line that hangs up":
            hang_up()

    beside_the_mail_server("before", sleep)
    tell(later)
    assert email.failures.get().told_at == later + timedelta(hours=1)
    assert [tell(later + timedelta(hours=hours)) for hours in (2, 24, 25)] == [0, 0, 1]


def test_an_address_that_no_mail_server_takes_holds_up_nobody_else(
    alice, bob, mailbox, bobs_mailbox, at, later, beside_the_mail_server
):
    a_failed_email(alice, mailbox, at=at)
    a_failed_email(bob, bobs_mailbox, at=at)
    beside_the_mail_server("before", lambda: int("not an address"))
    assert tell(later) == 1
    assert tell(later + timedelta(hours=1)) == 1
    assert {notice.to[0] for notice in mail.outbox} == {alice.user.email, bob.user.email}
