"""Real workers killed by SIGKILL at every step of reading a mailbox; then the ledger must say what Gmail holds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.providers.fake_gmail.in_process import FakeTransport
from letterbook.providers.fake_gmail.server import serve
from letterbook.teams.models import Membership
from retrieving import ALICE, GatedGmail, ReadingOffice

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def office(alice: Membership, settings: Settings) -> Iterator[ReadingOffice]:
    """A mailbox of three pages and two batches; the doors are closed at the end."""
    gmail = GatedGmail(page=25)
    settings.GOOGLE_TRANSPORT = FakeTransport(gmail)
    with serve(gmail) as url:
        office = ReadingOffice(alice, gmail, url)
        office.arrive(60)
        try:
            yield office
        finally:
            office.close()


def interrupted(office: ReadingOffice) -> int:
    return RetrievalRun.objects.filter(
        mailbox=office.mailbox, error__startswith="Interrupted"
    ).count()


def test_workers_die_while_a_mailbox_is_listed_for_the_first_time(office):
    """G7, F1: kill -9 at the profile, between two pages, and in the transaction that keeps a page."""
    office.ask(RunKind.FIRST)
    office.die("getProfile", when="after")
    office.die("messages.list", when="after", lock="the ledger")
    office.die("messages.list", 2, when="before")
    office.die("messages.list", 2, when="after", lock="the mailbox")
    office.finish()
    assert interrupted(office) == office.deaths


def test_workers_die_while_a_mailbox_is_fetched_for_the_first_time(office):
    """G7, F1: kill -9 at a fetch, between fetching and storing, and in the transaction that stores."""
    office.ask(RunKind.FIRST)
    office.die("messages.get", 30, when="before")
    office.die("messages.get", 50, when="after", lock="the activities")
    office.die("messages.get", 50, when="after", lock="the run")
    office.die("messages.get", 55, when="after")
    office.finish()
    assert interrupted(office) == office.deaths


def test_workers_die_while_the_history_is_followed(office):
    """G7, F1: kill -9 at a page of the history, in the next one's transaction, and before the cursor is moved."""
    office.read_once()
    office.change_much()
    office.ask()
    office.die("history.list", 1, when="after")
    office.die("history.list", 2, when="after", lock="the ledger")
    office.die("history.list", 3, when="after", lock="the mailbox")
    office.die("messages.get", 20, when="after", lock="the activities")
    office.finish()
    assert interrupted(office) == office.deaths


def test_workers_die_while_a_lost_history_is_made_up_for(office):
    """G7, F1: the cursor's 404, then kill -9 in the listing that follows from it."""
    office.read_once()
    office.arrive(30)
    office.gmail.expire_history(ALICE)
    office.ask()
    listed_at = office.mailbox.listed_at
    assert listed_at
    listing = f"after:{int((listed_at - timedelta(days=31)).timestamp())}"
    office.die("history.list", when="after")
    office.die("messages.list", 1, when="after", lock="the mailbox", query=listing)
    office.die("messages.list", 2, when="after", query=listing)
    office.die("messages.get", 20, when="after")
    office.finish()
    assert interrupted(office) == office.deaths


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_workers_die_wherever_they_are_in_storing_a_batch(office):
    """G7, F1: kill -9 at the second, a middle and a late statement of the transaction that stores."""
    office.ask(RunKind.FIRST)
    for number in (2, 14, 26):
        office.die_at_send(number)
    office.finish()


def careless(bug: str) -> tuple[str, str]:
    return str(Path(__file__).with_name("careless_worker.py")), bug


def test_the_comparison_catches_who_moves_the_cursor_before_the_rows_are_stored(office):
    """The death that an honest worker survives above."""
    office.read_once()
    office.arrive(60)
    office.ask()
    office.hire(script=careless("cursor-before-rows"))
    office.die("history.list", 2, when="after", lock="the ledger")
    with pytest.raises(AssertionError, match="missing"):
        office.finish()


def test_the_comparison_catches_who_shrugs_at_a_lost_history(office):
    office.read_once()
    office.arrive(3)
    office.gmail.expire_history(ALICE)
    office.ask()
    office.hire(script=careless("shrugs-at-404"))
    with pytest.raises(AssertionError, match="missing"):
        office.finish()
