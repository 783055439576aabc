"""A message and its lines in the histories of the contacts on it appear together or not at all."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from factories import a_contact, a_mailbox
from letterbook.contacts.matching import match_contacts
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.models import Direction, MailboxMessage, Message, ThreadKey
from letterbook.correspondence.threading import lock_correspondence
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.timeline.deleting import delete_activity
from letterbook.timeline.linking import link_contact
from letterbook.timeline.models import Activity, ActivityType
from letterbook.timeline.recording import record_copies, record_sent_copies
from letters import FIRST_DAY, a_copy, a_letter


def record(mailbox, *copies, at=FIRST_DAY):
    with transaction.atomic():
        lock_correspondence(mailbox.team_id)
        keys = {
            each.key
            for copy in copies
            for each in (copy.parsed.from_, *copy.parsed.to, *copy.parsed.cc)
        }
        contacts = match_contacts(mailbox.team_id, keys)
        return record_copies(
            mailbox, copies, contacts=contacts, own=own_addresses(mailbox.team_id), at=at
        )


def lines() -> set:
    return set(Activity.objects.values_list("contact_id", "message_id", "direction", "user_id"))


def test_each_contact_on_an_incoming_email_gets_one_line(alice, at):
    """S43, S47, S49, S58, S61, S70, S83: with team, direction, time and the mailbox's owner."""
    anna = a_contact(alice, address="anna@lindwerk.example")
    bo = a_contact(alice, address="bo@lindwerk.example")
    mailbox = a_mailbox(alice)
    copy = a_copy(
        a_letter(cc="bo@lindwerk.example, Anna@Lindwerk.example, nobody@x.example"), minute=3
    )
    recorded = record(mailbox, copy, at=at)
    message = Message.objects.get()
    assert (recorded.stored, recorded.repeated, recorded.activities) == (1, 0, 2)
    assert lines() == {
        (contact.id, message.id, Direction.INCOMING, alice.user_id) for contact in (anna, bo)
    }
    line = anna.activities.get()
    assert (line.type, line.team_id, line.occurred_at, line.created_at) == (
        ActivityType.EMAIL,
        alice.team_id,
        FIRST_DAY + timedelta(minutes=3),
        at,
    )


def test_two_addresses_of_one_contact_make_one_line(alice):
    """S62, S63: a contact has several addresses."""
    anna = a_contact(alice, address="anna@lindwerk.example")
    ContactAddress.objects.create(
        contact=anna, team=alice.team, address="al@home.example", key="al@home.example"
    )
    record(a_mailbox(alice), a_copy(a_letter(cc="al@home.example")))
    assert Activity.objects.count() == 1


def test_recording_again_and_from_another_mailbox_adds_no_line(alice, bob):
    """S40, S63."""
    a_contact(alice, address="anna@lindwerk.example")
    mailbox, other = a_mailbox(alice), a_mailbox(bob)
    record(mailbox, a_copy(a_letter(), named="1"))
    assert record(mailbox, a_copy(a_letter(), named="1")).repeated == 1
    assert record(other, a_copy(a_letter(), named="9")).repeated == 1
    assert Activity.objects.count() == 1


def test_a_line_that_was_deleted_does_not_come_back_with_any_later_retrieval(alice, bob, at):
    """S72: neither read again, nor from another mailbox, nor with the sender's own copy."""
    a_contact(alice, address="anna@lindwerk.example")
    mailbox, other = a_mailbox(alice), a_mailbox(bob)
    record(mailbox, a_copy(a_letter(), named="1"))
    delete_activity(alice, Activity.objects.get().pk, at=at)
    for box, name in ((mailbox, "1"), (mailbox, "2"), (other, "9")):
        record(box, a_copy(a_letter(), named=name))
    link_contact(Contact.objects.get().pk, at=at)
    assert Activity.objects.count() == 0
    assert Activity.with_deleted.count() == 1


def test_our_own_addresses_are_never_contacts(alice, bob):
    a_contact(alice, address="bob@haldenrowe.example")
    a_mailbox(bob, address="bob@haldenrowe.example")
    record(a_mailbox(alice), a_copy(a_letter(to="bob@haldenrowe.example")))
    assert Activity.objects.count() == 0


def test_a_line_turns_outgoing_when_the_senders_own_copy_arrives(alice, bob):
    anna = a_contact(alice, address="anna@lindwerk.example")
    raw = a_letter(
        sender="desk@haldenrowe.example", to="anna@lindwerk.example", cc="bob@haldenrowe.example"
    )
    record(a_mailbox(bob), a_copy(raw, named="b"))
    assert anna.activities.get().direction == Direction.INCOMING
    record(a_mailbox(alice), a_copy(raw, named="a", labels=("SENT",)))
    line = anna.activities.get()
    assert (line.direction, line.user_id) == (Direction.OUTGOING, alice.user_id)


def test_a_failure_while_adding_lines_leaves_nothing_half_done(alice):
    """S44: the message, its threads, its ledger row and its lines are one."""
    mailbox = a_mailbox(alice)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    nobody = {"anna@lindwerk.example": alice.id}
    with pytest.raises(IntegrityError):
        record_copies(mailbox, [a_copy(a_letter())], contacts=nobody, own={}, at=FIRST_DAY)
    for model in (Message, MailboxMessage, ThreadKey, Activity):
        assert not model.objects.exists()


