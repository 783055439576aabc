"""Random faults, deaths and behaviours of Gmail, one after the other: whatever comes, the promises hold."""

from __future__ import annotations

from django.db import transaction
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from letterbook.outgoing.status import ErrorClass, Status
from sending import SendingWorld

FAULTS = [
    "refuse:403", "refuse:429:sending", "refuse:500", "refuse:503", "drop_before", "act_then_drop",
    "act_then_half", "act_then_500", "delay:1000", "broken_json", "empty", "refuse:404", "refuse:401",
]  # fmt: skip
CALLS = [
    "getProfile", "drafts.create", "drafts.send", "drafts.get", "drafts.list", "messages.get", "messages.list",
    "history.list",
]  # fmt: skip

faults = st.lists(
    st.tuples(
        st.sampled_from(CALLS), st.sampled_from(FAULTS), st.integers(1, 3), st.integers(0, 2)
    ),
    max_size=6,
)
deaths = st.lists(st.tuples(st.integers(1, 7), st.booleans()), max_size=3)
behaviours = st.tuples(
    st.sampled_from(["gone", "linger"]),
    st.sampled_from(["rewrite", "keep"]),
    st.sampled_from([0, 240]),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(faults=faults, deaths=deaths, behaviour=behaviours)
def test_at_most_once_none_lost_and_a_true_story(alice, settings, at, faults, deaths, behaviour):
    with transaction.atomic():
        sending = SendingWorld(alice, settings, at)
        sending.gmail.behaviour.sent_drafts, sending.gmail.behaviour.message_ids = behaviour[:2]
        sending.gmail.behaviour.sent_visible_after = behaviour[2]
        _send_through(sending, faults, deaths)
        transaction.set_rollback(True)


def _send_through(sending, faults, deaths):
    for call, how, times, skip in faults:
        sending.gmail.fail(call, how, times=times, skip=skip)
    email = sending.queue()
    for request_number, before in deaths:
        with sending.killing(request_number, before=before):
            sending.work(hours=1)
        sending.check(email)
    sending.work(hours=100)
    for _ in range(5):
        sending.mailbox.refresh_from_db()
        if sending.mailbox.state == "needs_reconnecting":
            sending.reconnect()
            sending.work(hours=100)
    sending.check(email)
    note(f"{email.status} {email.error_class} after {email.attempts.count()} attempts")
    assert email.status == Status.SENT or email.error_class == ErrorClass.UNCONFIRMED
