"""What a mailbox's owner chooses for a contact, a conversation or a label, and what nobody else can undo."""

from __future__ import annotations

import pytest

from factories import a_contact, a_mailbox, a_message, a_thread
from letterbook.correspondence.joined_threads import join_decisions
from letterbook.correspondence.models import MailboxMessage, Message, SharingChoice
from letterbook.correspondence.proofs import PROOFS
from letterbook.correspondence.sharing.choosing import (
    choices_for,
    hide_labels,
    share_contact,
    share_thread,
    sharing_of_contact,
    sharing_of_thread,
)
from letterbook.correspondence.sharing.settling import settle_labels, settle_messages
from letterbook.incoming.noting import note_changes
from letterbook.incoming.storing import decide_and_store
from letterbook.kit.refusals import NotAllowed, NotFound
from letterbook.mailboxes.models import MailboxLabel, Sharing
from letterbook.providers.mail import HistoryChange, ProviderMessage
from letterbook.teams.models import AuditEntry
from letterbook.teams.proving import examine
from letterbook.timeline.acquainting import add_contact_address, drop_contact_address
from letters import FIRST_DAY, a_letter

PRIVATE, METADATA, SUBJECT, FULL = Sharing
[SHARING] = [proof for proof in PROOFS if proof.name == "sharing"]


def seen(member, message) -> Sharing:
    """How much of a message a person sees."""
    assert not examine(SHARING).flaws
    row = Message.objects.visible_to(member).filter(pk=message.pk).first()
    return row.access if row else PRIVATE


def test_an_owner_narrows_and_widens_one_contact_and_one_conversation(alice, bob, charlie, at):
    """S76: the conversation's word is stronger than the contact's, and that stronger than the mailbox's."""
    anna, zoe, box = a_contact(alice), a_contact(alice), a_mailbox(alice, sharing=SUBJECT)
    first, second, other = a_message(box, anna), a_message(box, anna), a_message(box, zoe)
    assert share_contact(alice, anna, level=PRIVATE, at=at) == 2
    assert [seen(bob, one) for one in (first, second, other)] == [PRIVATE, PRIVATE, SUBJECT]
    assert share_thread(alice, second.thread_id, level=FULL, at=at) == 1
    assert [seen(bob, one) for one in (first, second, other)] == [PRIVATE, FULL, SUBJECT]
    assert [seen(alice, one) for one in (first, second, other)] == [FULL] * 3
    assert [seen(charlie, one) for one in (first, second, other)] == [PRIVATE] * 3
    assert sharing_of_contact(alice, anna).level == PRIVATE
    assert sharing_of_thread(alice, second.thread_id).level == FULL
    share_thread(alice, second.thread_id, level=None, at=at)
    share_contact(alice, anna, level=None, at=at)
    assert [seen(bob, one) for one in (first, second, other)] == [SUBJECT] * 3
    assert "sharing of a contact changed" in AuditEntry.objects.values_list("what", flat=True)


def test_of_two_contacts_the_narrower_choice_holds(alice, bob, at):
    anna, zoe = a_contact(alice), a_contact(alice)
    message = a_message(a_mailbox(alice, sharing=METADATA), anna, zoe)
    share_contact(alice, anna, level=FULL, at=at)
    assert seen(bob, message) == FULL
    share_contact(alice, zoe, level=SUBJECT, at=at)
    assert seen(bob, message) == SUBJECT


def test_only_one_s_own_copies_follow_one_s_choice(alice, bob, charlie, at):
    anna = a_contact(alice)
    message = a_message(a_mailbox(alice, sharing=FULL), anna)
    assert sharing_of_thread(bob, message.thread_id) is None
    for member in (bob, charlie):
        with pytest.raises(NotFound):
            share_thread(member, message.thread_id, level=PRIVATE, at=at)
    a_mailbox(bob)
    share_contact(bob, anna, level=PRIVATE, at=at)
    with pytest.raises(NotFound):
        share_contact(charlie, anna, level=PRIVATE, at=at)
    assert seen(bob, message) == FULL


def test_what_is_stored_later_follows_what_was_chosen(alice, bob, at):
    """By the contact, by a label it comes with, and by the conversation that it continues."""
    box, zoe = a_mailbox(alice), a_contact(alice, address="zoe@z.example")
    share_contact(alice, zoe, level=PRIVATE, at=at)
    a_contact(alice, address="anna@l.example")
    hide_labels(alice, box, labels=["L1"], at=at)

    def stored(number, sender, labels=("INBOX",)) -> Message:
        raw = a_letter(number, sender=sender)
        letter = ProviderMessage(f"{number:x}", "t", frozenset(labels), FIRST_DAY, raw)
        assert decide_and_store(box, [letter], at=at).stored == 1
        return Message.objects.get(copies__provider_id=f"{number:x}")

    assert seen(bob, stored(1, "zoe@z.example")) == PRIVATE
    assert seen(bob, stored(2, "anna@l.example", labels=("INBOX", "L1"))) == PRIVATE
    third = stored(3, "anna@l.example")
    assert seen(bob, third) == FULL
    share_thread(alice, third.thread_id, level=METADATA, at=at)
    fourth = stored(4, "anna@l.example")
    assert (fourth.thread_id, seen(bob, fourth)) == (third.thread_id, METADATA)


