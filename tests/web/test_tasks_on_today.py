"""S68, S77: what is due stands on Today, for who is to do it, and is done there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from browsing import as_member, words
from factories import a_contact, a_mailbox
from letterbook.contacts.models import Contact
from letterbook.teams.models import Membership
from letterbook.timeline.keeping import write_activity
from letterbook.timeline.models import Activity


@pytest.fixture
def anna(alice: Membership) -> Contact:
    a_mailbox(alice)
    return a_contact(alice, "Anna Lind")


def a_task(
    member: Membership, contact: Contact, text: str, *, days: int | None, **more: object
) -> Activity:
    due = None if days is None else localdate() + timedelta(days=days)
    return write_activity(member, contact, type="task", text=text, due_on=due, at=now(), **more)


def tasks_of(member: Membership) -> list[str]:
    page = words(as_member(member).get(reverse("today")))
    return re.findall(r'id="task-.*?class="open[^>]*>([^<]*)<', page, re.DOTALL)


def test_what_is_due_is_shown_to_who_is_to_do_it(alice, bob, charlie, anna):
    """The longest overdue first, what has no day last; nothing of a later day, of somebody else, or private."""
    a_task(bob, anna, "Today, for Alice", days=0, assignee_id=alice.user_id)
    a_task(alice, anna, "Late, of her own", days=-3, is_private=True)
    a_task(alice, anna, "Late, for nobody", days=-1)
    a_task(alice, anna, "Tomorrow", days=1, assignee_id=alice.user_id)
    a_task(alice, anna, "Some day", days=None)
    a_task(alice, anna, "For Bob", days=-1, assignee_id=bob.user_id)
    theirs = ["Late, of her own", "Late, for nobody", "Today, for Alice", "Some day"]
    assert tasks_of(alice) == theirs
    assert "Three tasks are due." in words(as_member(alice).get(reverse("today")))
    assert tasks_of(bob) == ["For Bob"]
    assert tasks_of(charlie) == []


def test_a_task_is_done_on_today_and_that_is_taken_back(alice, bob, anna):
    task = a_task(alice, anna, "Send the proof", days=-1, assignee_id=bob.user_id)
    browser = as_member(bob)
    done = browser.post(reverse("finish-task-today", args=[task.pk]), follow=True)
    assert "Done: Send the proof" in words(done)
    assert "One task is due" not in words(done)
    assert tasks_of(bob) == []
    undo = re.search(r'action="(/tasks/[^"]*)"', words(done))[1]
    assert "One task is due" in words(browser.post(undo, follow=True))
    task.refresh_from_db()
    assert task.done_at is None


def test_nobody_elses_task_is_done_by_its_id(alice, charlie, anna):
    task = a_task(alice, anna, "Send the proof", days=-1)
    assert as_member(charlie).post(reverse("finish-task-today", args=[task.pk])).status_code == 404
