"""How far each person sees into a message, by what its copies say (docs/decisions/0014)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils.timezone import now

from factories import a_contact, a_mailbox, a_member, a_message, hold
from letterbook.correspondence.access import reach_of
from letterbook.correspondence.models import (
    Admission,
    MailboxMessage,
    Message,
    is_reachable,
)
from letterbook.mailboxes.models import Sharing
from letterbook.timeline.models import Activity
from letterbook.timeline.seeing import counted_activities, seen_activities

PRIVATE, METADATA, SUBJECT, FULL = Sharing


def levels_seen(member, contact) -> list[Sharing]:
    """How much of each of a contact's emails a person sees, by every gate there is; they must agree."""
    by_message = {row.pk: row.access for row in Message.objects.visible_to(member)}
    by_line = {row.message_id: row.access for row in Activity.objects.visible_to(member)}
    of_contact = {row.message_id: row.access for row in seen_activities(member, contact=contact)}
    counted = set(counted_activities(member, contact=contact).values_list("message_id", flat=True))
    readable = set(Message.objects.readable_by(member).values_list("pk", flat=True))
    assert by_message == by_line == of_contact
    assert counted == by_message.keys()
    assert readable == {pk for pk, level in by_message.items() if level == FULL}
    for level in (METADATA, SUBJECT, FULL):
        condition = is_reachable(reach_of(member), level=level, message_ref="pk")
        found = set(Message.objects.filter(condition).values_list("pk", flat=True))
        assert found == {pk for pk, own in by_message.items() if own >= level}
    return sorted(by_message.values())


@pytest.mark.parametrize("by_mailbox", list(Sharing))
def test_a_copy_s_own_word_is_stronger_than_its_mailbox_s(by_mailbox, alice, bob, charlie):
    """S76: the owner sees all of it, a team-mate what the copy says or else the mailbox, a stranger nothing."""
    contact = a_contact(alice)
    message = a_message(a_mailbox(alice, sharing=by_mailbox), contact)
    for told in (None, *Sharing):
        MailboxMessage.objects.update(shared_as=told)
        expected = by_mailbox if told is None else told
        assert levels_seen(bob, contact) == ([expected] if expected else []), told
        assert levels_seen(alice, contact) == [FULL]
        assert not Message.objects.visible_to(charlie).exists()
    MailboxMessage.objects.update(shared_as=PRIVATE, shared_with=[bob.user_id])
    assert levels_seen(bob, contact) == [FULL]
    MailboxMessage.objects.update(shared_with=[charlie.user_id])
    assert not Message.objects.visible_to(charlie).filter(pk=message.pk).exists()


def test_the_widest_copy_decides(alice, bob):
    carol = a_member(alice, "Carol")
    contact = a_contact(alice)
    message = a_message(a_mailbox(alice, sharing=FULL), contact)
    MailboxMessage.objects.update(shared_as=PRIVATE)
    assert levels_seen(carol, contact) == []
    hold(message, a_mailbox(bob, sharing=SUBJECT))
    assert levels_seen(carol, contact) == [SUBJECT]


@pytest.mark.parametrize("is_glass", [False, True])
def test_who_was_let_into_a_mailbox_sees_what_was_not_made_private_by_hand(is_glass, alice, bob):
    contact, box = a_contact(alice), a_mailbox(alice, sharing=PRIVATE)
    for told in (None, *Sharing):
        MailboxMessage.objects.filter(message=a_message(box, contact)).update(shared_as=told)
    at = now()
    admission = Admission.objects.create(
        team=alice.team,
        mailbox=box,
        user=bob.user,
        is_glass=is_glass,
        reason="A client waits" if is_glass else "",
        begins_at=at,
        ends_at=at + timedelta(hours=24) if is_glass else None,
    )
    assert levels_seen(bob, contact) == [FULL] * 4
    Admission.objects.filter(pk=admission.pk).update(ends_at=at - timedelta(seconds=1))
    assert levels_seen(bob, contact) == [METADATA, SUBJECT, FULL]
    Admission.objects.filter(pk=admission.pk).update(ends_at=at + timedelta(hours=1), ended_at=at)
    assert levels_seen(bob, contact) == [METADATA, SUBJECT, FULL]


def test_whoever_looks_as_a_team_mate_sees_what_both_may_see(alice, bob):
    """Copy by copy: that bob holds a copy of his own is nothing that alice learns by looking as him."""
    carol = a_member(alice, "Carol")
    contact = a_contact(alice)
    hers, his = a_mailbox(alice, sharing=PRIVATE), a_mailbox(bob, sharing=PRIVATE)
    a_message(hers, contact)
    a_message(hers, contact, also_in=(his,))
    a_message(his, contact)
    a_message(a_mailbox(carol, sharing=METADATA), contact)
    a_message(a_mailbox(alice, sharing=SUBJECT), contact)
    alice.looking_as = bob
    assert levels_seen(alice, contact) == [METADATA, SUBJECT]
    assert reach_of(alice) == replace(reach_of(alice), narrowed_to=reach_of(bob))
