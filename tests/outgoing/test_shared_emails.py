"""What an owner keeps to themselves holds for what they send into it too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from factories import a_contact, a_message
from letterbook.correspondence.models import MailboxMessage
from letterbook.correspondence.sharing.choosing import share_thread
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Actor, Failure, OutgoingEmail
from letterbook.outgoing.queueing import queue_email
from written import a_failed_email

PRIVATE, METADATA, SUBJECT, FULL = Sharing


def seen(rows, member) -> list[Sharing]:
    return [row.access for row in rows.objects.visible_to(member)]


@pytest.mark.parametrize("level", [PRIVATE, METADATA, SUBJECT, FULL])
def test_an_answer_is_shared_no_further_than_what_it_answers(level, alice, bob, mailbox):
    at = now()
    message = a_message(mailbox, a_contact(alice, address="anna@lindwerk.example"))
    text = DraftText(to="anna@lindwerk.example", subject="Re: it", html="<p>Yes</p>")
    draft = create_draft(alice, mailbox=mailbox, text=text, answers=message, at=at)
    queue_email(draft, by=Actor.person(alice), member=alice, at=at, send_at=at + timedelta(days=1))
    assert seen(OutgoingEmail, bob) == [FULL]
    share_thread(alice, message.thread_id, level=level, at=at)
    assert seen(OutgoingEmail, bob) == ([level] if level else [])
    assert seen(OutgoingEmail, alice) == [FULL]


def test_what_was_sent_and_what_failed_is_shared_as_its_copy_is(alice, bob, mailbox):
    email = a_failed_email(alice, mailbox, at=now())
    message = a_message(mailbox, a_contact(alice), direction="out")
    OutgoingEmail.objects.filter(pk=email.pk).update(message=message)
    assert (seen(OutgoingEmail, bob), seen(Failure, bob)) == ([FULL], [FULL])
    MailboxMessage.objects.update(shared_as=SUBJECT)
    assert (seen(OutgoingEmail, bob), seen(Failure, bob)) == ([SUBJECT], [SUBJECT])
    MailboxMessage.objects.update(shared_as=PRIVATE)
    assert (seen(OutgoingEmail, bob), seen(Failure, bob)) == ([], [])
    assert (seen(OutgoingEmail, alice), seen(Failure, alice)) == ([FULL], [FULL])
