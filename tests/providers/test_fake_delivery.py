"""What Gmail does to an email on its way, and what the other mailbox receives."""

from __future__ import annotations

import hashlib
from email.parser import BytesParser
from email.policy import default

import pytest
from halden_rowe import ANN, BOB

from letterbook.providers.fake_gmail.world import FakeGmail

OURS = "<7f3a@letterbook.haldenrowe.example>"


def parsed(raw):
    return BytesParser(policy=default).parsebytes(raw)


def send(mailbox, raw, **more):
    return mailbox.send_draft(mailbox.create_draft(raw, **more).id)


def inbox(mailbox):
    return [mailbox.fetch_message(ref.id) for ref in mailbox.list_messages(labels=["INBOX"]).refs]


def test_the_message_id_is_replaced_and_ours_is_lost(ann, email):
    sent = ann.fetch_message(send(ann, email(Message_ID=OURS)).id)
    assert parsed(sent.raw)["Message-ID"].endswith("@mail.gmail.com>")
    assert OURS.encode() not in sent.raw


def test_an_account_that_keeps_message_ids_keeps_every_byte(world, ann, email):
    world.behaviour.message_ids = "keep"
    raw = email(Message_ID=OURS, Date="Tue, 17 Nov 2026 09:00:00 +0000", X_Odd="a\r\n\tb")
    assert ann.fetch_message(send(ann, raw).id).raw == raw


def test_a_message_id_and_a_date_are_added_where_there_are_none(world, ann, email):
    world.behaviour.message_ids = "keep"
    sent = parsed(ann.fetch_message(send(ann, email()).id).raw)
    assert sent["Message-ID"].endswith("@mail.gmail.com>")
    assert sent["Date"].datetime == world.now()


def test_a_from_that_is_no_alias_is_replaced_in_silence(ann, email):
    sent = ann.fetch_message(send(ann, email(From="The Boss <boss@haldenrowe.example>")).id)
    assert parsed(sent.raw)["From"] == f"Ann Halden <{ANN}>"


def test_a_from_that_is_an_alias_stays(ann, email):
    sent = ann.fetch_message(send(ann, email(From="Ann <ann@rowe.example>")).id)
    assert parsed(sent.raw)["From"] == "Ann <ann@rowe.example>"


def test_our_own_headers_survive_in_the_sent_copy(ann, email):
    sent = send(ann, email(X_Letterbook_Send_Key="k1"))
    found = ann.fetch_headers(sent.id, names=["X-Letterbook-Send-Key"])
    assert found.headers == {"x-letterbook-send-key": "k1"}
    assert found.labels == {"SENT"}


def test_blind_copies_are_delivered_and_not_shown_to_others(ann, bob, email):
    """I5: Bcc absent from the headers of the other copies."""
    sent = send(ann, email(To="far@elsewhere.example", Bcc=f"hidden@far.example,\r\n {BOB}"))
    (copy,) = inbox(bob)
    assert parsed(copy.raw)["Bcc"] is None
    assert b"hidden@far.example" not in copy.raw
    assert parsed(copy.raw)["To"] == "far@elsewhere.example"
    assert parsed(ann.fetch_message(sent.id).raw)["Bcc"] == f"hidden@far.example, {BOB}"


def test_a_delivered_copy_has_its_own_id_and_says_how_it_came(ann, bob, email):
    sent = send(ann, email(Message_ID=OURS))
    (copy,) = inbox(bob)
    assert copy.id != sent.id
    assert copy.labels == {"INBOX", "UNREAD"}
    received = parsed(copy.raw)
    assert received["Received"] is not None
    assert received["Delivered-To"] == BOB
    assert received["Message-ID"] == parsed(ann.fetch_message(sent.id).raw)["Message-ID"]


def test_one_person_under_two_addresses_receives_one_copy(world, ann, bob, email):
    send(bob, email(From=BOB, To=f"{ANN}, ann@rowe.example", Cc="Ann+tag@HaldenRowe.example"))
    assert len(inbox(ann)) == 1
    assert world.accepted[0].recipients == (ANN, "ann@rowe.example", "ann+tag@haldenrowe.example")


