"""S72: what is taken out of a history is gone from it, does not come back by itself, and can be put back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from factories import START, a_contact, a_mailbox, a_member, a_message, a_note
from letterbook.correspondence.models import Message, MessageSource
from letterbook.kit.refusals import Conflict, NotAllowed, NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.merging import merge_contacts, preview_merge, undo_merge
from letterbook.teams.models import AuditEntry
from letterbook.timeline.acquainting import add_contact_address, drop_contact_address
from letterbook.timeline.deleting import (
    KEPT_FOR,
    delete_activity,
    deleted_activities,
    forget_deleted,
    restore_activity,
)
from letterbook.timeline.keeping import pin_activity, rewrite_activity
from letterbook.timeline.linking import link_contact
from letterbook.timeline.models import Activity, ActivityChange
from letterbook.timeline.reading import read_pinned, read_timeline
from letterbook.timeline.relationship import relationship_with
from letterbook.timeline.seeing import counted_activities


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


def ids(member, contact):
    return [line.id for line in read_timeline(member, contact).lines]


def test_a_deleted_email_is_gone_from_history_counts_and_context(alice, anna, at):
    message = a_message(a_mailbox(alice), anna)
    line = message.activities.get()
    pin_activity(alice, line.pk, is_pinned=True, at=at)
    delete_activity(alice, line.pk, at=at)
    assert ids(alice, anna) == []
    assert read_pinned(alice, anna) == ()
    assert not counted_activities(alice, contact=anna).exists()
    assert not message.activities.exists()
    assert relationship_with(alice, anna).last_in is None
    assert AuditEntry.objects.filter(what="email deleted", user=alice.user).count() == 1
    with pytest.raises(NotFound):
        delete_activity(alice, line.pk, at=at)


def test_nothing_brings_a_deleted_email_back_but_putting_it_back(alice, anna, at):
    """Linking, giving the address anew, and merging leave it where it is; replays are walked with retrieval."""
    line = a_message(a_mailbox(alice), anna).activities.get()
    delete_activity(alice, line.pk, at=at)
    link_contact(anna.pk, at=at)
    assert ids(alice, anna) == []
    add_contact_address(alice, anna, address="a@lindwerk.example", at=at)
    address = "anna@lindwerk.example"
    drop_contact_address(alice, anna, address=address, unlinks=True, at=at)
    add_contact_address(alice, anna, address=address, at=at)
    assert ids(alice, anna) == []
    twin = a_contact(alice, "Anna L.")
    merge = merge_contacts(alice, twin, gone=anna, at=at)
    assert ids(alice, twin) == []
    assert preview_merge(alice, twin, gone=a_contact(alice)).emails == 0
    undo_merge(alice, merge, at=at)
    assert ids(alice, anna) == ids(alice, twin) == []
    restore_activity(alice, line.pk, at=at)
    assert ids(alice, anna) == [line.pk]


def test_an_email_is_taken_out_by_who_holds_it_or_an_admin_who_may_read_it(alice, bob, anna, at):
    carol = a_member(alice, "Carol")
    shared = a_message(a_mailbox(bob), anna).activities.get()
    with pytest.raises(NotAllowed):
        delete_activity(carol, shared.pk, at=at)
    delete_activity(bob, shared.pk, at=at)
    restore_activity(alice, shared.pk, at=at)
    told_of = a_message(a_mailbox(bob, sharing=Sharing.SUBJECT), anna).activities.get()
    with pytest.raises(NotAllowed):
        delete_activity(alice, told_of.pk, at=at)


def test_what_was_deleted_is_listed_for_those_who_may_put_it_back(alice, bob, charlie, anna, at):
    """S71: of a private mailbox nobody else learns; a stranger finds nothing."""
    note, private = a_note(bob, anna), a_message(a_mailbox(bob, sharing=Sharing.PRIVATE), anna)
    line = private.activities.get()
    for pk in (note.pk, line.pk):
        delete_activity(bob, pk, at=at)
    assert {one.pk for one in deleted_activities(bob, anna)} == {note.pk, line.pk}
    assert {one.pk for one in deleted_activities(alice, anna)} == {note.pk}
    assert deleted_activities(a_member(alice, "Carol"), anna) == []
    for member, pk in ((alice, line.pk), (charlie, note.pk)):
        with pytest.raises(NotFound):
            restore_activity(member, pk, at=at)


def test_a_deleted_note_is_forgotten_after_thirty_days_an_emails_tombstone_never(alice, anna, at):
    note, email = a_note(alice, anna), a_message(a_mailbox(alice), anna).activities.get()
    rewrite_activity(alice, note.pk, text="Prefers letters.", at=at)
    for pk in (note.pk, email.pk):
        delete_activity(alice, pk, at=at)
    assert forget_deleted(at=at + KEPT_FOR) == 0
    assert forget_deleted(at=at + KEPT_FOR + timedelta(minutes=1)) == 1
    assert list(Activity.with_deleted.all()) == [email]
    assert not ActivityChange.objects.exists()


def test_the_database_lets_no_email_become_something_else(alice, anna, at):
    """S73: what an email says is never edited, whatever the code above does."""
    line, note = a_message(a_mailbox(alice), anna).activities.get(), a_note(alice, anna)
    other = a_message(a_mailbox(alice), anna)
    for changes in ({"text": "mine"}, {"type": "note", "message": None}, {"message": other}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Activity.objects.filter(pk=line.pk).update(**changes)
    with pytest.raises(Conflict):
        rewrite_activity(alice, line.pk, text="mine", at=at)
    rewrite_activity(alice, note.pk, text="Prefers letters.", at=at)
    with pytest.raises(DatabaseError), transaction.atomic():
        ActivityChange.objects.update(was={})


def test_the_database_lets_nobody_rewrite_an_email(alice, anna):
    """S55, S73: its text, its people, its time and its bytes stay, whatever the code above does."""
    message = a_message(a_mailbox(alice), anna, raw=b"Subject: Proof\r\n\r\nHere it is.")
    changes = ({"text": "x"}, {"subject": "x"}, {"participants": []}, {"occurred_at": START})
    for change in (*changes, {"attachments": [1]}, {"date_header": START}, {"message_id": "x"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Message.objects.filter(pk=message.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        MessageSource.objects.update(raw_zstd=b"x")
    # What is learnt about it later is no part of what it says.
    assert Message.objects.filter(pk=message.pk).update(sent_by=alice.user, bcc_keys=["x"]) == 1
