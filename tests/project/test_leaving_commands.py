"""`export` and `erase` on the command line, in one process with the tests."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from factories import a_contact, a_mailbox, a_message
from letterbook.cli.running import app
from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Message
from letterbook.kit.refusals import Invalid, NotAllowed
from letterbook.mailboxes.models import Sharing

RAW = b"Subject: Proof\r\n\r\nHere it is.\r\n"


@pytest.fixture
def anna(alice, mailbox, at):
    contact = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    a_message(mailbox, contact, raw=RAW, at=at)
    return contact


def run(*words: str, typed: str = "") -> str:
    done = CliRunner().invoke(app, list(words), input=typed)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_a_history_is_exported_with_the_eyes_of_one_person(anna, alice, bob, tmp_path, at):
    """S87: the owner's eyes when nobody is named; bob's see no private mailbox."""
    a_message(
        a_mailbox(alice, sharing=Sharing.PRIVATE, address="p@q.example"), anna, raw=RAW, at=at
    )
    folder = str(tmp_path / "x")
    taken = json.loads(run("export", folder, "--contact", "anna@lindwerk.example", "--json"))
    assert taken == {"contacts": 1, "lines": 2, "emails": 2, "not_readable": 0}
    seen = run("export", str(tmp_path / "y"), "--user", bob.user.email)
    assert "1 contacts with 1 lines and 1 emails" in seen


def test_a_person_is_erased_once_somebody_is_sure(anna, alice):
    """S57: what goes is said first; without a yes nothing goes."""
    with pytest.raises(Invalid, match="Nothing was erased"):
        run("erase", "anna@lindwerk.example", typed="n\n")
    assert Contact.objects.exists()
    said = run("erase", "anna@lindwerk.example", typed="y\n")
    assert "1 emails" in said
    assert not Contact.objects.exists()
    assert not Message.objects.exists()


def test_only_those_who_administer_the_team_erase(anna, bob):
    with pytest.raises(NotAllowed):
        run("erase", "anna@lindwerk.example", "--user", bob.user.email, "--yes")
    assert Contact.objects.exists()
