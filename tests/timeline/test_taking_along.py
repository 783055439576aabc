"""Histories taken along: complete for those who may read them, empty where not, and no secret to the owners."""

from __future__ import annotations

import json
import mailbox as mailboxes

import pytest

from factories import a_contact, a_mailbox, a_message, a_note
from letterbook.correspondence.models import Opening
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import AuditEntry
from letterbook.timeline.taking_along import take_along

RAW = b"From: Anna <anna@lindwerk.example>\r\nSubject: %b\r\n\r\nFrom here on\r\n>From there\r\n"


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


def told(folder):
    lines = (folder / "contacts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_history_is_complete_and_each_email_is_in_the_mbox_byte_for_byte(
    alice, anna, tmp_path, at
):
    """S87: the JSON says at which place of the mbox an email is; one on two histories is there once."""
    box = a_mailbox(alice)
    ben = a_contact(alice, "Ben", "ben@lindwerk.example")
    first = a_message(box, anna, subject="One", raw=RAW % b"One", at=at)
    both = a_message(box, anna, ben, subject="Two", raw=RAW % b"Two", at=at)
    a_note(alice, anna, text="Called back")
    taken = take_along(alice, None, folder=tmp_path / "x", at=at)
    assert (taken.contacts, taken.lines, taken.emails) == (2, 4, 2)
    by_name = {one["name"]: one for one in told(tmp_path / "x")}
    kept = mailboxes.mbox(tmp_path / "x" / "mail.mbox")
    for message, name, raw in ((first, "Anna Lind", b"One"), (both, "Ben", b"Two")):
        [line] = [
            one
            for one in by_name[name]["history"]
            if one["email"] and one["email"]["id"] == str(message.pk)
        ]
        bytes_there = kept.get_bytes(line["email"]["place_in_mbox"])
        assert b"Subject: " + raw in bytes_there
        assert b"\n>From here on\n>>From there" in bytes_there.replace(b"\r\n", b"\n")
    assert by_name["Anna Lind"]["addresses"] == ["anna@lindwerk.example"]
    assert "Called back" in {one["text"] for one in by_name["Anna Lind"]["history"]}
    kept.close()


def test_what_may_not_be_read_is_not_in_it(alice, bob, charlie, anna, tmp_path, at):
    """Rule 3: an export shows what the pages show; charlie has none of it."""
    shared = a_mailbox(alice, sharing=Sharing.FULL, address="alice@haldenrowe.example")
    metadata = a_mailbox(alice, sharing=Sharing.METADATA, address="meta@haldenrowe.example")
    private = a_mailbox(alice, sharing=Sharing.PRIVATE, address="own@haldenrowe.example")
    for box, word in ((shared, b"shown"), (metadata, b"hidden"), (private, b"secret")):
        a_message(box, anna, subject=word.decode(), raw=RAW % word, at=at)
    taken = take_along(bob, [anna], folder=tmp_path / "x", at=at)
    whole = b"".join(path.read_bytes() for path in (tmp_path / "x").iterdir())
    assert (taken.lines, taken.emails, taken.unreadable) == (2, 1, 1)
    assert (b"shown" in whole, b"hidden" in whole, b"secret" in whole) == (True, False, False)
    assert take_along(charlie, None, folder=tmp_path / "y", at=at).contacts == 0


def test_owners_and_the_audit_log_are_told(alice, bob, anna, tmp_path, at):
    """S88: whoever takes a team-mate's email along is seen doing so."""
    a_message(a_mailbox(alice), anna, subject="One", raw=RAW % b"One", at=at)
    take_along(bob, [anna], folder=tmp_path / "x", at=at)
    opening = Opening.objects.visible_to(alice).get()
    assert (opening.user, opening.how) == (bob.user, "export")
    entry = AuditEntry.objects.get(what="histories exported")
    assert (entry.user, entry.details) == (bob.user, {"contacts": 1, "emails": 1})


def test_nothing_is_overwritten(alice, anna, tmp_path, at):
    with pytest.raises(Conflict, match="already"):
        take_along(alice, [anna], folder=tmp_path, at=at)
    (tmp_path / "file").write_text("")
    with pytest.raises(Invalid, match="cannot be written"):
        take_along(alice, [anna], folder=tmp_path / "file" / "x", at=at)
