"""One view of a conversation across mailboxes, each message as far as the viewer may see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import START, a_contact, a_mailbox, a_message, a_thread
from letterbook.correspondence import conversations
from letterbook.correspondence.conversations import (
    find_message,
    find_readable_message,
    read_conversation,
    read_letter,
)
from letterbook.correspondence.models import Direction
from letterbook.kit.ids import new_id
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing


def test_a_conversation_is_whole_across_mailboxes_and_oldest_first(alice, bob):
    """S65, S66: earlier messages, whoever's mailbox holds them, with everyone named in them."""
    contact, thread = a_contact(alice, address="anna@lindwerk.example"), a_thread(alice)
    hers, his = a_mailbox(alice), a_mailbox(bob)
    for n, (box, direction) in enumerate([(hers, "in"), (his, "out"), (hers, "in")]):
        a_message(
            box,
            contact,
            direction=direction,
            thread=thread,
            text=f"Part {n}",
            at=START + timedelta(hours=-n),
        )
    conversation = read_conversation(alice, thread.pk)
    assert [letter.text for letter in conversation.letters] == ["Part 2", "Part 1", "Part 0"]
    assert {one.address for one in conversation.participants} == {
        "anna@lindwerk.example",
        hers.address,
        his.address,
    }
    assert not conversation.is_partly_hidden


def test_each_message_shows_as_much_as_its_mailbox_shares(alice, bob):
    contact, thread = a_contact(alice), a_thread(alice)
    for sharing in Sharing:
        a_message(
            a_mailbox(alice, sharing=sharing), contact, thread=thread, subject="Offer", text="Terms"
        )
    conversation = read_conversation(bob, thread.pk)
    shown = [
        (letter.seen.access, letter.seen.subject, letter.text) for letter in conversation.letters
    ]
    assert shown == [
        (Sharing.METADATA, "", ""),
        (Sharing.SUBJECT, "Offer", ""),
        (Sharing.FULL, "Offer", "Terms"),
    ]
    assert (conversation.is_partly_hidden, conversation.hidden) == (True, 2)


def test_nothing_tells_of_messages_in_private_mailboxes(alice, bob):
    """S84: not even a count."""
    contact, thread = a_contact(alice), a_thread(alice)
    a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), contact, thread=thread)
    a_message(a_mailbox(alice), contact, thread=thread)
    conversation = read_conversation(bob, thread.pk)
    assert (len(conversation.letters), conversation.is_partly_hidden) == (1, False)


def test_a_thread_with_nothing_for_the_viewer_is_the_same_as_none(alice, bob, charlie):
    """S71: someone else's id is a 404, in the very words of one that does not exist."""
    thread = a_thread(alice)
    message = a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), a_contact(alice), thread=thread)
    words = set()
    for member in (bob, charlie):
        for thread_id in (thread.pk, new_id()):
            with pytest.raises(NotFound) as refused:
                read_conversation(member, thread_id)
            words.add(str(refused.value))
        for message_id in (message.pk, new_id()):
            with pytest.raises(NotFound):
                find_message(member, message_id)
    assert len(words) == 1


def test_blind_copies_and_message_ids_are_for_readers(alice, bob):
    contact, hidden = a_contact(alice), a_contact(alice, "Boris")
    message = a_message(
        a_mailbox(alice, sharing=Sharing.SUBJECT),
        contact,
        bcc=(hidden,),
        direction=Direction.OUTGOING,
    )
    hers, his = read_letter(alice, message.pk), read_letter(bob, message.pk)
    assert "bcc" in {one.role for one in hers.seen.people}
    assert "bcc" not in {one.role for one in his.seen.people}
    assert (hers.message_id, his.message_id) == (message.message_id, "")


def test_only_a_reader_finds_the_row_to_read_from(alice, bob):
    message = a_message(a_mailbox(alice, sharing=Sharing.SUBJECT), a_contact(alice))
    assert find_readable_message(alice, message.pk) == message
    assert find_message(bob, message.pk).access == Sharing.SUBJECT
    with pytest.raises(NotFound):
        find_readable_message(bob, message.pk)


def test_an_endless_thread_shows_its_newest_part(alice, monkeypatch):
    monkeypatch.setattr(conversations, "MAX_SHOWN", 3)
    contact, mailbox, thread = a_contact(alice), a_mailbox(alice), a_thread(alice)
    for n in range(5):
        a_message(mailbox, contact, thread=thread, text=f"Part {n}")
    conversation = read_conversation(alice, thread.pk)
    assert [letter.text for letter in conversation.letters] == ["Part 2", "Part 3", "Part 4"]
    assert conversation.has_earlier


def test_a_conversation_asks_a_constant_number_of_questions(alice, django_assert_max_num_queries):
    contact, mailbox, thread = a_contact(alice), a_mailbox(alice), a_thread(alice)
    for _ in range(20):
        a_message(mailbox, contact, thread=thread)
    with django_assert_max_num_queries(2):
        read_conversation(alice, thread.pk)
