"""Taking an email that was only looked at: whoever changed it meanwhile was quicker. And who hears of it when."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from letterbook.outgoing import claiming
from letterbook.outgoing.choosing import look_next
from letterbook.outgoing.claiming import claim_next
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.outgoing.working_off import work_off
from letterbook.teams.events import CHANNEL, announce, read_event


@pytest.fixture
def claim_what_is_seen_now(sending, monkeypatch):
    """Look at the email whose turn it is; what is returned claims it, as a worker that slept in between."""
    at = sending.clock()
    seen = look_next(sending.mailbox.pk, only_in_doubt=False, at=at)
    monkeypatch.setattr(claiming, "look_next", lambda *_, **__: deepcopy(seen))
    return lambda: claim_next(sending.mailbox.pk, only_in_doubt=False, at=at)


@pytest.fixture
def two_queued(sending):
    return [sending.queue(to=f"{name}@lindwerk.example") for name in ("anna", "bert")]


def test_of_two_who_look_at_one_email_one_takes_it_and_the_other_the_next(
    two_queued, claim_what_is_seen_now
):
    """S18, I8: nobody waits for a lock, and no email has two attempts."""
    claims = [claim_what_is_seen_now() for _ in range(3)]
    assert [claim and claim.email for claim in claims] == [*two_queued, None]
    assert [email.attempts.count() for email in two_queued] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_what_was_moved_to_another_time_since_it_was_looked_at_is_left_there(
    sending, two_queued, claim_what_is_seen_now
):
    first, second = two_queued
    OutgoingEmail.objects.filter(pk=first.pk).update(due_at=sending.clock() + timedelta(days=1))
    assert claim_what_is_seen_now().email == second
    assert claim_what_is_seen_now() is None
    assert not first.attempts.exists()


def test_what_was_cancelled_since_it_was_looked_at_stays_a_draft(
    sending, two_queued, claim_what_is_seen_now
):
    """S19."""
    first, second = two_queued
    sending.cancel(first)
    assert claim_what_is_seen_now().email == second
    first.refresh_from_db()
    assert (first.status, first.attempts.count()) == (Status.DRAFT, 0)


@pytest.mark.django_db(transaction=True)
def test_open_pages_hear_of_each_email_when_it_is_under_way_and_when_it_is_sent(
    sending, two_queued
):
    """S16: once it is written down; the last one's end comes with the next one's beginning."""
    parameters = connection.get_connection_params()
    names = ("dbname", "host", "user", "password", "port")
    with psycopg.connect(
        **{name: parameters[name] for name in names if parameters.get(name)}, autocommit=True
    ) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        work_off(sending.mailbox.pk, clock=sending.clock)
        announce("contact", team_id=sending.mailbox.team_id)
        events = []
        while not events or events[-1].topic != "contact":
            heard = list(listening.notifies(timeout=10, stop_after=1))
            assert heard
            events += [read_event(one.payload) for one in heard]
    first, second = (email.pk for email in two_queued)
    told = [event.row_id for event in events if event.topic == "outgoing"]
    assert told == [first, first, second, second]
