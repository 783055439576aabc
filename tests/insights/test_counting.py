"""S78: every number equals a count by hand over what the viewer may see."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from datetime import UTC, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import a_contact, a_mailbox, a_member, a_message, a_thread, is_known_of
from letterbook.correspondence.answering import BOUNDS
from letterbook.correspondence.models import MailboxMessage, Message
from letterbook.correspondence.showing import show_message
from letterbook.insights.asked_about import About
from letterbook.insights.busiest_hours import busiest_hours
from letterbook.insights.response_times import response_times
from letterbook.insights.volume import volume
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mailboxes.models import Sharing

WEEKS = 4
ZONE = ZoneInfo("Asia/Kolkata")


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10_000))
def test_volume_and_answers_agree_with_counting_by_hand(alice, bob, at, seed):
    """Random correspondence in mailboxes shared in every way, seen by an owner, a team-mate and a newcomer."""
    Message.objects.all().delete()
    chance = random.Random(seed)
    boxes = [a_mailbox(owner, sharing=sharing) for owner in (alice, bob) for sharing in Sharing]
    contacts = [a_contact(alice, name) for name in ("Anna", "Boris")]
    threads = [a_thread(alice) for _ in range(4)]
    for _ in range(40):
        held = chance.sample(boxes, chance.choice([1, 1, 2]))
        named = chance.sample(contacts, chance.choice([1, 2]))
        a_message(
            held[0],
            *named,
            also_in=tuple(held[1:]),
            bcc=tuple(one for one in contacts if one not in named and chance.random() < 0.3),
            thread=chance.choice(threads),
            direction=chance.choice(["in", "out"]),
            is_automatic=chance.random() < 0.2,
            at=at - timedelta(minutes=chance.randrange(6 * 7 * 24 * 60)),
        )
    newcomer = a_member(alice, f"Newcomer{seed}{random.random()}")
    for member in (alice, bob, newcomer):
        for about in (
            About(),
            About(contact=contacts[0]),
            About(user=bob.user),
            About(contact=contacts[1], user=alice.user),
            About(mailbox=boxes[1]),
            About(mailbox=boxes[-1], contact=contacts[0]),
        ):
            seen = by_hand(member, about)
            counted = {
                (week.monday, way): n
                for week in volume(member, at=at, weeks=WEEKS, about=about)
                for way, n in (("in", week.emails_in), ("out", week.emails_out))
                if n
            }
            assert counted == volume_by_hand(seen, at)
            answers = response_times(member, at=at, weeks=WEEKS, about=about)
            for way, found in (("out", answers.ours), ("in", answers.theirs)):
                waited = waits_by_hand(seen, way, at)
                assert (found.answers, found.median) == (
                    len(waited),
                    median(waited) if waited else None,
                )
                assert found.counts == spread_by_hand(waited)
            hours = busiest_hours(member, at=at, zone=ZONE, weeks=WEEKS, about=about)
            assert {(one.weekday, one.hour): one.emails_in for one in hours} == hours_by_hand(
                seen, at
            )
            assert [one.emails_in for one in hours] == sorted(
                (one.emails_in for one in hours), reverse=True
            )


def by_hand(member, about):
    """The visible messages, chosen one by one in Python."""
    seen = []
    for message in Message.objects.visible_to(member).order_by("occurred_at", "id"):
        if about.contact and not is_known_to_be_with(message, about.contact):
            continue
        if about.user and not is_of(message, about.user, member):
            continue
        if about.mailbox and not is_in(message, about.mailbox, member):
            continue
        seen.append(message)
    return seen


def is_in(message, mailbox, viewer) -> bool:
    held = MailboxMessage.objects.filter(message=message, mailbox=mailbox).exists()
    return held and is_known_of(mailbox, viewer)


def is_known_to_be_with(message, contact) -> bool:
    address = contact.addresses.get().address
    return address in {one.address for one in show_message(message).people}


def is_of(message, user, viewer) -> bool:
    if message.sent_by_id == user.pk:
        return True
    copies = MailboxMessage.objects.filter(message=message, mailbox__owner=user).select_related(
        "mailbox"
    )
    is_theirs = any(is_known_of(copy.mailbox, viewer) for copy in copies)
    return message.direction == "in" and is_theirs


def first_day(at):
    return (at - timedelta(days=at.weekday(), weeks=WEEKS - 1)).replace(hour=0, minute=0)


def volume_by_hand(seen, at):
    days = [
        (one.occurred_at.astimezone(UTC), one.direction)
        for one in seen
        if one.occurred_at >= first_day(at)
    ]
    return Counter(((day - timedelta(days=day.weekday())).date(), way) for day, way in days)


def hours_by_hand(seen, at):
    came = [
        one.occurred_at.astimezone(ZONE)
        for one in seen
        if one.direction == "in" and not one.is_automatic and one.occurred_at >= first_day(at)
    ]
    return Counter((moment.isoweekday(), moment.hour) for moment in came)


def waits_by_hand(seen, way, at):
    waits, waiting = [], {}
    for one in seen:
        if one.is_automatic:
            continue
        direction, since = waiting.get(one.thread_id, (None, None))
        if direction == one.direction:
            continue
        if direction is not None and one.direction == way and one.occurred_at >= first_day(at):
            waits.append(one.occurred_at - since)
        waiting[one.thread_id] = (one.direction, one.occurred_at)
    return waits


def spread_by_hand(waits):
    edges = [timedelta.min, *BOUNDS, timedelta.max]
    return tuple(
        sum(low < wait <= high for wait in waits) for low, high in itertools.pairwise(edges)
    )


def test_a_week_without_email_is_there_with_noughts(alice, at):
    weeks = volume(alice, at=at, weeks=3)
    assert [(week.emails_in, week.emails_out) for week in weeks] == [(0, 0)] * 3
    assert {week.monday.weekday() for week in weeks} == {0}
    assert weeks[-1].monday <= at.date() < weeks[-1].monday + timedelta(days=7)


def test_nothing_of_another_team_is_counted(alice, charlie, at):
    contact = a_contact(alice)
    a_message(a_mailbox(alice), contact, at=at)
    assert sum(week.emails_in for week in volume(charlie, at=at)) == 0
    assert response_times(charlie, at=at).ours.answers == 0
    with pytest.raises(NotFound):
        volume(charlie, at=at, about=About(contact=contact))


@pytest.mark.parametrize("weeks", [0, -1, 10**9])
def test_an_impossible_number_of_weeks_is_refused(alice, at, weeks):
    with pytest.raises(Invalid, match="weeks"):
        volume(alice, at=at, weeks=weeks)
