"""How a mailbox fares, in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from letterbook.mailboxes.disconnecting import disconnect
from letterbook.mailboxes.health import describe
from letterbook.mailboxes.keeping import pause, pause_sending
from letterbook.mailboxes.models import Grant, Mailbox, Trouble
from letterbook.mailboxes.states import mark_connected, mark_needs_reconnecting


@pytest.fixture
def seen(mailbox, at):
    """Describe the mailbox with some columns set."""

    def describe_with(**columns):
        Mailbox.objects.filter(pk=mailbox.pk).update(**columns)
        return describe(Mailbox.objects.select_related("grant", "owner").get(pk=mailbox.pk), at=at)

    return describe_with


def test_a_new_mailbox_is_retrieving_for_the_first_time(seen):
    health = seen()
    assert (health.word, health.level) == ("Retrieving for the first time", "busy")


def test_a_listing_under_way_is_said(seen, at):
    assert seen(retrieved_at=at, listing_page="").level == "busy"


def test_a_mailbox_that_was_read_lately_is_connected(seen, at):
    assert (seen(retrieved_at=at).word, seen().level) == ("Connected", "good")


def test_one_failed_retrieval_is_never_red(seen, at):
    """Rule 4 on the wall: one 5xx is no illness."""
    health = seen(retrieved_at=at - timedelta(minutes=6), retrieval_error="Gmail had a problem.")
    assert (health.word, health.level) == ("Connected", "warning")
    assert "by itself" in health.what_to_do


def test_what_fails_for_half_an_hour_needs_somebody(seen, at):
    health = seen(retrieved_at=at - timedelta(minutes=31), retrieval_error="Gmail had a problem.")
    assert (health.word, health.level) == ("Not retrieving", "bad")
    assert health.reason == "Gmail had a problem."


def test_a_first_retrieval_that_never_worked_needs_somebody_too(seen, at):
    connected_at = at - timedelta(hours=1)
    assert seen(connected_at=connected_at, retrieval_error="No.").level == "bad"


def test_silence_without_an_error_asks_for_the_worker(seen, at):
    health = seen(retrieved_at=at - timedelta(hours=2))
    assert (health.word, health.level) == ("Late", "warning")
    assert "worker" in health.what_to_do


@pytest.mark.parametrize("what", ["reading", "sending"])
def test_a_limit_says_until_when(seen, at, what):
    until = at + timedelta(hours=3)
    health = seen(retrieved_at=at, **{f"{what}_limited_until": until})
    assert (health.word, health.level, health.until) == ("Limited", "warning", until)
    assert what in health.reason


def test_a_limit_that_is_over_is_not_mentioned(seen, at):
    assert seen(retrieved_at=at, reading_limited_until=at).level == "good"


def test_a_dead_permission_says_who_reconnects_it(seen, mailbox, at):
    mark_needs_reconnecting(mailbox, reason="Google no longer accepts this.", at=at)
    health = seen()
    assert (health.word, health.level) == ("Needs reconnecting", "bad")
    assert health.reason == "Google no longer accepts this."
    assert "Alice Halden" in health.what_to_do


@pytest.mark.parametrize(
    ("days", "is_testing"), [(1, False), (6.9, True), (7, True), (7.5, True), (9, False)]
)
def test_a_permission_that_ends_after_seven_days_tells_of_the_consent_screen(
    seen, mailbox, at, days, is_testing
):
    """Google says no more than that it ended; when it was given tells the rest."""
    Grant.objects.update(granted_at=at - timedelta(days=days))
    mark_needs_reconnecting(mailbox, reason="Google no longer accepts this.", at=at)
    health = seen()
    assert health.word == "Needs reconnecting"
    assert ("publishes the consent screen" in health.what_to_do) is is_testing
    assert "Alice Halden" in health.what_to_do


def test_a_missing_scope_names_the_boxes(seen, mailbox, at):
    mark_needs_reconnecting(mailbox, reason="Too small.", trouble=Trouble.SCOPE, at=at)
    assert (seen().word, seen().level) == ("A permission is missing", "bad")
    assert "every box" in seen().what_to_do


def test_reconnecting_ends_the_trouble(seen, mailbox, at):
    mark_needs_reconnecting(mailbox, reason="Too small.", trouble=Trouble.SCOPE, at=at)
    mark_connected(mailbox, at=at)
    assert (seen(retrieved_at=at).word, mailbox.trouble) == ("Connected", "")


def test_catching_up_is_no_first_retrieval(seen, at):
    assert seen(retrieved_at=at, listing_page="").word == "Catching up"


def test_what_somebody_wants_so_is_not_an_illness(seen, mailbox, alice, at):
    pause_sending(alice, mailbox, at=at)
    assert (seen(retrieved_at=at).word, seen().level) == ("Sending paused", "resting")
    assert (
        seen().reason == "Alice Halden paused it on 17 November 2026. Mail is read; nothing leaves."
    )
    pause(alice, mailbox, at=at)
    assert (seen().word, seen().level) == ("Paused", "resting")
    assert seen().reason == "Alice Halden paused it on 17 November 2026. Nothing is read or sent."
    Mailbox.objects.update(paused_by=None)
    assert seen().reason.startswith("Somebody who left paused it")
    mailbox.refresh_from_db()
    disconnect(alice, mailbox, at=at)
    assert (seen().word, seen().reason) == ("Disconnected", "Its stored mail is kept.")


def test_a_missing_grant_is_told(seen, at):
    Grant.objects.all().delete()
    assert (seen(retrieved_at=at).word, seen().level) == ("Locked", "bad")
