"""Copies become messages, sources, threads and ledger rows: once each, whatever arrives twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from factories import a_mailbox
from letterbook.correspondence.models import (
    Direction,
    LedgerState,
    MailboxMessage,
    Message,
    Thread,
    ThreadKey,
)
from letterbook.correspondence.sources import read_source
from letterbook.correspondence.storing import store_copies
from letterbook.correspondence.threading import message_id_key
from letterbook.kit.ids import new_id
from letterbook.mailboxes.own_addresses import own_addresses
from letters import FIRST_DAY, a_copy, a_letter


def store(mailbox, *copies, at=FIRST_DAY, **more):
    return store_copies(mailbox, copies, own=own_addresses(mailbox.team_id), at=at, **more)


def test_everything_that_is_said_of_an_email_is_kept_with_its_exact_source(alice, at):
    """S39, S46, S48, S50, S52, S56, S81."""
    raw = a_letter(
        7,
        sender="Anna Lind <Anna@Lindwerk.example>",
        cc="Bo <BO@lindwerk.example>",
        subject="Größe",
        text="Guten Tag",
        headers=("In-Reply-To: <5@x.example>",),
    )
    mailbox = a_mailbox(alice)
    stored = store(mailbox, a_copy(raw, named="18c", labels=("INBOX", "Label_4")), at=at)["18c"]
    message = Message.objects.get()
    assert (message.id, message.team_id) == (stored.id, alice.team_id)
    assert message.message_id == "7@lindwerk.example"
    assert message.in_reply_to == "5@x.example"
    assert (message.from_name, message.from_address) == ("Anna Lind", "Anna@Lindwerk.example")
    assert message.participants == [
        {"role": "from", "name": "Anna Lind", "address": "Anna@Lindwerk.example"},
        {"role": "to", "name": "", "address": "alice@haldenrowe.example"},
        {"role": "cc", "name": "Bo", "address": "BO@lindwerk.example"},
    ]
    assert message.address_keys == [
        "anna@lindwerk.example",
        "alice@haldenrowe.example",
        "bo@lindwerk.example",
    ]
    assert (message.subject, message.text.strip(), message.snippet) == (
        "Größe",
        "Guten Tag",
        "Guten Tag",
    )
    assert (message.occurred_at, message.date_header, message.stored_at) == (
        FIRST_DAY,
        FIRST_DAY,
        at,
    )
    assert (message.size, message.direction) == (len(raw), Direction.INCOMING)
    assert read_source(message) == raw
    row = MailboxMessage.objects.get()
    assert (row.state, row.labels, row.provider_at) == (
        LedgerState.STORED,
        ["INBOX", "Label_4"],
        FIRST_DAY,
    )
    assert (row.message_id, row.decided_at) == (message.id, at)


def test_what_only_our_own_copy_or_an_answer_says_is_kept_too(alice, at):
    """S39, S81: Bcc of what we sent, Reply-To, References, HTML with a text of its own, and the files."""
    sent = a_letter(
        1, sender="alice@haldenrowe.example", to="bo@x.example", bcc="Cy <cy@x.example>"
    )
    answer = (
        b"From: Anna <anna@lindwerk.example>\r\nReply-To: Desk <desk@lindwerk.example>\r\n"
        b"To: alice@haldenrowe.example\r\nSubject: Re: Proof\r\nDate: Mon, 2 Nov 2026 08:00:00 +0000\r\n"
        b"Message-ID: <r1@lindwerk.example>\r\nReferences: <a@x.example> <b@x.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n'
        b"<p>It is <b>fine</b>.</p>\r\n--b\r\nContent-Type: application/pdf\r\n"
        b'Content-Disposition: attachment; filename="proof.pdf"\r\n\r\nxyz\r\n--b--\r\n'
    )
    mailbox = a_mailbox(alice)
    store(mailbox, a_copy(sent, named="s", labels=("SENT",)), a_copy(answer, named="a"), at=at)
    row = MailboxMessage.objects.get(provider_id="s")
    assert [(one["name"], one["address"]) for one in row.bcc or []] == [("Cy", "cy@x.example")]
    message = Message.objects.get(message_id="r1@lindwerk.example")
    assert {
        "role": "reply_to",
        "name": "Desk",
        "address": "desk@lindwerk.example",
    } in message.participants
    keys = [UUID(bytes=message_id_key(one)) for one in ("a@x.example", "b@x.example")]
    threads = ThreadKey.objects.filter(key__in=keys).values_list("thread", flat=True)
    assert list(threads) == [message.thread_id] * 2
    assert message.text.strip() == message.snippet == "It is fine."
    assert message.has_html
    [file] = message.attachments
    assert (file["filename"], file["content_type"], file["size"]) == (
        "proof.pdf",
        "application/pdf",
        3,
    )


def test_an_email_that_says_nothing_has_empty_words_and_never_none(alice):
    """S46: whichever of its headers are missing, and whoever writes the row."""
    store(a_mailbox(alice), a_copy(b"Date: Mon, 02 Nov 2026 08:00:00 +0000\r\n\r\n"))
    message = Message.objects.get()
    assert (message.subject, message.from_name, message.from_address) == ("", "", "")
    assert (message.text.strip(), message.snippet) == ("", "")
    said = ("subject", "snippet", "from_name", "from_address", "text")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'correspondence_message'"
            " AND is_nullable = 'NO' AND column_name = ANY(%s)",
            [list(said)],
        )
        assert {name for (name,) in cursor} == set(said)


def test_the_database_itself_lets_nothing_be_stored_twice(alice):
    """S40: not the same email in a team, nor the same of Gmail's messages in a mailbox."""
    mailbox = a_mailbox(alice)
    store(mailbox, a_copy(a_letter(), named="1"))
    for row, rule in (
        (Message.objects.get(), "message_once_per_team"),
        (MailboxMessage.objects.get(), "mailbox_message_once"),
    ):
        row.pk = new_id() if isinstance(row, Message) else None
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            row.save(force_insert=True)


