"""Who sees what is read once a page, and anew for the next."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact, a_message
from letterbook.correspondence.access import reach_of
from letterbook.mailboxes.keeping import change_sharing
from letterbook.mailboxes.models import Sharing

_RIGHTS = 'AS "is_let_in" FROM "mailboxes_mailbox"'


@pytest.fixture
def contact(alice, mailbox, at):
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    a_message(mailbox, anna, subject="The very subject", at=at)
    return anna


def test_a_page_reads_rights_once(alice, contact):
    browser, path = as_member(alice), reverse("contact", args=[contact.pk])
    browser.get(path)
    with CaptureQueriesContext(connection) as asked:
        browser.get(path)
    assert sum(_RIGHTS in one["sql"] for one in asked.captured_queries) == 1


def test_the_next_page_sees_what_was_changed_meanwhile(alice, bob, contact, mailbox, at):
    browser, path = as_member(bob), reverse("contact", args=[contact.pk])
    assert "The very subject" in words(browser.get(path))
    change_sharing(alice, mailbox, sharing=Sharing.PRIVATE, at=at)
    assert "The very subject" not in words(browser.get(path))


def test_outside_a_page_rights_are_read_each_time(alice, bob, mailbox, contact, at):
    as_member(bob).get(reverse("today"))
    assert reach_of(bob).at_least(Sharing.FULL) == [mailbox.pk]
    change_sharing(alice, mailbox, sharing=Sharing.PRIVATE, at=at)
    assert reach_of(bob).at_least(Sharing.METADATA) == []