def test_nobody_widens_a_team_mate_s_mail_by_editing_contacts(alice, bob, at):
    """Neither a new address, nor a lost one, nor a merged contact shows more."""
    anna, zoe = (
        a_contact(alice, address="anna@l.example"),
        a_contact(alice, address="zoe@z.example"),
    )
    box = a_mailbox(alice, sharing=PRIVATE)
    hers, open_one = a_message(box, anna), a_message(box, zoe)
    share_contact(alice, zoe, level=FULL, at=at)
    drop_contact_address(bob, anna, address="anna@l.example", unlinks=True, at=at)
    add_contact_address(bob, zoe, address="anna@l.example", at=at)
    assert [seen(bob, one) for one in (hers, open_one)] == [PRIVATE, FULL]
    box.sharing = FULL
    box.save()
    share_contact(alice, zoe, level=PRIVATE, at=at)
    drop_contact_address(bob, zoe, address="zoe@z.example", unlinks=True, at=at)
    zoe.delete()
    assert [seen(bob, one) for one in (hers, open_one)] == [PRIVATE, PRIVATE]


def test_what_is_private_stays_so_for_a_contact_s_later_addresses(alice, bob, at):
    anna, box = a_contact(alice), a_mailbox(alice)
    other = a_contact(alice, address="anna@home.example")
    message = a_message(box, other)
    other.delete()
    share_contact(alice, anna, level=PRIVATE, at=at)
    assert seen(bob, message) == FULL
    add_contact_address(bob, anna, address="anna@home.example", at=at)
    assert seen(bob, message) == PRIVATE


def test_a_label_hides_and_taking_it_away_shows_again(alice, bob, at):
    """A label is stronger than any choice; Private hides by itself until others are chosen."""
    anna, box = a_contact(alice), a_mailbox(alice)
    MailboxLabel.objects.create(mailbox=box, team=alice.team, label_id="L1", name="private")
    message = a_message(box, anna)
    copy = MailboxMessage.objects.get(message=message)
    share_thread(alice, message.thread_id, level=FULL, at=at)

    def label(*labels: str, kind: str = "labels_added") -> None:
        change = HistoryChange(kind, copy.provider_id, "", frozenset(labels))
        note_changes(box, [change], at=at)

    label("INBOX", "L1")
    assert seen(bob, message) == PRIVATE
    label("INBOX", kind="labels_removed")
    assert seen(bob, message) == FULL
    label("INBOX", "L2")
    assert hide_labels(alice, box, labels=["L2"], at=at) == 1
    assert seen(bob, message) == PRIVATE
    assert seen(alice, message) == FULL
    label("L1")
    assert seen(bob, message) == FULL
    with pytest.raises(NotAllowed):
        hide_labels(bob, box, labels=[], at=at)


def test_a_label_that_is_called_private_from_now_on_hides(alice, bob, at):
    box = a_mailbox(alice)
    message = a_message(box, a_contact(alice))
    MailboxMessage.objects.update(labels=["L1"])
    assert settle_labels(box) == 0
    MailboxLabel.objects.create(mailbox=box, team=alice.team, label_id="L1", name="Private")
    assert settle_labels(box) == 1
    assert seen(bob, message) == PRIVATE
    MailboxLabel.objects.update(name="Family")
    settle_labels(box)
    assert Message.objects.visible_to(bob).get(pk=message.pk).access == FULL


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [(FULL, FULL, FULL), (FULL, None, PRIVATE), (METADATA, FULL, PRIVATE), (None, None, SUBJECT)],
)
def test_joining_two_conversations_shows_nobody_more(one, other, both, alice, bob, at):
    box, anna = a_mailbox(alice, sharing=SUBJECT), a_contact(alice)
    first, second = a_thread(alice), a_thread(alice)
    messages = [a_message(box, anna, thread=thread) for thread in (first, second)]
    for thread, level in ((first, one), (second, other)):
        if level is not None:
            share_thread(alice, thread.pk, level=level, at=at)
    join_decisions({first.pk: second.pk}, at=at)
    Message.objects.update(thread=second)
    settle_messages(alice.team_id, [messages[1].pk])
    assert [seen(bob, message) for message in messages] == [both, both]


def test_what_is_chosen_for_a_contact_holds_for_a_mailbox_connected_later(alice, bob, at):
    """S76: from its first email on, and never wider than that mailbox is shared (decision 0025)."""
    box = a_mailbox(alice)
    levels = {"Anna": Sharing.PRIVATE, "Bert": Sharing.SUBJECT, "Cora": Sharing.FULL}
    people = {name: a_contact(alice, name) for name in levels}
    for name, level in levels.items():
        share_contact(alice, people[name], level=level, at=at)
    private = a_message(box, a_contact(alice, "Dora"), subject="Hush")
    share_thread(alice, private.thread_id, level=Sharing.PRIVATE, at=at)
    later = a_mailbox(alice, sharing=Sharing.FULL)
    a_mailbox(bob)
    chosen = {one.about: one.level for one in choices_for(alice, later)}
    assert chosen == {"Anna": Sharing.PRIVATE, "Bert": Sharing.SUBJECT, "Hush": Sharing.PRIVATE}
    narrow = a_mailbox(alice, sharing=Sharing.METADATA)
    assert {one.about: one.level for one in choices_for(alice, narrow)} == {
        "Anna": Sharing.PRIVATE,
        "Bert": Sharing.METADATA,
        "Hush": Sharing.PRIVATE,
    }
    assert not SharingChoice.objects.filter(mailbox__owner=bob.user).exists()
