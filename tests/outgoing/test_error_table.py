"""docs/errors.md is true: each answer of Gmail has its outcome, its words and its buttons (S10, S17, S32)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import ErrorClass, Status
from letterbook.web.outgoing_actions import actions_of
from letterbook.web.outgoing_rows import outgoing_of, show_row
from letterbook.web.who_is_who import who_is_who
from written import a_failed_email

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


@dataclass(frozen=True)
class Row:
    """One line of a table, its cells as they are read."""

    key: str
    cells: tuple[str, ...]


def rows_under(heading: str) -> list[Row]:
    section = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `([^`]+)` \|(.*)\|$", section, re.MULTILINE)
    return [Row(key, tuple(cell.strip() for cell in rest.split(" | "))) for key, rest in found]


ANSWERS = rows_under("What Gmail answers when it is asked to send")
CLASSES = rows_under("What a failure says and offers")


def struck(sending, key):
    """An email whose first attempt met this fault."""
    call, _, how = key.partition(" ")
    sending.gmail.fail(call, how, times=2)
    email = sending.queue()
    if call == "oauth.refresh":
        sending.clock.pass_time(hours=2)  # so that a fresh one is asked for
    return sending.attempt(email)


def outcome_of(email: OutgoingEmail) -> str:
    """What became of it, in the table's words."""
    mailbox = Mailbox.objects.get(pk=email.mailbox_id)
    if email.status == Status.FAILED:
        return f"failed: {email.error_class}"
    if email.status == Status.SENT:
        return "sent"
    if mailbox.state == "needs_reconnecting":
        return "queued, its mailbox needs reconnecting"
    if mailbox.sending_limited_until:
        return "queued, the whole mailbox waits"
    is_in_doubt = email.frozen.filter(submitted_at__isnull=False).exists()
    return "queued, in doubt: Gmail is asked" if is_in_doubt else "queued, tried again later"


def shown(email, member, at):
    """The words and the buttons that its author sees."""
    seen = outgoing_of(member).get(pk=email.pk)
    row = show_row(seen, member=member, who=who_is_who(member), at=at)
    return row.why, ", ".join(one.label for one in row.actions) or "none"


@pytest.mark.parametrize("row", ANSWERS, ids=[row.key for row in ANSWERS])
def test_each_answer_has_the_outcome_the_words_and_the_buttons_that_are_written(sending, row):
    """S32: and after each of them the fake Gmail's ledger agrees."""
    email = struck(sending, row.key)
    sending.check(email)
    _, outcome, words, buttons = row.cells
    assert outcome_of(email) == outcome
    assert shown(email, sending.member, sending.clock()) == (words, buttons)


def test_every_kind_of_answer_has_its_row():
    """S32, F14, F17: 400, 401, 403 of every kind, 404, 413, 429, 5xx, lost before and after, garbled, token refused."""
    keys = {row.key for row in ANSWERS}
    refusals = ("400", "401", "403", "403:daily", "403:scope", "403:policy", "403:disabled", "404", "413", "429",
                "429:sending", "429:concurrency", "500", "502", "503", "504")  # fmt: skip
    lost = ("drop_before", "reset_before", "act_then_drop", "act_then_reset", "act_then_half", "act_then_500",
            "broken_json", "html", "empty")  # fmt: skip
    expected = {f"drafts.send refuse:{code}" for code in refusals}
    expected |= {f"drafts.send {how}" for how in lost}
    expected |= {
        f"oauth.refresh refuse:{code}" for code in ("invalid_grant", "invalid_client", "503")
    }
    assert keys == expected


@pytest.mark.parametrize("row", CLASSES, ids=[row.key for row in CLASSES])
def test_each_class_says_whether_it_was_sent_and_what_to_do(alice, mailbox, at, row):
    """S17: a cause, and a next action."""
    kind = ErrorClass(row.key)
    email = a_failed_email(alice, mailbox, at=at, error_class=kind, error="Why.")
    if kind == ErrorClass.NEEDS_RECONNECTING:
        Mailbox.objects.update(state="needs_reconnecting")
    words, buttons = shown(email, alice, at)
    said, offered = row.cells[1:]
    assert words.removeprefix("Why.").strip() == said.removeprefix("nothing")
    assert buttons == offered


def test_every_class_has_its_row():
    assert [row.key for row in CLASSES] == sorted(ErrorClass)


def test_what_may_be_sent_already_offers_no_way_to_send_it_twice(sending):
    """Rule 1: in doubt neither haste nor return is offered."""
    email = struck(sending, "drafts.send act_then_drop")
    assert outcome_of(email) == "queued, in doubt: Gmail is asked"
    assert actions_of(email, "retrying", is_in_doubt=True, is_due=False) == ()
