"""Every fault at every call of a send: accepted at most once, none lost, and the history tells the truth.

S10, S14, S15, S31, S32; the table is docs/faults.md.
"""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import ErrorClass, Outcome, Status

CALLS = ("getProfile", "drafts.create", "drafts.send", "messages.get")

# What heals by itself when it strikes once, whatever it strikes.
HEALS = (
    "refuse:401", "refuse:403", "refuse:403:daily", "refuse:429", "refuse:429:sending",
    "refuse:429:concurrency", "refuse:500", "refuse:502", "refuse:503", "refuse:504", "drop_before",
    "reset_before", "act_then_drop", "act_then_reset", "act_then_half", "act_then_500",
    "act_then_502", "act_then_503", "delay:1000", "broken_json", "html", "empty",
)  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", HEALS)
def test_whatever_strikes_once_the_email_is_sent_exactly_once(sending, call, how):
    sending.gmail.fail(call, how)
    email = sending.queue()
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert len(sending.accepted) == 1
    assert email.message is not None


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", HEALS)
def test_what_strikes_three_times_delays_it_and_no_more(sending, call, how):
    sending.gmail.fail(call, how, times=3)
    email = sending.queue()
    sending.work(hours=30)
    sending.check(email)
    assert (email.status == Status.SENT) is (len(sending.accepted) == 1)
    assert email.status in {Status.SENT, Status.QUEUED}


FOR_GOOD = {
    "refuse:400": ErrorClass.REJECTED,
    "refuse:413": ErrorClass.REJECTED,
    "refuse:403:policy": ErrorClass.SETUP_WRONG,
    "refuse:403:disabled": ErrorClass.SETUP_WRONG,
}


@pytest.mark.parametrize("call", CALLS[:3])
@pytest.mark.parametrize(("how", "error_class"), FOR_GOOD.items())
def test_what_is_refused_for_good_fails_with_its_reason_and_nothing_was_sent(
    sending, call, how, error_class
):
    """S17: cause, evidence of Gmail's own words, and what to do next."""
    sending.gmail.fail(call, how)
    email = sending.queue()
    sending.work()
    sending.check(email)
    assert (email.status, email.error_class) == (Status.FAILED, error_class)
    assert email.error
    assert "error" in email.error_evidence
    assert not sending.accepted


@pytest.mark.parametrize("call", CALLS[:3])
@pytest.mark.parametrize("how", ["refuse:403:scope", "refuse:401"])
def test_a_dead_permission_stops_the_mailbox_and_keeps_the_queue(sending, call, how):
    """S30, F15, F16: no retry loop, and everything goes on after reconnecting."""
    sending.gmail.fail(call, how, times=2)
    email = sending.queue()
    sending.work(hours=48)
    sending.check(email)
    sending.mailbox.refresh_from_db()
    assert sending.mailbox.state == "needs_reconnecting"
    assert (email.status, email.attempts.count()) == (Status.QUEUED, 1)
    assert email.due_reason == "Waits for its mailbox to be reconnected."
    sending.gmail.stop_failing()
    sending.reconnect()
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT


def test_a_permission_that_its_owner_revoked_is_asked_about_once(sending):
    """F15: `invalid_grant` pauses the mailbox; neither the worker nor the sweep goes on asking."""
    sending.gmail.revoke(sending.mailbox.address)
    email = sending.queue()
    sending.work(hours=48)
    asked = dict(sending.gmail.counts)
    sending.clock.pass_time(hours=24)
    sending.work(hours=24)
    sending.check(email)
    assert sending.gmail.counts == asked
    assert (email.status, email.attempts.count()) == (Status.QUEUED, 1)
    sending.reconnect()
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT


@pytest.mark.parametrize("call", ["drafts.get", "history.list", "messages.list", "messages.get"])
@pytest.mark.parametrize("how", [how for how in HEALS if how != "refuse:401"])  # twice is revoked
@pytest.mark.parametrize("lost", ["act_then_drop", "drop_before"])
def test_asking_may_fail_too(sending, lost, call, how):
    """A lost answer, and then trouble with asking what became of it."""
    sending.gmail.behaviour.message_ids = "keep" if call == "messages.get" else "rewrite"
    sending.gmail.fail("drafts.send", lost)
    sending.gmail.fail(call, how, times=2)
    email = sending.queue()
    sending.work(hours=30)
    sending.check(email)
    assert email.status == Status.SENT
    assert len(sending.accepted) == 1


@pytest.mark.parametrize(
    ("call", "how"),
    [("getProfile", "refuse:503"), ("drafts.create", "drop_before"), ("drafts.send", "refuse:429")],
)
def test_an_email_that_cannot_be_handed_over_for_three_days_is_failed_not_stuck(sending, call, how):
    """S14."""
    sending.gmail.fail(call, how, times=10**6)
    email = sending.queue()
    sending.work(hours=24 * 5)
    sending.check(email)
    assert (email.status, email.error_class) == (Status.FAILED, ErrorClass.NO_ANSWER)
    assert not sending.accepted
    assert 20 < email.attempts.count() < 120


