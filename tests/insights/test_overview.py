"""S78, S96: the page counts in one reading what each insight counts alone."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factories import a_contact, a_mailbox, a_message, a_thread
from letterbook.insights.advice import advice_for
from letterbook.insights.asked_about import WHOLE_TEAM, About
from letterbook.insights.busiest_hours import busiest_hours
from letterbook.insights.overview import overview_of
from letterbook.insights.response_times import response_times
from letterbook.insights.volume import volume
from letterbook.insights.waiting_longer import who_waits_longer
from letterbook.mailboxes.models import Sharing
from letterbook.teams.second_wall import seen_by

ZONE = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def boxes(alice, bob, at):
    """Anna was answered in an hour, is now after a day, and has been silent; half of it bob may not know of."""
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    made = [a_mailbox(alice, sharing=Sharing.PRIVATE), a_mailbox(bob, sharing=Sharing.METADATA)]
    for number in range(8):
        for box, days in zip(made, (20, 25), strict=True):
            thread, asked_at = a_thread(alice), at - timedelta(days=days + 7 * number)
            waits = timedelta(hours=24 if number < 4 else 1)
            a_message(box, anna, at=asked_at, thread=thread)
            a_message(box, anna, at=asked_at + waits, direction="out", thread=thread)
    return made


@pytest.mark.parametrize("weeks", [4, 26])
def test_the_page_says_what_each_insight_says_alone_to_whoever_looks(
    alice, bob, charlie, boxes, at, weeks
):
    """S78, S88: also behind the second wall."""
    told = []
    for member in (alice, bob, charlie):
        for about in (WHOLE_TEAM, About(mailbox=boxes[0])):
            alone = (
                volume(member, at=at, weeks=2 * weeks - 1, about=about),
                response_times(member, at=at, weeks=weeks, about=about),
                busiest_hours(member, at=at, zone=ZONE, weeks=weeks, about=about),
                who_waits_longer(member, at=at, weeks=weeks, about=about),
                advice_for(member, at=at, zone=ZONE) if about == WHOLE_TEAM else (),
            )
            with seen_by(member):
                page = overview_of(member, at=at, zone=ZONE, weeks=weeks, about=about)
            assert (page.volumes, page.answers, page.hours, page.slower, page.advice) == alone
            told.append(page.answers.ours.answers)
    assert told == ([1, 1, 0, 0, 0, 0] if weeks == 4 else [16, 8, 8, 0, 0, 0])


def test_the_page_reads_the_emails_once(alice, boxes, at):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        overview_of(alice, at=at, zone=ZONE, weeks=12)
    assert sum("json_agg" in one["sql"] for one in asked) == 1


def test_an_answer_to_what_was_asked_long_ago_is_none_of_these_weeks(alice, at):
    box, anna, thread = a_mailbox(alice), a_contact(alice, "Anna Lind"), a_thread(alice)
    a_message(box, anna, at=at - timedelta(days=370), thread=thread)
    a_message(box, anna, at=at - timedelta(days=1), direction="out", thread=thread)
    assert response_times(alice, at=at, weeks=12).ours.answers == 0
    a_message(box, anna, at=at - timedelta(days=360), thread=thread)
    [answer] = [response_times(alice, at=at, weeks=12).ours]
    assert (answer.answers, answer.median) == (1, timedelta(days=359))
