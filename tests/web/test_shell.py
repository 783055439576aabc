"""The shell around every page: counts of what the person may know, in a constant number of small queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from factories import a_contact, a_mailbox, a_message
from letterbook.mailboxes.models import MailboxState
from letterbook.web.context import shell
from written import a_failed_email, a_queued_email


@pytest.fixture
def box(alice):
    return a_mailbox(alice)


def shell_of(rf, member):
    request = rf.get("/")
    request.member = member
    return shell(request)["shell"]


def test_a_visitor_has_no_shell(rf):
    assert shell(rf.get("/")) == {}


def test_it_counts_what_needs_the_person(rf, alice, bob, box):
    a_failed_email(alice, box, at=now())
    a_queued_email(alice, box, at=now())
    broken = a_mailbox(alice)
    broken.state = MailboxState.NEEDS_RECONNECTING
    broken.save()
    nav = shell_of(rf, alice)["nav"]
    assert (nav.failed, nav.queued, nav.mailboxes_needing_you) == (1, 1, 1)
    # What a team-mate's email and mailbox need is not bob's to decide.
    nav = shell_of(rf, bob)["nav"]
    assert (nav.failed, nav.mailboxes_needing_you) == (0, 0)


def test_it_offers_to_take_back_the_newest_email_while_there_is_time(rf, alice, bob, box):
    a_queued_email(alice, box, at=now() - timedelta(seconds=3), subject="First")
    newest = a_queued_email(alice, box, at=now(), subject="Second")
    leaving = shell_of(rf, alice)["leaving"]
    assert leaving.subject == "Second"
    assert leaving.undo_url == reverse("undo-email", args=[newest.pk])
    assert shell_of(rf, bob)["leaving"] is None


def test_a_scheduled_email_is_not_about_to_leave(rf, alice, box):
    a_queued_email(alice, box, at=now(), send_at=now() + timedelta(days=1))
    assert shell_of(rf, alice)["leaving"] is None


def test_one_scheduled_since_hides_no_undo(rf, alice, box):
    at = now()
    leaving = a_queued_email(alice, box, at=at - timedelta(seconds=1), subject="Leaves now")
    a_queued_email(alice, box, at=at, send_at=at + timedelta(days=1), subject="Tomorrow")
    assert shell_of(rf, alice)["leaving"].undo_url == reverse("undo-email", args=[leaving.pk])


def test_it_accounts_for_the_persons_own_mail(rf, alice, bob, box):
    a_message(box, a_contact(alice))
    coverage = shell_of(rf, alice)["coverage"]
    assert (coverage.total, coverage.accounted, coverage.stored, coverage.waiting) == (1, 1, 1, 0)
    assert shell_of(rf, bob)["coverage"] is None


def test_a_page_asks_as_often_for_much_as_for_little(client, alice, box):
    """Neither the shell nor the pages ask once per row."""
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    message = a_message(box, anna)
    a_failed_email(alice, box, at=now())
    client.force_login(alice.user)
    addresses = [
        reverse("contact", args=[anna.pk]),
        reverse("conversation", args=[message.thread_id]),
        reverse("outbox"),
        reverse("write"),
    ]
    for address in addresses:
        client.get(address)
    few = [_queries(client, address) for address in addresses]
    for _ in range(5):
        a_message(box, anna, thread=message.thread)
        a_failed_email(alice, box, at=now())
    assert [_queries(client, address) for address in addresses] == few


def _queries(client, address):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
