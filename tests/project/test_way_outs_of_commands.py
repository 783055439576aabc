"""What a command refuses, it refuses with what to do next; in one process with the tests."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from factories import a_contact
from letterbook.cli.running import app
from letterbook.kit.refusals import Refused
from letterbook.mailboxes.models import Kind, Mailbox


def refusal(*words: str) -> Refused:
    done = CliRunner().invoke(app, list(words))
    assert isinstance(done.exception, Refused), done.output
    return done.exception


@pytest.mark.parametrize("words", [["search", "x"], ["mailbox", "list"], ["retrieve"]])
def test_where_there_is_no_team_yet_it_is_said_how_to_get_one(db, words):
    refused = refusal(*words)
    assert refused.message == "There is no team yet."
    assert "letterbook team create" in refused.way_out


def test_where_several_contacts_match_their_addresses_are_named(alice):
    for name in ("anna@lindwerk.example", "anna@home.example"):
        a_contact(alice, "Anna Lind", name)
    refused = refusal("timeline", "Anna Lind")
    assert refused.message == "Several contacts match 'Anna Lind'."
    assert "anna@home.example" in refused.way_out
    assert "anna@lindwerk.example" in refused.way_out


def test_imported_mail_is_not_to_be_reconnected(mailbox):
    Mailbox.objects.update(kind=Kind.IMPORT)
    refused = refusal("retrieve", "--mailbox", mailbox.address)
    assert "came from files" in refused.message
    assert "Import newer files" in refused.way_out