def test_mail_to_oneself_is_one_message_in_both_places(ann, email):
    sent = send(ann, email(To=ANN))
    (copy,) = inbox(ann)
    assert (copy.id, copy.labels) == (sent.id, {"SENT", "INBOX", "UNREAD"})


def test_an_answer_joins_the_thread_on_both_sides(ann, bob, email):
    first = send(ann, email(Message_ID=OURS))
    (received,) = inbox(bob)
    wire_id = parsed(received.raw)["Message-ID"]
    answer = email(From=BOB, To=ANN, Subject="Re: Paper order", In_Reply_To=wire_id)
    assert send(bob, answer, thread_id=received.thread_id).thread_id == received.thread_id
    (came,) = inbox(ann)
    assert came.thread_id == first.thread_id


def test_an_answer_without_the_threads_id_begins_one_where_it_was_sent(ann, bob, email):
    first = send(ann, email(Message_ID=OURS))
    (received,) = inbox(bob)
    wire_id = parsed(received.raw)["Message-ID"]
    answer = email(From=BOB, To=ANN, Subject="Re: Paper order", In_Reply_To=wire_id)
    assert send(bob, answer).thread_id != received.thread_id
    (came,) = inbox(ann)
    assert came.thread_id == first.thread_id


@pytest.mark.parametrize(
    "changes",
    [
        {"In_Reply_To": OURS},  # the id we chose was replaced: nobody knows it
        {"Subject": "Something else"},
    ],
)
def test_an_answer_that_gmail_cannot_place_begins_a_thread(ann, bob, email, changes):
    first = send(ann, email(Message_ID=OURS))
    (received,) = inbox(bob)
    wire_id = parsed(received.raw)["Message-ID"]
    told = {"From": BOB, "To": ANN, "Subject": "Re: Paper order", "In_Reply_To": wire_id}
    send(bob, email(**(told | changes)))
    (came,) = inbox(ann)
    assert came.thread_id != first.thread_id


def test_the_ledger_holds_what_was_handed_in(world, ann, email):
    raw = email(Message_ID=OURS, Cc="c@x.example", X_Letterbook_Send_Key="k1")
    sent = send(ann, raw)
    (entry,) = world.accepted
    assert (entry.mailbox, entry.send_key, entry.gmail_message_id) == (ANN, "k1", sent.id)
    assert entry.raw_sha256 == hashlib.sha256(raw).hexdigest()
    assert entry.recipients == (BOB, "c@x.example")
    assert entry.message_id == parsed(ann.fetch_message(sent.id).raw)["Message-ID"]


def test_a_sent_copy_can_be_slow_to_appear(world, ann, email):
    """F23: the SENT copy is visible late, in listings and in the history."""
    start = ann.read_profile().history_cursor
    world.behaviour.sent_visible_after = 300
    draft = ann.create_draft(email())
    sent = ann.send_draft(draft.id)
    assert ann.list_messages(query="in:sent").refs == ()
    assert sent.id not in {change.id for change in ann.list_history(since=start).changes}
    world.pass_time(301)
    assert [ref.id for ref in ann.list_messages(query="in:sent").refs] == [sent.id]
    assert sent.id in {change.id for change in ann.list_history(since=start).changes}


def test_sending_shows_in_the_history_as_draft_gone_and_sent_added(ann, email):
    start = ann.read_profile().history_cursor
    draft = ann.create_draft(email())
    sent = ann.send_draft(draft.id)
    changes = ann.list_history(since=start).changes
    assert {(one.kind, one.id) for one in changes} == {
        ("added", draft.message_id),
        ("added", sent.id),
        ("deleted", draft.message_id),
    }


def test_two_worlds_of_one_seed_give_the_same_ids(email):
    ids = []
    for _ in range(2):
        world = FakeGmail(seed=3)
        world.create_account(ANN)
        ids.append(
            (world.inject(ANN, email()), world.inject(ANN, email()), world.grant(ANN).access_token)
        )
    assert ids[0] == ids[1]
