"""S78: whom answers reach later than they used to, from what the viewer may see, equal to a count by hand."""

from __future__ import annotations

import random
from datetime import timedelta
from statistics import median

import pytest

from factories import a_contact, a_mailbox, a_message, a_thread
from letterbook.correspondence.models import Message
from letterbook.insights.asked_about import About
from letterbook.insights.waiting_longer import who_waits_longer
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing

HOUR = timedelta(hours=1)


def exchange(mailbox, contact, *, asked_at, hours):
    """A question of the contact's, and our answer so many hours later."""
    thread = a_thread(mailbox.owner.memberships.get())
    a_message(mailbox, contact, at=asked_at, thread=thread)
    a_message(mailbox, contact, direction="out", at=asked_at + hours * HOUR, thread=thread)


def exchanges(mailbox, contact, at, *, before, now):
    """Of a month ago, and of the last days, each taking one of these numbers of hours."""
    for days, hours in [(35, before), (9, now)]:
        for number, one in enumerate(hours):
            exchange(mailbox, contact, asked_at=at - timedelta(days=days - number), hours=one)


def found(member, at, **about):
    return [
        (one.contact, one.answers, one.median / HOUR, one.median_before / HOUR)
        for one in who_waits_longer(member, at=at, weeks=4, about=About(**about))
    ]


def test_who_waits_longer_than_in_the_weeks_before(alice, at):
    mailbox = a_mailbox(alice)
    anna, boris, clara, dan = (a_contact(alice, name) for name in ("Anna", "Boris", "Clara", "Dan"))
    exchanges(mailbox, anna, at, before=[2, 2, 4], now=[5, 7, 9, 30])
    exchanges(mailbox, boris, at, before=[20, 20, 20], now=[25, 25, 25])  # not half as long again
    exchanges(mailbox, clara, at, before=[0.1, 0.1, 0.1], now=[1, 1, 1])  # not an hour more
    exchanges(mailbox, dan, at, before=[1, 1], now=[9, 9, 9])  # too few to compare with
    assert found(alice, at) == [(anna, 4, 8.0, 2.0)]
    assert found(alice, at, user=alice.user) == [(anna, 4, 8.0, 2.0)]


def test_only_answers_that_the_viewer_may_know_of_count(alice, bob, charlie, at):
    anna = a_contact(alice, "Anna")
    hidden = a_mailbox(alice, sharing=Sharing.PRIVATE)
    shown = a_mailbox(alice, sharing=Sharing.METADATA)
    exchanges(hidden, anna, at, before=[1, 1, 1], now=[30, 30, 30, 30])
    assert found(bob, at) == found(charlie, at) == []
    exchanges(shown, anna, at, before=[2, 2, 2], now=[6, 6, 6])
    assert found(bob, at) == [(anna, 3, 6.0, 2.0)]
    assert found(bob, at, mailbox=hidden) == []
    assert found(alice, at) == [(anna, 7, 30.0, 1.5)]
    assert found(alice, at, mailbox=hidden) == [(anna, 4, 30.0, 1.0)]
    with pytest.raises(NotFound):
        found(charlie, at, contact=anna)


def test_the_medians_are_those_of_counting_by_hand(alice, at):
    chance = random.Random(4)
    mailbox = a_mailbox(alice)
    anna = a_contact(alice, "Anna")
    before = [chance.randrange(1, 5) for _ in range(chance.randrange(3, 9))]
    now = [chance.randrange(15, 40) for _ in range(chance.randrange(3, 9))]
    exchanges(mailbox, anna, at, before=before, now=now)
    assert Message.objects.count() == 2 * len(before + now)
    assert found(alice, at) == [(anna, len(now), median(now), median(before))]
