"""The worker dies, or sleeps past its lease, at every request of a send."""

from __future__ import annotations

import pytest

from letterbook.outgoing.status import Outcome, Status

# getProfile, drafts.create, drafts.send, messages.get; one more for a send that asked first.
REQUESTS = range(1, 6)
BOTH = pytest.mark.parametrize("before", [True, False], ids=["before", "after"])


@BOTH
@pytest.mark.parametrize("request_number", REQUESTS)
def test_a_worker_killed_at_any_request_costs_nothing_but_time(sending, request_number, before):
    """F1, S15: its successor finds the truth, and every attempt says how it ended."""
    email = sending.queue()
    with sending.killing(request_number, before=before):
        sending.work()
    sending.check(email)
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert len(sending.accepted) == 1
    assert len(sending.gmail.mailbox(sending.mailbox.address).drafts) == 0, (
        "an orphan draft was left"
    )


@BOTH
@pytest.mark.parametrize("second", range(1, 7))
@pytest.mark.parametrize("first", [2, 3])
def test_the_successor_may_be_killed_as_well(sending, first, second, before):
    email = sending.queue()
    with sending.killing(first, before=False):
        sending.work()
    sending.clock.pass_time(minutes=4)
    with sending.killing(second, before=before):
        sending.work()
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert len(sending.accepted) == 1


@BOTH
@pytest.mark.parametrize("request_number", REQUESTS)
def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(sending, request_number, before):
    """F4: another worker brought the email to its end meanwhile."""
    email = sending.queue()

    def meanwhile() -> None:
        sending.clock.pass_time(minutes=10)
        sending.work()

    with sending.interrupting(request_number, meanwhile, before=before):
        sending.attempt(email)
    sending.check(email)
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert len(sending.accepted) == 1


@BOTH
@pytest.mark.parametrize("request_number", [1, 2])
def test_a_sleeping_worker_cannot_send_what_was_cancelled_meanwhile(
    sending, request_number, before
):
    """F25: the lease is over, the person cancels, edits and queues again; the old worker wakes up."""
    email = sending.queue()

    def meanwhile() -> None:
        sending.clock.pass_time(minutes=10)
        sending.cancel(email)
        sending.queue(email)
        sending.work()

    with sending.interrupting(request_number, meanwhile, before=before):
        sending.attempt(email)
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert [one.send_key for one in sending.accepted] == [str(email.frozen.get(round=2).send_key)]


def test_a_worker_that_dies_again_and_again_ends_in_a_failure_that_says_so(sending):
    """F27."""
    email = sending.queue()
    for _ in range(12):
        with sending.killing(1, before=True):
            sending.work(hours=0.01)
        sending.clock.pass_time(minutes=4)
    sending.work()
    sending.check(email)
    assert (email.status, email.error_class) == (Status.FAILED, "gave_up")
    assert email.attempts.count() == 10
    assert set(email.attempts.values_list("outcome", flat=True)) == {Outcome.REFUSED}