def test_one_email_in_several_mailboxes_is_one_message_with_several_rows(alice, bob):
    """S40."""
    raw = a_letter(to="alice@haldenrowe.example, bob@haldenrowe.example")
    first = store(a_mailbox(alice), a_copy(raw, named="a1"))["a1"]
    second = store(a_mailbox(bob), a_copy(raw, named="b1"))["b1"]
    assert (first.is_new, second.is_new) == (True, False)
    assert first.id == second.id == Message.objects.get().id
    assert MailboxMessage.objects.filter(message=first.id).count() == 2


def test_an_email_twice_in_one_batch_is_one_message_with_two_rows(alice):
    raw = a_letter()
    stored = store(a_mailbox(alice), a_copy(raw, named="1"), a_copy(raw, named="2"))
    assert stored["1"].id == stored["2"].id == Message.objects.get().id
    assert MailboxMessage.objects.count() == 2


def test_teams_share_nothing(alice, charlie):
    raw = a_letter()
    store(a_mailbox(alice), a_copy(raw))
    store(a_mailbox(charlie, address="charlie@elsewhere.example"), a_copy(raw))
    assert Message.objects.count() == Thread.objects.count() == 2


def test_storing_again_changes_labels_only(alice, at):
    """S40, S55."""
    mailbox = a_mailbox(alice)
    store(mailbox, a_copy(a_letter(), named="1"))
    before = Message.objects.values().get()
    again = store(
        mailbox, a_copy(a_letter(text="Other words"), named="1", labels=("TRASH",), minute=9), at=at
    )
    assert not again["1"].is_new
    assert Message.objects.values().get() == before
    assert MailboxMessage.objects.get().labels == ["TRASH"]


def test_a_reused_message_id_does_not_merge_two_emails(alice):
    stored = store(
        a_mailbox(alice),
        a_copy(a_letter(1, text="One"), named="1"),
        a_copy(a_letter(1, text="Two"), named="2"),
    )
    assert stored["1"].id != stored["2"].id


