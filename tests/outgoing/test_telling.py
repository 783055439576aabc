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
from written import a_failed_email


@pytest.fixture
def later(at):
    """Long enough after a failure of `at` for it to have been seen on the page."""
    return at + timedelta(hours=1)


def test_the_notice_counts_by_cause_and_says_nothing_of_the_emails(alice, mailbox, at, later):
    for _ in range(2):
        a_failed_email(alice, mailbox, at=at, subject="Secret plan", to="anna@lindwerk.example")
    a_failed_email(alice, mailbox, at=at, error_class=ErrorClass.UNCONFIRMED, error="To anna@.")
    assert tell_of_failures(at=later) == 1
    [notice] = mail.outbox
    assert notice.to == ["alice@haldenrowe.example"]
    assert notice.subject == "Letterbook: 3 emails need a decision"
    assert "- 2: refused for good by Gmail" in notice.body
    assert "- 1: may have been sent: look, then decide" in notice.body
    assert "/outbox/failures" in notice.body
    assert not any(word in notice.body for word in ("Secret", "anna", "lindwerk", "Gmail refused"))


def test_once_a_day_and_only_while_something_is_open(alice, mailbox, at, later):
    email = a_failed_email(alice, mailbox, at=at)
    told = [tell_of_failures(at=later + timedelta(hours=hours)) for hours in (0, 1, 23, 24)]
    assert told == [1, 0, 0, 1]
    dismiss(email, member=alice, at=at)
    assert tell_of_failures(at=later + timedelta(days=3)) == 0


def test_what_failed_a_moment_ago_is_left_to_the_page(alice, mailbox, at):
    a_failed_email(alice, mailbox, at=at)
    assert tell_of_failures(at=at + timedelta(minutes=5)) == 0


def test_the_failure_knows_that_its_author_was_told(alice, mailbox, at, later):
    email = a_failed_email(alice, mailbox, at=at)
    tell_of_failures(at=later)
    assert email.failures.get().told_at == later


def test_nobody_is_told_who_does_not_want_to_be(alice, mailbox, at, later):
    a_failed_email(alice, mailbox, at=at)
    assert wants_to_be_told(alice)
    choose_to_be_told(alice, is_wanted=False)
    assert not wants_to_be_told(alice)
    assert tell_of_failures(at=later) == 0
    choose_to_be_told(alice, is_wanted=True)
    assert tell_of_failures(at=later) == 1


def test_nobody_is_told_of_a_team_mates_failure_or_after_they_left(alice, bob, mailbox, at, later):
    a_failed_email(alice, mailbox, at=at)
    alice.user.is_active = False
    alice.user.save()
    assert tell_of_failures(at=later) == 0


class Unreachable(EmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, messages):
        raise SMTPServerDisconnected("gone")


def test_whom_a_notice_did_not_reach_is_told_the_next_time(alice, mailbox, at, later, settings):
    email = a_failed_email(alice, mailbox, at=at)
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Unreachable"
    assert tell_of_failures(at=later) == 0
    assert email.failures.get().told_at is None
    settings.EMAIL_BACKEND = works
    assert tell_of_failures(at=later + timedelta(hours=1)) == 1
