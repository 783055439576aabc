"""S78: the insights page, for the team and narrowed to a person, a mailbox, a contact."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message, a_thread
from letterbook.contacts.models import Contact
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.models import Membership


@pytest.fixture
def anna(alice: Membership) -> Contact:
    return a_contact(alice, "Anna Lind")


@pytest.fixture
def box(alice: Membership) -> Mailbox:
    return a_mailbox(alice, sharing=Sharing.METADATA)


def see(member: Membership, **query: object) -> str:
    answer = as_member(member).get(reverse("insights"), query)
    assert answer.status_code == 200
    return words(answer)


def exchange(box: Mailbox, contact: Contact, *, days: int, answered_after: timedelta) -> None:
    """A question of so many days ago, and our answer."""
    thread, asked_at = a_thread(box.owner.memberships.get()), now() - timedelta(days=days)
    a_message(box, contact, at=asked_at, thread=thread)
    a_message(box, contact, direction="out", at=asked_at + answered_after, thread=thread)


def test_the_counting_is_narrowed_to_a_person_a_mailbox_or_a_contact(alice, bob, anna, box):
    boris = a_contact(alice, "Boris")
    bobs = a_mailbox(bob, sharing=Sharing.METADATA)
    a_message(box, anna, at=now())
    a_message(bobs, anna, at=now())
    a_message(bobs, boris, direction="out", at=now())
    assert "2 emails came in and 1 went out" in see(alice)
    assert "1 email came in and 1 went out" in see(alice, of=f"person {bob.user_id}")
    assert "1 email came in and 0 went out" in see(alice, of=f"mailbox {box.pk}")
    page = see(alice, contact=boris.pk)
    assert "0 emails came in and 1 went out" in page
    assert reverse("contact", args=[boris.pk]) in page


@pytest.mark.parametrize("of", ["mailbox x", "person 0", "\0", "mailbox"])
def test_what_makes_no_sense_narrows_nothing(alice, anna, box, of):
    a_message(box, anna, at=now())
    assert "1 email came in and 0 went out" in see(alice, of=of, contact="nobody", weeks="999")


def test_a_contact_of_another_team_narrows_nothing_and_is_not_named(alice, charlie, anna, box):
    a_message(box, anna, at=now())
    page = see(charlie, contact=anna.pk, of=f"mailbox {box.pk}")
    assert "Nothing to count yet." in page
    assert "Anna" not in page
    assert box.address not in page


def test_the_whole_weeks_are_compared_with_as_many_before(alice, anna, box):
    monday = now() - timedelta(days=now().weekday())
    for weeks_ago, number in [(1, 2), (2, 1), (4, 1), (5, 1)]:
        for _ in range(number):
            a_message(box, anna, at=monday - timedelta(weeks=weeks_ago - 0.5))
    a_message(box, anna, at=now())  # this week is not over
    page = see(alice, weeks=4)
    assert "In the last 3 whole weeks 50 % more came in, against the 3 before." in page


def test_the_busiest_hour_is_told_in_the_viewers_time_zone(alice, anna, box):
    alice.user.time_zone = "Asia/Kolkata"
    alice.user.save()
    a_message(box, anna, at=(now() - timedelta(days=7)).replace(hour=20, minute=45))
    page = see(alice)
    assert "between 02:00 and 03:00" in page


def test_who_waits_longer_than_before_is_told_from_what_one_may_know_of(alice, bob, anna):
    private = a_mailbox(alice, sharing=Sharing.PRIVATE)
    for days, hours in [(40, 1), (41, 1), (42, 1), (9, 6), (10, 6), (11, 6)]:
        exchange(private, anna, days=days, answered_after=timedelta(hours=hours))
    assert "These wait longer for us" in see(alice, weeks=4)
    page = see(bob, weeks=4)
    assert "wait longer" not in page
    assert "Anna" not in page


@pytest.mark.parametrize("zone", ["Etc/GMT-9", "Etc/UTC", "UTC", "EST", "Asia/Kolkata"])
def test_a_clock_of_any_kind_will_do(alice, anna, box, zone):
    """One that is never changed calls itself "+09"; that is no name of a zone."""
    alice.user.time_zone = zone
    alice.user.save()
    a_message(box, anna, at=now())
    assert "1 email came in and 0 went out" in see(alice)
    assert as_member(alice).get(reverse("write")).status_code == 200
