"""Asking to read, letting in, breaking the glass, and who is told of what was read."""

from __future__ import annotations

import pytest
from django.core import mail
from django.utils.timezone import now

from factories import a_contact, a_mailbox, a_member, a_message
from letterbook.correspondence.admissions import Answer
from letterbook.correspondence.conversations import read_conversation, read_letter
from letterbook.correspondence.downloading import download_source
from letterbook.correspondence.models import Admission, Message, Opening
from letterbook.correspondence.opened import list_opened, opened_by
from letterbook.correspondence.openings import How
from letterbook.correspondence.sharing.admitting import admissions_to, end_admission
from letterbook.correspondence.sharing.asking import (
    answer_request,
    ask_to_read,
    asked_already,
    requests_to_answer,
    whom_to_ask,
)
from letterbook.correspondence.sharing.choosing import share_contact, share_thread
from letterbook.correspondence.sharing.glass import break_glass, glass_to_notice, notice_glass
from letterbook.correspondence.sharing.glass_notice import tell_of_broken_glass
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import ApiToken, AuditEntry, Role

PRIVATE, METADATA, SUBJECT, FULL = Sharing
RAW = b"From: anna@l.example\r\nTo: alice@haldenrowe.example\r\nSubject: Offer\r\n\r\nThe terms."


def seen(member, *messages) -> list[Sharing]:
    rows = {row.pk: row.access for row in Message.objects.visible_to(member)}
    return [rows.get(one.pk, PRIVATE) for one in messages]


@pytest.fixture
def letters(alice):
    """Two conversations with anna and one with zoe, in alice's mailbox that shares when and with whom."""
    anna, zoe = a_contact(alice), a_contact(alice)
    box = a_mailbox(alice, sharing=METADATA)
    return box, anna, [a_message(box, one) for one in (anna, anna, zoe)]


@pytest.mark.parametrize(
    ("answer", "seen_then"),
    [
        (Answer.THREAD, [FULL, METADATA, METADATA]),
        (Answer.CONTACT, [FULL, FULL, METADATA]),
        (Answer.ALWAYS, [FULL, FULL, FULL]),
        (Answer.NO, [METADATA, METADATA, METADATA]),
    ],
)
def test_one_answer_decides_and_can_be_taken_back(answer, seen_then, letters, alice, bob, at):
    """S90: bob asks alice once; what she answers holds for him alone, until she ends it."""
    box, anna, messages = letters
    carol, thread = a_member(alice, "Carol"), messages[0].thread_id
    assert whom_to_ask(bob, thread) == [alice.user]
    first = ask_to_read(bob, thread, contact=anna, at=at)
    assert ask_to_read(bob, thread, contact=anna, at=at) == first
    [waiting] = requests_to_answer(alice)
    assert (waiting.asked_by, waiting.contact) == (bob.user, anna)
    assert requests_to_answer(bob) == []
    assert asked_already(bob, thread) == first
    answer_request(alice, waiting.pk, answer=answer, at=at)
    assert answer_request(alice, waiting.pk, answer=answer, at=at).answer == answer
    assert seen(bob, *messages) == seen_then
    assert seen(carol, *messages) == [METADATA] * 3
    assert requests_to_answer(alice) == []
    for admission in admissions_to(alice, box):
        end_admission(alice, admission.pk, at=at)
    assert seen(bob, *messages) == [METADATA] * 3
    assert admissions_to(alice, box) == []


def test_who_was_told_no_does_not_ask_again(letters, alice, bob, at):
    _, _, messages = letters
    [asked] = ask_to_read(bob, messages[0].thread_id, at=at)
    answer_request(alice, asked.pk, answer=Answer.NO, at=at)
    with pytest.raises(Conflict, match="Alice Halden"):
        ask_to_read(bob, messages[0].thread_id, at=at)
    with pytest.raises(Conflict):
        answer_request(alice, asked.pk, answer=Answer.ALWAYS, at=at)


def test_nobody_asks_for_what_they_may_not_know_of_and_nobody_answers_for_others(
    letters, alice, bob, charlie, at
):
    box, _, messages = letters
    [asked] = ask_to_read(bob, messages[0].thread_id, at=at)
    share_thread(alice, messages[1].thread_id, level=PRIVATE, at=at)
    share_thread(alice, messages[2].thread_id, level=FULL, at=at)
    for member, message in ((bob, messages[1]), (bob, messages[2]), (charlie, messages[0])):
        with pytest.raises(NotFound):
            ask_to_read(member, message.thread_id, at=at)
    for member in (bob, charlie):
        with pytest.raises(NotFound):
            answer_request(member, asked.pk, answer=Answer.ALWAYS, at=at)
    with pytest.raises(Invalid):
        answer_request(alice, asked.pk, answer=Answer.CONTACT, at=at)
    answer_request(alice, asked.pk, answer=Answer.THREAD, at=at)
    [admission] = admissions_to(alice, box)
    for member in (charlie, a_member(alice, "Carol")):
        with pytest.raises(NotFound):
            end_admission(member, admission.pk, at=at)
    end_admission(bob, admission.pk, at=at)


