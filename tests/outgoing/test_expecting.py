"""What a queued email waits for, and when it will go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factories import a_contact, a_message
from letterbook.mailboxes.models import Mailbox, MailboxState
from letterbook.outgoing.expecting import expectations_for
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.queueing import queue_email
from letterbook.outgoing.replying import draft_reply


def _expected(world, email):
    """The answer for one email, as a page would ask for it."""
    (row,) = OutgoingEmail.objects.select_related("mailbox").filter(pk=email.pk)
    return expectations_for([row], at=world.clock())[email.pk]


def _queue_only(world, **when):
    email = world.write()
    queue_email(email, by=Actor.person(world.member), member=world.member, at=world.clock(), **when)
    return email


def test_inside_the_undo_time_and_scheduled_each_email_has_its_time(sending):
    """S24: the page says when each will go."""
    now = sending.clock()
    first = _expected(sending, _queue_only(sending))
    assert (first.why, first.at, first.position) == ("undo", now + timedelta(seconds=10), 1)
    later = _expected(sending, _queue_only(sending, send_at=now + timedelta(hours=5)))
    assert (later.why, later.at, later.position) == ("scheduled", now + timedelta(hours=5), 2)


def test_a_burst_is_told_its_places_and_spread_over_minutes(sending, settings):
    """S24, S35: position and time follow the pace that Gmail allows."""
    settings.SENDS_PER_MINUTE = 2
    emails = [sending.queue(to=f"anna{number}@lindwerk.example") for number in range(5)]
    told = [_expected(sending, email) for email in emails]
    assert [one.position for one in told] == [1, 2, 3, 4, 5]
    assert [(one.at - sending.clock()) / timedelta(minutes=1) for one in told] == [0, 0, 1, 1, 2]
    assert told[0].reason == "It goes next."
    assert told[3].reason == "3 of this mailbox go first."


@pytest.mark.parametrize(
    ("call", "how", "way_out"),
    [
        ("drafts.create", "refuse:503", "Take that one back"),
        ("drafts.send", "act_then_drop", "follows when that is known"),
    ],
    ids=["the earlier one waits", "the earlier one may have been sent"],
)
def test_an_answer_waits_for_the_earlier_one_of_its_conversation(sending, call, how, way_out):
    """I8: and says what can be done; a new email to the same people waits for nothing."""
    earlier, later = _two_answers(sending)
    new = sending.queue()
    sending.gmail.fail(call, how)
    sending.attempt(earlier)
    told = _expected(sending, later)
    assert told.why == "order"
    assert way_out in told.reason
    assert _expected(sending, new).why == "turn"


def _two_answers(sending):
    message = a_message(sending.mailbox, a_contact(sending.member))
    drafts = [
        draft_reply(
            sending.member, message, to_all=False, mailbox=sending.mailbox, at=sending.clock()
        )
        for _ in range(2)
    ]
    return [sending.queue(draft) for draft in drafts]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"is_sending_paused": True}, "paused"),
        ({"state": MailboxState.PAUSED}, "paused"),
        ({"state": MailboxState.NEEDS_RECONNECTING}, "reconnecting"),
    ],
)
def test_what_only_a_person_can_bring_on_has_no_time(sending, columns, why):
    email = sending.queue()
    Mailbox.objects.update(**columns)
    told = _expected(sending, email)
    assert (told.why, told.at) == (why, None)


def test_the_time_that_gmail_named_is_the_time_that_is_told(sending):
    """S32: the daily limit holds everything of the mailbox until then."""
    first, second = sending.queue(), sending.queue(to="bert@lindwerk.example")
    sending.gmail.fail("drafts.send", "refuse:429:sending")
    sending.attempt(first)
    sending.mailbox.refresh_from_db()
    for email in (first, second):
        told = _expected(sending, email)
        assert told.at == sending.mailbox.sending_limited_until
        assert told.why in {"limited", "retrying"}


def test_after_a_lost_answer_it_says_that_gmail_is_asked(sending):
    email = sending.queue()
    sending.gmail.fail("drafts.send", "act_then_drop")
    sending.attempt(email)
    told = _expected(sending, email)
    assert (told.why, told.at) == ("asking", email.due_at)


def test_a_page_takes_two_questions_however_long_the_queue_is(sending):
    """Ten thousand queued emails leave a page as quick as none."""
    emails = [sending.queue() for _ in range(3)]
    rows = list(
        OutgoingEmail.objects.select_related("mailbox").filter(pk__in=[one.pk for one in emails])
    )
    with CaptureQueriesContext(connection) as asked:
        assert len(expectations_for(rows, at=sending.clock())) == 3
    assert len(asked) == 2
    with CaptureQueriesContext(connection) as asked:
        assert expectations_for([sending.write()], at=sending.clock()) == {}
