"""Real workers killed by SIGKILL while they compare a mailbox with Gmail's list, or ask quiet mailboxes for news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.timezone import now
from pytest_django.fixtures import Settings

from letterbook.correspondence.models import MailboxMessage
from letterbook.incoming.checks import request_check
from letterbook.incoming.models import CheckedDay, CoverageCheck, RetrievalRun
from letterbook.incoming.requesting import request_due
from letterbook.mailboxes.models import Mailbox
from letterbook.providers.fake_gmail.in_process import FakeTransport
from letterbook.providers.fake_gmail.server import serve
from letterbook.teams.models import Membership
from retrieving import ALICE, GatedGmail, ReadingOffice, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def office(alice: Membership, settings: Settings) -> Iterator[ReadingOffice]:
    """A mailbox of three pages, read to the end; the doors are closed at the end."""
    gmail = GatedGmail(page=25)
    settings.GOOGLE_TRANSPORT = FakeTransport(gmail)
    with serve(gmail) as url:
        office = ReadingOffice(alice, gmail, url)
        office.arrive(60)
        office.read_once()
        try:
            yield office
        finally:
            office.close()


def test_workers_die_while_they_compare_a_mailbox_with_what_gmail_lists(office):
    """S79, F1: kill -9 at its labels, between pages, while a day is written down, and while one that went is marked."""
    account = office.gmail.mailbox(ALICE)
    ids = office.gmail.ids(ALICE)
    MailboxMessage.objects.filter(provider_id__in=ids[:3]).delete()
    account.remove(ids[10])
    # As if the history had never told of it.
    Mailbox.objects.filter(pk=office.mailbox.pk).update(history_cursor=str(account.history_id))
    office.mailbox.refresh_from_db()
    request_check(office.mailbox, at=now())
    office.die("labels.list", when="after")
    # Somebody asks again while the dead worker's job is still its own: only one of the two may wait.
    request_check(office.mailbox, at=now())
    office.die("messages.list", 3, when="after")
    office.die("messages.get", when="after", lock="the ledger")
    office.die("messages.list", 5, when="after", lock="the check")
    office.hire()
    checks = CoverageCheck.objects.filter(mailbox=office.mailbox)
    wait_until(lambda: not checks.filter(ended_at=None).exists(), what="the end of the check")
    check = checks.latest("started_at")
    assert (check.listed, check.error) == (59, "")
    rows = MailboxMessage.objects.filter(mailbox=office.mailbox)
    assert rows.count() == 60
    assert [row.provider_id for row in rows.filter(is_removed_at_source=True)] == [ids[10]]
    assert sum(CheckedDay.objects.values_list("provider_count", flat=True)) == 59
    office.ask()
    office.finish()


@pytest.mark.parametrize("has_news", [False, True], ids=["without news", "with news"])
def test_workers_die_while_they_ask_a_quiet_mailbox_for_news(office, has_news):
    """S37, F1: kill -9 with the answer on its way, and in the transaction that notes it; it is asked for once more."""
    before = RetrievalRun.objects.count()
    if has_news:
        office.arrive(6)
    due = now() - timedelta(seconds=1)
    Mailbox.objects.filter(pk=office.mailbox.pk).update(retrieve_next_at=due)
    assert request_due(at=now()) == 1
    office.die("history.list", when="after")
    office.die("history.list", when="after", lock="" if has_news else "the runs")
    office.hire()
    wait_until(lambda: RetrievalRun.objects.count() > before, what="a run")
    office.finish()
    # One for what was asked for, and one more that `finish` asks for.
    assert RetrievalRun.objects.count() == before + 2