@pytest.mark.parametrize("is_sent", [True, False])
def test_where_nobody_can_know_a_person_decides(sending, is_sent):
    """Rule 1, S15: the draft is gone and no copy is to be found. It is never sent again by itself."""
    sending.gmail.fail("drafts.send", "act_then_drop" if is_sent else "drop_before")
    email = sending.queue()
    sending.attempt(email)
    sending.delete_everything_at_gmail()
    sending.work(hours=24)
    sending.check(email)
    assert (email.status, email.error_class) == (Status.FAILED, ErrorClass.UNCONFIRMED)
    assert str(email.frozen.get().send_key) in email.error_evidence
    assert len(sending.accepted) == is_sent
    waited = email.failed_at - email.frozen.get().submitted_at
    assert 900 <= waited.total_seconds() < 1000


@pytest.mark.parametrize("drafts", ["gone", "linger"])
@pytest.mark.parametrize("message_ids", ["rewrite", "keep"])
@pytest.mark.parametrize("visible_after", [0, 300])
def test_a_lost_answer_is_found_however_gmail_behaves(sending, drafts, message_ids, visible_after):
    """F22, F23: a rewritten Message-ID, a copy that shows late, a draft that lingers."""
    behaviour = sending.gmail.behaviour
    behaviour.sent_drafts, behaviour.message_ids = drafts, message_ids
    behaviour.sent_visible_after = visible_after
    sending.gmail.fail("drafts.send", "act_then_drop")
    email = sending.queue()
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT
    assert email.sent_at == sending.accepted[0].at


def test_the_history_may_have_expired_when_it_is_asked(sending):
    sending.gmail.fail("drafts.send", "act_then_drop")
    email = sending.queue()
    sending.attempt(email)
    sending.gmail.expire_history(sending.mailbox.address)
    sending.work()
    sending.check(email)
    assert email.status == Status.SENT


PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def read_cells() -> dict[tuple[str, str], str]:
    """What stands under each call for each fault of the table."""
    table = PAGE.read_text(encoding="utf-8").partition("| fault | before anything")[2]
    cells: dict[tuple[str, str], str] = {}
    for line in table.partition("\n\n")[0].splitlines()[2:]:
        what, early, *later = (cell.strip() for cell in line.strip("|").split(" | "))
        sending, reading = (early if cell == "the same" else cell for cell in later)
        for fault in re.findall(r"`([^`]+)`", what):
            cells |= {
                (fault, call): cell
                for call, cell in zip(CALLS, (early, early, sending, reading), strict=True)
            }
    return cells


CELLS = read_cells()


def means(cell: str) -> str:
    """How the attempt ends, by the first words of a cell."""
    first = re.split(r"[,;:]|\s(?=\d)", cell)[0]
    if found := re.match(r"`failed` \(`(\w+)`\)", cell):
        return f"failed: {found[1]}"
    return {"waits until then": "waits"}.get(first, first.strip("`*"))


def ended(email: OutgoingEmail) -> str:
    """How it did end, in the same words."""
    if email.status == Status.FAILED:
        return f"failed: {email.error_class}"
    if email.status == Status.SENT:
        return "sent"
    if Mailbox.objects.get(pk=email.mailbox_id).state == "needs_reconnecting":
        return "mailbox needs reconnecting"
    return "in doubt" if email.frozen.get().submitted_at else "waits"


class _Unreachable(httpx.BaseTransport):
    """No connection for one request; the next finds one."""

    def __init__(self, inner: httpx.BaseTransport, call: int) -> None:
        self._inner, self._left = inner, call

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._left -= 1
        if self._left == 0:
            raise httpx.ConnectError("no such host", request=request)
        return self._inner.handle_request(request)


def arrange(sending, fault: str, call: str) -> None:
    if fault == "unreachable":
        sending.line.inner = _Unreachable(sending.line.inner, CALLS.index(call) + 1)
    for how in fault.split() if fault != "unreachable" else ():
        sending.gmail.fail(call, how)


@pytest.mark.parametrize(("fault", "call"), CELLS, ids=lambda value: value)
def test_the_first_attempt_ends_as_the_table_says(sending, fault, call):
    """S32: each cell of docs/faults.md; what waits is sent once, later."""
    arrange(sending, fault, call)
    email = sending.attempt(sending.queue())
    assert ended(email) == means(CELLS[fault, call])
    sending.check(email)
    sending.gmail.stop_failing()
    if email.status == Status.QUEUED:
        sending.reconnect()
        sending.work()
        sending.check(email)
        assert (email.status, len(sending.accepted)) == (Status.SENT, 1)


def test_a_draft_that_is_gone_when_it_is_submitted_again_leaves_the_email_in_doubt(sending):
    """S32, rule 1: the submission of before may be the reason, so nobody is told that nothing was sent."""
    sending.gmail.fail("drafts.send", "drop_before")
    email = sending.attempt(sending.queue())
    sending.clock.pass_time(minutes=3)
    sending.gmail.fail("drafts.send", "refuse:404")
    sending.attempt(email)
    assert sending.calls["drafts.send"] == 2
    assert ended(email) == "in doubt"
    assert email.due_reason.startswith("It may have been sent")
    assert email.attempts.get(number=2).outcome == Outcome.UNKNOWN


def test_the_table_has_every_fault_that_is_tried():
    """S32."""
    named = {how for fault, _ in CELLS for how in fault.split()}
    tried = {*HEALS, *FOR_GOOD, "refuse:403:scope", "refuse:401", "refuse:404", "unreachable"}
    assert named == tried - {"delay:1000"}  # A slow answer is one.
