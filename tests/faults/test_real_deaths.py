"""Real workers in processes of their own, killed by SIGKILL while a request to a real HTTP server is under way."""

from __future__ import annotations

import signal
import time

import pytest

from letterbook.outgoing.status import Status

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

# `delay`: Gmail does it and does not answer; `stall`: Gmail does it three seconds later, whoever asked.
STEPS = [
    ("drafts.create", "delay:60"),
    ("drafts.create", "stall:3"),
    ("drafts.send", "delay:60"),
    ("drafts.send", "stall:3"),
    ("messages.get", "delay:60"),
]


def test_a_worker_dies_at_every_step_and_the_next_one_takes_over(office):
    """S15, F1: kill -9 in mid-request; each successor is killed at the next step in turn."""
    worker = office.hire()
    for call, how in STEPS:
        email = office.queue_and_strike(call, how)
        worker.send_signal(signal.SIGKILL)
        worker = office.hire()
        office.wait_until_sent(email)
        assert email.attempts.filter(error__startswith="The worker stopped").count() == 1
    time.sleep(3)  # what still stalls in Gmail has come to its end
    assert len(office.sending.accepted) == len(STEPS)


def test_a_worker_that_was_stopped_beyond_its_lease_wakes_up_and_changes_nothing(office):
    """F4: SIGSTOP, a second worker finishes, SIGCONT."""
    sleeper = office.hire()
    email = office.queue_and_strike("drafts.send", "delay:1")
    sleeper.send_signal(signal.SIGSTOP)
    office.hire()
    office.wait_until_sent(email)
    told = list(email.status_changes.values_list("id", "new"))
    sleeper.send_signal(signal.SIGCONT)
    time.sleep(2)
    office.sending.check(email)
    assert list(email.status_changes.values_list("id", "new")) == told


def test_a_worker_that_is_asked_to_stop_finishes_what_it_has_in_hand(office):
    """F3: SIGTERM in mid-submission; one attempt, and a clean end."""
    worker = office.hire(provider_timeout=10)
    email = office.queue_and_strike("drafts.send", "delay:1.5")
    worker.terminate()
    assert worker.wait(timeout=60) == 0
    office.sending.check(email)
    assert (email.status, email.attempts.count()) == (Status.SENT, 1)
