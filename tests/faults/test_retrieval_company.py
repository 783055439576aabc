"""Several workers, several mailboxes, a worker that slept too long, a database that went away."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils.timezone import now
from procrastinate.contrib.django import app
from pytest_django.fixtures import Settings

from letterbook.incoming.models import RunKind
from letterbook.incoming.requesting import retrieve_soon
from letterbook.mailboxes.models import Mailbox
from letterbook.project.embedded_postgres import EmbeddedPostgres, start_embedded_postgres
from letterbook.providers.fake_gmail.in_process import FakeTransport
from letterbook.providers.fake_gmail.server import serve
from letterbook.teams.joining import found_team
from letterbook.teams.models import Membership, User
from retrieving import (
    ANNA,
    GatedGmail,
    ReadingOffice,
    check_retrieved,
    is_quiet,
    wait_until,
)

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

BOB, CAROL, DAVE = (f"{name}@haldenrowe.example" for name in ("bob", "carol", "dave"))


@pytest.fixture
def office(alice: Membership, settings: Settings) -> Iterator[ReadingOffice]:
    """A mailbox of three pages and two batches; the doors are closed at the end."""
    yield from an_office(alice, settings)


def an_office(member: Membership, settings: Settings) -> Iterator[ReadingOffice]:
    gmail = GatedGmail(page=25)
    settings.GOOGLE_TRANSPORT = FakeTransport(gmail)
    with serve(gmail) as url:
        office = ReadingOffice(member, gmail, url)
        office.arrive(60)
        try:
            yield office
        finally:
            office.close()


def test_two_workers_read_two_mailboxes_and_a_job_delivered_three_times(office):
    """F5: each message is stored once; whoever is overtaken stops with the batch in hand."""
    other = office.connect(BOB)
    office.arrive(60, address=BOB)
    retrieve_soon(other.pk, kind=RunKind.FIRST)
    for _ in range(3):  # without the lock that keeps them apart
        app.configure_task("retrieve_mailbox", queue="incoming").defer(
            mailbox_id=str(office.mailbox.pk), kind=str(RunKind.FIRST)
        )
    # Nobody dies here, however slow the machine is.
    office.hire(WORKER_STALLED=600)
    office.hire(WORKER_STALLED=600)
    wait_until(is_quiet, what="quiet")
    # Of the three two are overtaken, each with a batch in hand that the next one fetches again.
    office.deaths += 2
    office.finish()
    check_retrieved(office.gmail, other, contact_address=ANNA)


def test_a_worker_that_slept_while_another_took_over_changes_nothing(office):
    """F4: SIGSTOP with a whole batch in hand, a second worker finishes, SIGCONT."""
    office.ask(RunKind.FIRST)
    hold = office.gmail.hold("messages.get", 50, "after")
    office.hire()
    (sleeper,) = office.workers
    wait_until(hold.reached.is_set, what="a whole batch")
    sleeper.send_signal(signal.SIGSTOP)
    office.deaths += 1  # as far as the others can tell
    office.hire()
    wait_until(is_quiet, what="the end of the second worker's retrieval")
    office.gmail.open()
    sleeper.send_signal(signal.SIGCONT)
    sleeper.terminate()  # which lets it finish what it has in hand
    assert sleeper.wait(15) == 0
    office.finish()


def test_broken_mailboxes_do_not_delay_the_others(office):
    """One does not answer, one fails, one was revoked: alice's is read as if nothing were."""
    broken = [office.connect(address) for address in (BOB, CAROL, DAVE)]
    office.gmail.fail("*", "delay:60", times=99, mailbox=BOB)
    office.gmail.fail("*", "refuse:503", times=99, mailbox=CAROL)
    office.gmail.revoke(DAVE)
    for mailbox in [*broken, office.mailbox]:
        retrieve_soon(mailbox.pk, kind=RunKind.FIRST)
    office.hire()
    wait_until(lambda: _has_been_read(office.mailbox), what="alice's mailbox")
    check_retrieved(office.gmail, office.mailbox, contact_address=ANNA)
    assert not any(map(_has_been_read, broken))


def _has_been_read(mailbox: Mailbox) -> bool:
    mailbox.refresh_from_db()
    return mailbox.retrieved_at is not None


@pytest.fixture
def own_postgres(transactional_db: None) -> Iterator[EmbeddedPostgres]:
    """A server of this test alone, that may be torn down; the test's connection leads to it meanwhile."""
    usual = dict(connection.settings_dict)
    # Not in `tmp_path`, into which the server's own user may not look.
    folder = Path(tempfile.mkdtemp(prefix="letterbook-tests-"))
    server = start_embedded_postgres(folder, is_disposable=True)
    _lead_to(NAME="letterbook", HOST=str(server.server.get_postmaster_info().socket_dir))
    try:
        call_command("migrate", verbosity=0)
        yield server
    finally:
        _lead_to(NAME=usual["NAME"], HOST=usual["HOST"])
        server.stop()


def _lead_to(**where: str) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict.update(where)


@pytest.fixture
def fragile_office(own_postgres: EmbeddedPostgres, settings: Settings) -> Iterator[ReadingOffice]:
    """The same office on a server of its own."""
    user = User.objects.create_user("alice@haldenrowe.example", name="Alice Halden")
    yield from an_office(found_team(user, name="Halden & Rowe", at=now()), settings)


def test_postgresql_ends_at_once_and_comes_back(fragile_office, own_postgres):
    """F6: in mid-retrieval, twice. A worker ends with its database; the next one goes on, without being asked."""
    office = fragile_office
    Mailbox.objects.update(retrieve_next_at=None)
    for call, number in (("messages.list", 2), ("messages.get", 40)):
        hold = office.gmail.hold(call, number, "after")
        _supervise(office, hold.reached.is_set, what=call)
        _restart(own_postgres, office)
    _supervise(office, lambda: _has_been_read(office.mailbox), what="the whole mailbox")
    Mailbox.objects.update(retrieve_next_at=now() + timedelta(days=1))
    wait_until(is_quiet, what="quiet")
    check_retrieved(office.gmail, office.mailbox, contact_address=ANNA)


def _supervise(office: ReadingOffice, is_so: Callable[[], bool], *, what: str) -> None:
    """Wait, and start a worker wherever the last one ended, as `letterbook serve` and systemd do."""

    def look_after() -> bool:
        if not office.workers or office.workers[-1].poll() is not None:
            office.hire(RETRIEVE_EVERY=1)
        return is_so()

    wait_until(look_after, what=what)


def _restart(server: EmbeddedPostgres, office: ReadingOffice) -> None:
    connection.close()
    connection.close_pool()
    postmaster = server.server.get_postmaster_info().process
    postmaster.send_signal(signal.SIGQUIT)  # what `pg_ctl stop -m immediate` does
    postmaster.wait(60)
    office.gmail.open()
    time.sleep(1)
    server.server.ensure_postgres_running()