def test_a_private_choice_is_stronger_than_having_been_let_in_further_out(letters, alice, bob, at):
    _, anna, messages = letters
    for answer, thread in ((Answer.ALWAYS, messages[0]), (Answer.CONTACT, messages[1])):
        Admission.objects.all().delete()
        [asked] = ask_to_read(bob, thread.thread_id, contact=anna, at=at)
        answer_request(alice, asked.pk, answer=answer, at=at)
        share_thread(alice, messages[0].thread_id, level=PRIVATE, at=at)
        assert seen(bob, *messages[:2]) == [PRIVATE, FULL]
        share_thread(alice, messages[0].thread_id, level=None, at=at)
        share_contact(alice, anna, level=PRIVATE, at=at)
        assert seen(bob, *messages[:2]) == [PRIVATE, PRIVATE]
        share_contact(alice, anna, level=None, at=at)
        Admission.objects.update(ended_at=at)


def test_broken_glass_opens_a_private_mailbox_for_a_day_and_its_owner_is_told(alice, bob, charlie):
    """P8: admins do not see private mail, except in the open; what is private by hand stays shut."""
    at = now()
    contact, box = a_contact(alice), a_mailbox(bob, sharing=PRIVATE)
    message, by_hand = a_message(box, contact), a_message(box, contact)
    share_thread(bob, by_hand.thread_id, level=PRIVATE, at=at)
    assert seen(alice, message) == [PRIVATE]
    for member, reason, no in (
        (alice, "short", Invalid),
        (charlie, "A client waits for it", NotFound),
        (bob, "It is my own mailbox", Invalid),
        (a_member(alice, "Carol"), "A client waits for it", NotAllowed),
    ):
        with pytest.raises(no):
            break_glass(member, box, reason=reason, at=at)
    broken = break_glass(alice, box, reason="A client waits for it", at=at)
    assert seen(alice, message, by_hand) == [FULL, PRIVATE]
    with pytest.raises(Conflict):
        break_glass(alice, box, reason="A client waits for it", at=at)
    entry = AuditEntry.objects.get(what="glass broken")
    assert (entry.user, entry.details["reason"]) == (alice.user, "A client waits for it")
    assert glass_to_notice(bob) == [broken]
    tell_of_broken_glass(broken.pk)
    [told] = mail.outbox
    assert (told.to, "A client waits for it" in told.body) == ([bob.user.email], True)
    assert "Alice Halden opened your mailbox" in told.subject
    with pytest.raises(NotFound):
        notice_glass(alice, broken.pk, at=at)
    with pytest.raises(NotFound):
        end_admission(bob, broken.pk, at=at)
    notice_glass(bob, broken.pk, at=at)
    assert glass_to_notice(bob) == []
    assert admissions_to(bob, box) == [broken]
    end_admission(alice, broken.pk, at=at)
    assert seen(alice, message) == [PRIVATE]


def test_the_owner_sees_who_read_what_and_how_once_a_day(alice, bob, charlie):
    anna, box = a_contact(alice), a_mailbox(alice, sharing=FULL)
    message = a_message(box, anna, raw=RAW)
    for member in (alice, bob, bob):
        read_conversation(member, message.thread_id)
    bob.acting_token = ApiToken()
    read_letter(bob, message.pk)
    bob.acting_token = None
    download_source(bob, message.pk)
    told = [(one.user, one.how) for one in list_opened(alice, box).openings]
    assert told == [(bob.user, How.SOURCE), (bob.user, How.API), (bob.user, How.PAGE)]
    assert len(opened_by(alice, [message.pk])[message.pk]) == 3
    for member in (bob, charlie):
        assert list_opened(member, box).openings == ()
        assert opened_by(member, [message.pk]) == {}
    first = list_opened(alice, box, limit=2)
    rest = list_opened(alice, box, limit=2, cursor=first.next_cursor)
    assert [one.how for one in (*first.openings, *rest.openings)] == [how for _, how in told]


def test_reading_a_copy_of_one_s_own_or_only_a_line_tells_nobody(alice, bob):
    """Else alice would learn that bob's private mailbox holds the email too."""
    anna, box = a_contact(alice), a_mailbox(alice, sharing=FULL)
    both = a_message(box, anna, also_in=(a_mailbox(bob, sharing=PRIVATE),))
    line = a_message(a_mailbox(alice, sharing=SUBJECT), anna)
    for message in (both, line):
        read_conversation(bob, message.thread_id)
    alice.role = Role.OWNER
    alice.looking_as = bob
    read_conversation(alice, both.thread_id)
    assert not Opening.objects.exists()
