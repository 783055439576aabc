"""Notes, calls and meetings are their writer's; the team reads them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from factories import a_contact, a_mailbox, a_member, a_message
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import AuditEntry
from letterbook.timeline.acquainting import add_contact, add_contact_address
from letterbook.timeline.deleting import delete_activity
from letterbook.timeline.keeping import rewrite_activity, write_activity
from letterbook.timeline.models import Activity
from letterbook.timeline.reading import read_timeline


def test_a_note_is_the_writers_to_change_or_an_admins(alice, bob, at):
    carol = a_member(alice, "Carol")
    note = write_activity(bob, a_contact(alice), type="note", text=" Prefers calls. ", at=at)
    assert (note.text, note.user) == ("Prefers calls.", bob.user)
    with pytest.raises(NotAllowed):
        rewrite_activity(carol, note.pk, text="Never calls.", at=at)
    assert (
        rewrite_activity(alice, note.pk, text="Prefers letters.", at=at).text == "Prefers letters."
    )
    delete_activity(bob, note.pk, at=at)
    assert not Activity.objects.exists()
    assert AuditEntry.objects.filter(what="note deleted").exists()


def test_what_is_no_note_is_refused(alice, charlie, at):
    contact = a_contact(alice)
    with pytest.raises(NotFound):
        write_activity(charlie, contact, type="note", text="Mine", at=at)
    for wrong, field in (
        ({"type": "email", "text": "x"}, "type"),
        ({"type": "note", "text": " \0 "}, "text"),
        ({"type": "note", "text": "x" * 20_001}, "text"),
        ({"type": "call", "text": "x", "occurred_at": datetime(2026, 1, 1)}, "occurred_at"),  # noqa: DTZ001 - the point
        ({"type": "call", "text": "x", "occurred_at": at + timedelta(days=9999)}, "occurred_at"),
    ):
        with pytest.raises(Invalid) as refused:
            write_activity(alice, contact, at=at, **wrong)
        assert refused.value.field == field


def test_an_email_in_the_history_is_not_a_note(alice, bob, at):
    shown = a_message(a_mailbox(alice), a_contact(alice)).activities.get()
    hidden = a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), a_contact(alice)).activities.get()
    with pytest.raises(Conflict):
        rewrite_activity(alice, shown.pk, text="Mine now", at=at)
    with pytest.raises(NotFound):
        delete_activity(bob, hidden.pk, at=at)


def test_stored_mail_joins_a_contact_that_is_added_and_an_address_that_is_given(alice, at):
    """S67."""
    mailbox = a_mailbox(alice)
    for address in ("anna@lindwerk.example", "anna@home.example"):
        gone = a_contact(alice, "Gone", address)
        a_message(mailbox, gone, subject=address)
        gone.delete()
    anna = add_contact(alice, name="Anna", addresses=["anna@lindwerk.example"], at=at)
    assert [line.email.subject for line in read_timeline(alice, anna).lines] == [
        "anna@lindwerk.example"
    ]
    add_contact_address(alice, anna, address="anna@home.example", at=at)
    assert len(read_timeline(alice, anna).lines) == 2
