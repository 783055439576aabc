"""What a page asks of the database is asked once, however long a history is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from browsing import as_member
from factories import a_contact, a_mailbox, a_member, a_message
from letterbook.correspondence.models import Direction
from letterbook.timeline.keeping import write_activity

OLDER = {"HX-Request": "true", "HX-Target": "older"}


@pytest.fixture
def contact(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


def write(boxes, contact, *, number: int) -> None:
    """Emails both ways in several mailboxes, with files, and a note for each."""
    for _ in range(number):
        for box in boxes:
            a_message(box, contact, files=("offer.pdf",))
            a_message(box, contact, direction=Direction.OUTGOING)


def questions(browser, path: str, **headers: str) -> list[str]:
    """What a page asks when it is not the first one."""
    browser.get(path, headers=headers)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(path, headers=headers).status_code == 200
    return [one["sql"] for one in asked.captured_queries]


def test_a_contact_s_page_asks_no_more_of_a_long_history(alice, bob, contact, at):
    """S64, S77: each of its questions once, and few of them."""
    boxes = [a_mailbox(alice), a_mailbox(bob), a_mailbox(a_member(alice, "Carol"))]
    browser, path = as_member(alice), reverse("contact", args=[contact.pk])
    write_activity(alice, contact, type="note", text="Likes quinces.", at=at)
    write(boxes, contact, number=1)
    short = questions(browser, path)
    write(boxes, contact, number=12)
    long = questions(browser, path)
    assert len(long) <= len(short) <= 34
    assert len(long) == len(set(long)), "one question was asked twice"


def test_the_next_lines_ask_for_nothing_but_lines(alice, bob, contact):
    """S64: what stands beside a history is not asked for again."""
    write([a_mailbox(alice), a_mailbox(bob)], contact, number=10)
    browser, path = as_member(alice), reverse("contact", args=[contact.pk])
    cursor = browser.get(path).context["next_cursor"]
    assert len(questions(browser, f"{path}?cursor={cursor}", **OLDER)) <= 16
