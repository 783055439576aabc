"""Histories as Gmail really gives them: pages that overlap, pages of nothing, changes of what is no longer there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from letterbook.correspondence.models import LedgerState, MailboxMessage, Message
from letterbook.incoming.requesting import go_on
from letterbook.providers.mail import HistoryChange
from letterbook.timeline.models import Activity

ALICE = "alice@haldenrowe.example"


def in_pages(way):
    """Put the history of a provider into pages of two changes, in this way."""

    def wrap(provider):
        original = provider.list_history

        def list_history(*, since: str, page: str = ""):
            told = original(since=since)
            at = int(page or 0)
            changes, is_last = way(told.changes, at)
            return replace(told, changes=changes, next_page="" if is_last else str(at + 1))

        provider.list_history = list_history
        return provider

    return wrap


def overlapping(changes, page):
    """Each page begins with the last change of the one before."""
    return changes[max(0, 2 * page - 1) : 2 * page + 2], 2 * page + 2 >= len(changes)


def with_gaps(changes, page):
    """Every other page is empty, and still another one follows."""
    number = page // 2
    told = () if page % 2 == 0 else changes[2 * number : 2 * number + 2]
    return told, page % 2 == 1 and 2 * number + 2 >= len(changes)


def twice_over(changes, page):
    """All of it is told a second time."""
    return changes, page == 1


def with_a_ghost(changes, page):
    """A message is told of that Gmail does not hold: a 404 when it is fetched."""
    return (*changes, HistoryChange("added", "18c0ffee18c0ffee", "18c0ffee18c0ffee")), True


@pytest.mark.parametrize("way", [overlapping, with_gaps, twice_over, with_a_ghost])
def test_the_ledger_equals_gmail_however_the_history_is_told(
    mailbox, gmail, arrive, read, anna, way
):
    """S45, S79, G1: pages with gaps and repeats, and a 404 on a single message, which holds up nothing."""
    arrive(1)
    read(mailbox)
    fresh = [arrive(number) for number in range(2, 9)]
    account = gmail.mailbox(ALICE)
    account.relabel(fresh[0], add=frozenset({"STARRED"}), remove=frozenset({"UNREAD"}))
    account.remove(fresh[1])
    assert read(mailbox, wrap=in_pages(way)).error == ""
    rows = {row.provider_id: row for row in MailboxMessage.objects.all()}
    stored = {name for name, row in rows.items() if row.state == LedgerState.STORED}
    assert stored == set(gmail.ids(ALICE))
    assert all(rows[name].state == LedgerState.GONE for name in set(rows) - stored)
    assert set(rows[fresh[0]].labels) == {"INBOX", "STARRED"}
    assert Message.objects.count() == Activity.objects.count() == len(stored) == 7
    assert read(mailbox).listed == 0


def in_a_circle(number):
    """Let the history's pages lead from each to the next, and from the last of so many to the second."""

    def wrap(provider):
        original = provider.list_history

        def list_history(*, since: str, page: str = ""):
            following = str(int(page or 0) % number + 1)
            return replace(original(since=since), next_page=following)

        provider.list_history = list_history
        return provider

    return wrap


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_history_that_goes_round_in_a_circle_ends_the_run_and_loses_nothing(
    mailbox, gmail, arrive, read, anna, number
):
    """G1: it says so, keeps the cursor, and the next run that finds an end stores each email once."""
    arrive(1)
    read(mailbox)
    mailbox.refresh_from_db()
    cursor = mailbox.history_cursor
    arrive(2)
    assert "the same page twice" in read(mailbox, wrap=in_a_circle(number)).error
    mailbox.refresh_from_db()
    assert mailbox.history_cursor == cursor
    assert read(mailbox).error == ""
    assert Message.objects.count() == 2


def test_a_listing_that_goes_round_in_a_circle_ends_the_run(mailbox, arrive, read, anna):
    for number in range(5):
        arrive(number)

    def in_two_pages(provider):
        original = provider.list_messages

        def list_messages(**asked):
            if asked.get("query"):
                return original(**asked)
            answer = original(**asked | {"page": "", "limit": 2})
            return replace(answer, next_page="b" if asked["page"] == "a" else "a")

        provider.list_messages = list_messages
        return provider

    assert "the same page twice" in read(mailbox, wrap=in_two_pages).error
    type(mailbox).objects.update(listing_page="")
    assert read(mailbox).error == ""
    assert Message.objects.count() == 5


def test_a_history_that_is_lost_every_time_makes_no_loop(mailbox, gmail, arrive, read, anna, at):
    """G2: each run lists what is missing once, stores nothing twice, and leaves the next one to the next tick."""
    arrive(1)
    read(mailbox)
    listed = gmail.counts["messages.list"]
    for hour in (1, 2, 3):
        arrive(hour + 1)
        gmail.expire_history(ALICE)
        run = read(mailbox, at=at + timedelta(hours=hour))
        mailbox.refresh_from_db()
        assert (run.stored, run.error, mailbox.listing_page) == (1, "", None)
        assert mailbox.retrieve_next_at > at + timedelta(hours=hour)
        go_on(mailbox, run, at=at + timedelta(hours=hour))
    assert Message.objects.count() == 4
    # One for what is missing; two each for the labels that hide, which no listing tells.
    assert gmail.counts["messages.list"] - listed <= 3 * 5
    assert not ProcrastinateJob.objects.filter(task_name="retrieve_mailbox").exists()