def test_lines_take_the_same_statements_whatever_their_number(alice):
    mailbox = a_mailbox(alice)
    for number in range(40):
        a_contact(alice, address=f"c{number}@x.example")

    def statements(numbers) -> int:
        everyone = ", ".join(f"c{n}@x.example" for n in numbers)
        copies = [a_copy(a_letter(n + 100 * len(numbers), cc=everyone)) for n in numbers]
        with CaptureQueriesContext(connection) as queries:
            record(mailbox, *copies)
        return len(queries)

    assert statements(range(2)) == statements(range(40)) <= 24


def test_one_event_is_announced_per_batch(alice):
    a_contact(alice, address="anna@lindwerk.example")
    with CaptureQueriesContext(connection) as queries:
        record(a_mailbox(alice), a_copy(a_letter(1)), a_copy(a_letter(2)))
    assert sum("pg_notify" in query["sql"] for query in queries) == 1


def test_an_email_just_sent_is_recorded_for_its_author(alice, bob, at):
    """S60, S63, S70: bob wrote it, it left from alice's mailbox; people in Bcc have their line too."""
    mailbox = a_mailbox(alice, address="alice@haldenrowe.example")
    anna = a_contact(alice, address="anna@lindwerk.example")
    hidden = a_contact(alice, address="bo@lindwerk.example")
    raw = a_letter(
        sender="alice@haldenrowe.example", to="anna@lindwerk.example", bcc="bo@lindwerk.example"
    )
    copy = a_copy(raw, named="s1", labels=("SENT",))
    ids = record_sent_copies(mailbox, {bob.user_id: [copy]}, at=at)
    message = Message.objects.get(pk=ids["s1"])
    assert (message.direction, message.sent_by_id, message.occurred_at) == (
        Direction.OUTGOING,
        bob.user_id,
        copy.received_at,
    )
    assert lines() == {
        (contact.id, message.id, Direction.OUTGOING, bob.user_id) for contact in (anna, hidden)
    }


def test_retrieving_what_we_sent_adds_nothing_whichever_comes_first(alice, bob, at):
    """S40: retrieval may bring the copy in SENT before delivery has written its outcome."""
    mailbox = a_mailbox(alice, address="alice@haldenrowe.example")
    a_contact(alice, address="anna@lindwerk.example")
    raw = a_letter(sender="alice@haldenrowe.example", to="anna@lindwerk.example")
    record(mailbox, a_copy(raw, named="s1", labels=("SENT",)))
    copy = a_copy(raw, named="s1", labels=("SENT",))
    ids = record_sent_copies(mailbox, {bob.user_id: [copy]}, at=at)
    message = Message.objects.get(pk=ids["s1"])
    record(mailbox, a_copy(raw, named="s1", labels=("SENT",)))
    message.refresh_from_db()
    assert (Message.objects.count(), message.sent_by_id) == (1, bob.user_id)
    assert Activity.objects.get().user_id == bob.user_id


def test_an_email_on_which_everyone_is_unknown_has_no_line(alice):
    assert record(a_mailbox(alice), a_copy(a_letter())).activities == 0


def test_no_line_can_be_nobodys(alice, at):
    """S69: the database refuses a line without a contact."""
    with pytest.raises(IntegrityError, match="contact_id"):
        Activity.objects.create(
            team_id=alice.team_id, type=ActivityType.NOTE, user=alice.user, text="x", occurred_at=at
        )


def test_a_new_contact_is_linked_to_the_email_stored_before(alice, bob, charlie, at):
    """S57, S63: every role counts, other teams do not, and linking again adds nothing."""
    mailbox = a_mailbox(bob)
    record(
        mailbox,
        a_copy(a_letter(1)),
        a_copy(a_letter(2, sender="x@y.example", cc="ANNA@lindwerk.example")),
    )
    record(mailbox, a_copy(a_letter(3, sender="x@y.example")))
    record(a_mailbox(charlie, address="c@elsewhere.example"), a_copy(a_letter(4)))
    anna = a_contact(alice, address="anna@lindwerk.example")
    assert link_contact(anna.id, at=at) == 2
    assert link_contact(anna.id, at=at) == 0
    assert set(anna.activities.values_list("user_id", "direction")) == {
        (bob.user_id, Direction.INCOMING)
    }


@pytest.mark.django_db(transaction=True)
def test_a_contact_added_while_email_is_being_stored_misses_none_of_it(alice):
    """S63: the two take turns, so either the batch sees the contact or linking sees the batch."""
    mailbox = a_mailbox(alice)
    start = threading.Barrier(2)

    def store() -> None:
        start.wait()
        for number in range(30):
            record(mailbox, a_copy(a_letter(number)))
        connections.close_all()

    worker = threading.Thread(target=store)
    worker.start()
    start.wait()
    with transaction.atomic():
        anna = Contact.objects.create(team=alice.team)
        ContactAddress.objects.create(
            contact=anna,
            team=alice.team,
            address="anna@lindwerk.example",
            key="anna@lindwerk.example",
        )
        link_contact(anna.id, at=FIRST_DAY)
    worker.join()
    assert anna.activities.count() == 30
