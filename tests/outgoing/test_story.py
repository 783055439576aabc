"""The story of an email is the same for page, API and command line, and ends with what arrived about it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from factories import a_member, a_message, rewrite
from letterbook.cli import outgoing, starting
from letterbook.cli.running import app
from letterbook.correspondence.facts import FactKind, LaterFact
from letterbook.correspondence.models import Direction
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.queueing import cancel, queue_email, retry
from letterbook.outgoing.story import tell_story
from letterbook.outgoing.story_lines import LineKind
from letterbook.teams.tokens import create_token, member_for_token
from letterbook.web.stories import _ICONS
from written import a_failed_email


def told(email, member, at):
    seen = OutgoingEmail.objects.visible_to(member).select_related("mailbox").get(pk=email.pk)
    return tell_story(seen, member=member, at=at)


def said(story):
    return [f"{line.title} {line.text}" for line in story.lines]


def test_every_status_says_who_moved_it_and_why(write, alice, at):
    """S19: person, program, worker."""
    email = write()
    queue_email(email, by=Actor.person(alice), member=alice, at=at)
    cancel(email, by=Actor.person(alice), member=alice, at=at, reason="Undone")
    program = member_for_token(create_token(alice, name="Invoices", at=at), at=at)
    queue_email(email, by=Actor.token(program), member=alice, at=at)
    story = said(told(email, alice, at))
    assert story[0] == "Draft begun by Alice Halden, in the browser."
    assert story[1].startswith("Queued by Alice Halden. Its exact bytes are kept, 1 KB")
    assert story[2] == "Draft again, undone by Alice Halden. Nothing was sent."
    assert story[3].startswith("Queued by the program “Invoices” of Alice Halden.")


def test_a_failure_and_its_retry_stand_one_after_the_other(alice, mailbox, at):
    email = a_failed_email(alice, mailbox, at=at)
    retry(email, by=Actor.person(alice), member=alice, at=at + timedelta(hours=1))
    assert said(told(email, alice, at))[-3:] == [
        "Attempt 1 Refused.",
        "Failed Gmail refused the sender.",
        "Queued once more by Alice Halden: Retry.",
    ]


def test_what_is_queued_tells_what_to_expect(queued, alice, at):
    """S8: position, time, reason."""
    expected = told(queued, alice, at).expectation
    assert (expected.position, expected.at) == (1, queued.due_at)


FACTS = {
    FactKind.BOUNCE: ({"is_hard": True}, "Bounced for {who}: the address is no good."),
    FactKind.DELAY: ({}, "Delayed for {who}: the mail server still tries."),
    FactKind.COMPLAINT: ({}, "Complaint by {who}: it was reported as unwanted."),
    FactKind.AUTO_REPLY: (
        {"back_on": date(2026, 11, 23)},
        "Automatic reply of {who}, back on 23 November 2026.",
    ),
}


@pytest.mark.parametrize("kind", list(FACTS))
def test_what_arrived_about_it_later_ends_the_story_with_its_evidence(mailbox, alice, at, kind):
    """S34: beside `sent`, and one click away."""
    email = a_failed_email(alice, mailbox, at=at)
    sent = a_message(mailbox, direction=Direction.OUTGOING)
    evidence = a_message(mailbox)
    OutgoingEmail.objects.filter(pk=email.pk).update(message=sent)
    columns, words = FACTS[kind]
    LaterFact.objects.create(
        team=alice.team, message=sent, evidence=evidence, kind=kind,
        recipient="anna@lindwerk.example", at=at + timedelta(hours=1),
        status_code="5.1.1", diagnostic="No such user", **columns,
    )  # fmt: skip
    last = told(email, alice, at).lines[-1]
    assert f"{last.title} {last.text}" == words.format(who="anna@lindwerk.example")
    assert (last.message_id, last.evidence) == (evidence.pk, "5.1.1 No such user")


def test_a_reply_says_how_long_it_took(mailbox, alice, make_contact, at):
    anna = make_contact("Anna Lind", "anna@lindwerk.example")
    email = a_failed_email(alice, mailbox, at=at)
    sent = a_message(mailbox, anna, direction=Direction.OUTGOING, at=at)
    answer = a_message(mailbox, anna, thread=sent.thread, at=at + timedelta(hours=5))
    rewrite(answer, in_reply_to=sent.message_id)
    OutgoingEmail.objects.filter(pk=email.pk).update(message=sent)
    assert said(told(email, alice, at))[-1] == "Answered by Anna Lind after 5 h."


def test_a_team_mate_hears_what_the_mailbox_shares(mailbox, alice, at):
    """S71."""
    mate = a_member(alice, "Bob")
    email = a_failed_email(alice, mailbox, at=at, error="anna@lindwerk.example is no address.")
    assert "anna@" in " ".join(said(told(email, mate, at)))
    Mailbox.objects.update(sharing=Sharing.SUBJECT)
    story = told(email, mate, at)
    assert "anna@" not in " ".join(said(story))
    assert not any(line.evidence for line in story.lines)


def test_every_kind_of_line_has_its_icon():
    assert set(_ICONS) == set(LineKind.__args__)


@pytest.fixture
def command(monkeypatch):
    """The command line within the tests' database, which is open already."""
    monkeypatch.setattr(outgoing, "start_django", lambda: None)
    assert starting.start_django is not outgoing.start_django
    return lambda *words: CliRunner().invoke(app, ["outgoing", *words])


def test_the_command_line_tells_the_same_story(command, alice, mailbox, at):
    email = a_failed_email(alice, mailbox, at=at)
    shown = command("show", str(email.pk), "--json")
    assert shown.exit_code == 0
    lines = [f"{one['what']} {one['how']}" for one in json.loads(shown.stdout)["story"]]
    assert lines == said(told(email, alice, at))
    assert "History verified." in command("show", str(email.pk)).stdout


def test_the_command_line_lists_what_is_not_resolved(command, alice, mailbox, at):
    """S35."""
    assert "Nothing failed" in command("failures").stdout
    email = a_failed_email(alice, mailbox, at=at)
    [row] = json.loads(command("failures", "--json").stdout)
    assert (row["email"], row["class"]) == (str(email.pk), "rejected")


@pytest.mark.parametrize("given", ["nonsense", "0190aaaa-0000-7000-8000-000000000000"])
def test_what_is_no_email_is_said(command, alice, given):
    result = command("show", given)
    assert result.exit_code == 1
    assert "no" in str(result.exception)
