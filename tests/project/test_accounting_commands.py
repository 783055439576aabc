"""`why`, `coverage`, `quarantine` and `mailbox list` on the command line, in one process with the tests."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from factories import a_contact, a_message
from letterbook.cli.running import app
from letterbook.correspondence.models import LedgerState, MailboxMessage, QuarantinedSource
from letterbook.correspondence.sources import pack_source

ALICE = "alice@haldenrowe.example"
RAW = b"From: x\r\n\r\n\xff"


@pytest.fixture
def run(alice, mailbox):
    """Run a command and return what it printed; it must have succeeded."""

    def go(*words: str) -> str:
        done = CliRunner().invoke(app, list(words), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return go


@pytest.fixture
def unreadable(mailbox, at) -> MailboxMessage:
    row = MailboxMessage.objects.create(
        mailbox=mailbox,
        team_id=mailbox.team_id,
        provider_id="0123456789abcdef",
        state=LedgerState.QUARANTINED,
        error="It has no end.",
        listed_at=at,
        provider_at=at,
    )
    QuarantinedSource.objects.create(
        mailbox_message=row,
        team_id=row.team_id,
        raw_zstd=pack_source(RAW),
        parser_version=0,
        at=at,
    )
    return row


def test_why_says_what_became_of_an_email(run, alice, mailbox, at):
    contact = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    a_message(mailbox, contact, subject="Proof", at=at)
    [found] = json.loads(run("why", "proof", "--json"))
    assert (found["state"], found["why"]) == ("stored", "It is on the timeline of Anna Lind.")
    assert "Neither Gmail nor Letterbook" in run("why", "nothing like it")


def test_coverage_is_told_by_month(run, unreadable):
    [month] = json.loads(run("coverage", ALICE, "--json"))
    assert (month["month"], month["quarantined"], month["state"]) == ("2026-11", 1, "unreadable")


def test_the_quarantine_is_listed_shown_and_dismissed(run, unreadable):
    [row] = json.loads(run("quarantine", "list", ALICE, "--json"))
    assert (row["number"], row["error"]) == (unreadable.pk, "It has no end.")
    shown = CliRunner().invoke(app, ["quarantine", "show", ALICE, str(unreadable.pk)])
    assert shown.stdout_bytes == RAW
    assert "1 dismissed." in run("quarantine", "dismiss", ALICE, str(unreadable.pk))
    assert "Everything could be read." in run("quarantine", "list", ALICE)


def test_the_quarantine_is_replayed(run, unreadable):
    assert "0 stored, 1 left out, 0 still unreadable." in run("quarantine", "replay", ALICE)


def test_the_list_of_mailboxes_says_how_they_fare(run, mailbox):
    [row] = json.loads(run("mailbox", "list", "--json"))
    assert row["health"] == "Retrieving for the first time"
    assert row["what_to_do"]