@pytest.mark.parametrize("labels", [("SENT",), ("SENT", "INBOX")])
def test_what_is_labelled_as_sent_is_outgoing_and_the_owners(alice, labels):
    """S60: also what was sent from Gmail or a phone, under an address we never heard of."""
    store(a_mailbox(alice), a_copy(a_letter(sender="desk@haldenrowe.example"), labels=labels))
    message = Message.objects.get()
    assert (message.direction, message.sent_by_id) == (Direction.OUTGOING, alice.user_id)


def test_what_comes_from_a_team_mates_address_is_outgoing_and_theirs(alice, bob):
    a_mailbox(bob, address="bob@haldenrowe.example")
    store(
        a_mailbox(alice),
        a_copy(a_letter(sender="Bob@Haldenrowe.example", to="anna@lindwerk.example")),
    )
    message = Message.objects.get()
    assert (message.direction, message.sent_by_id) == (Direction.OUTGOING, bob.user_id)


@pytest.mark.parametrize("recipient_first", [True, False])
def test_a_senders_copy_tells_that_it_is_ours_whichever_comes_first(alice, bob, recipient_first):
    raw = a_letter(sender="desk@haldenrowe.example", to="bob@haldenrowe.example")
    arrivals = [
        (a_mailbox(bob), a_copy(raw, named="b")),
        (a_mailbox(alice), a_copy(raw, named="a", labels=("SENT",))),
    ]
    for mailbox, copy in arrivals if recipient_first else reversed(arrivals):
        store(mailbox, copy)
    message = Message.objects.get()
    assert (message.direction, message.sent_by_id) == (Direction.OUTGOING, alice.user_id)


def test_a_batch_takes_the_same_statements_whatever_its_size(alice):
    mailbox = a_mailbox(alice)
    store(mailbox, a_copy(a_letter(999)))

    def statements(numbers) -> int:
        copies = [a_copy(a_letter(number, answers=(number - 1,))) for number in numbers]
        with CaptureQueriesContext(connection) as queries:
            store(mailbox, *copies)
        return len(queries)

    assert statements(range(1, 3)) == statements(range(10, 110)) <= 14


def test_nul_bytes_and_endless_words_can_be_stored_and_indexed(alice):
    raw = a_letter(subject="a\0b", text="\0" + "x" * 300_000 + " " + "y " * 200_000)
    store(a_mailbox(alice), a_copy(raw))
    assert read_source(Message.objects.get()) == raw


def test_people_subject_files_and_own_words_are_found_but_nobody_in_bcc(alice):
    """S51."""
    store(
        a_mailbox(alice),
        a_copy(
            a_letter(
                subject="Frühjahr",
                cc="Bo Öster <bo@x.example>",
                bcc="secret@x.example",
                text="Grüße\n> quoted",
            )
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT unnest(tsvector_to_array(search)) FROM correspondence_message")
        words = {word for (word,) in cursor}
        # The words are of use only where they are found by an index.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM correspondence_message WHERE search @@ 'fruhjahr'::tsquery"
        )
        plan = " ".join(line for (line,) in cursor)
    assert {"fruhjahr", "bo", "oster", "anna", "lindwerk", "grusse"} <= words
    assert "secret" not in words
    assert "message_by_words" in plan


@pytest.mark.django_db(transaction=True)
def test_many_threads_that_store_the_same_batch_leave_each_email_once(alice):
    """S40: eight workers at once, in different orders."""
    mailboxes = [a_mailbox(alice) for _ in range(8)]
    copies = [a_copy(a_letter(n, answers=(n + 1,))) for n in range(20)]

    def work(number: int) -> None:
        for start in range(0, 20, 5):
            store(mailboxes[number % 4], *copies[start:] + copies[:start])
        connections.close_all()

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(8)))
    assert Message.objects.count() == 20
    assert MailboxMessage.objects.count() == 20 * 4
    assert Thread.objects.count() == 1
