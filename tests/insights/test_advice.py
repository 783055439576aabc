"""S96: what the numbers ask for, from what the viewer may see, and nothing where all is well."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message, a_thread
from letterbook.insights.advice import advice_for
from letterbook.mailboxes.models import Sharing
from letterbook.mailboxes.states import mark_needs_reconnecting

UTC = ZoneInfo("UTC")


def told(member, at, zone=UTC) -> list[tuple[str, str]]:
    return [(one.kind, one.what_is_so) for one in advice_for(member, at=at, zone=zone)]


def silent(member, at) -> list[tuple[str, str]]:
    return [one for one in told(member, at) if one[0] == "going_cold"]


@pytest.mark.parametrize("sharing", [Sharing.METADATA, Sharing.PRIVATE])
def test_who_falls_silent_against_their_own_rhythm_is_told_to_those_who_may_know(
    alice, bob, charlie, at, sharing
):
    """Anna wrote weekly and has not for a month; Boris always wrote every two months, and is not late."""
    box = a_mailbox(alice, sharing=sharing)
    anna, boris = a_contact(alice, "Anna Lind"), a_contact(alice, "Boris")
    for number in range(5):
        a_message(box, anna, at=at - timedelta(days=30 + 7 * number))
        a_message(box, boris, at=at - timedelta(days=31 + 60 * number))
    expected = [("going_cold", "Anna Lind used to write every 7 days, and has not for 30 days.")]
    assert silent(alice, at) == expected
    assert silent(bob, at) == (expected if sharing == Sharing.METADATA else [])
    assert silent(charlie, at) == []


def test_nobody_is_cold_for_whom_only_machines_wrote_or_whom_only_we_wrote_to(alice, at):
    box, anna = a_mailbox(alice), a_contact(alice, "Anna Lind")
    for number in range(5):
        day = at - timedelta(days=30 + 7 * number)
        a_message(box, anna, at=day, is_automatic=True)
        a_message(box, anna, at=day, direction="out")
    assert silent(alice, at) == []


def test_the_hour_whose_emails_are_answered_within_a_day_is_told_in_the_zone_of_the_viewer(
    alice, at
):
    """Ten emails at nine are answered in an hour, twenty at three in the afternoon after two days."""
    box, anna = a_mailbox(alice), a_contact(alice, "Anna Lind")
    morning = at.replace(hour=9, minute=0)
    for number in range(30):
        thread, is_early = a_thread(alice), number < 10
        sent_at = morning - timedelta(days=number + 3) + timedelta(hours=0 if is_early else 6)
        a_message(box, anna, at=sent_at, direction="out", thread=thread)
        waits = timedelta(hours=1) if is_early else timedelta(days=2)
        a_message(box, anna, at=sent_at + waits, thread=thread)
    hours = [
        what for kind, what in told(alice, at, ZoneInfo("Europe/Berlin")) if kind == "best_hour"
    ]
    assert hours == [
        "Of the emails sent between 10:00 and 11:00, 100 % are answered within a day; of all, 33 %."
    ]


def test_who_waits_and_a_mailbox_that_fails_are_told_first_and_on_the_page(
    alice, bob, charlie, mailbox, at, monkeypatch
):
    anna = a_contact(alice, "Anna Lind")
    a_message(mailbox, anna, at=at - timedelta(days=4))
    mark_needs_reconnecting(mailbox, reason="Google ended the permission.", at=at)
    failing = "alice@haldenrowe.example: Needs reconnecting. Google ended the permission."
    waiting = ("unanswered", "Anna Lind has waited 4 days for your answer.")
    assert told(alice, at) == [("failing_mailbox", failing), waiting]
    assert told(bob, at) == [("failing_mailbox", failing)]
    monkeypatch.setattr("letterbook.web.pages.insights.now", lambda: at)
    assert failing in words(as_member(alice).get("/insights"))
    assert waiting[1] in words(as_member(alice).get("/insights"))
    assert failing not in words(as_member(charlie).get("/insights"))
