"""Each email once in a team, whatever its Message-ID says of it and however many mailboxes show it."""

from __future__ import annotations

import pytest

from factories import a_mailbox
from letterbook.correspondence.models import MailboxMessage, Message
from letterbook.incoming.storing import decide_and_store
from letterbook.mailboxes.models import Mailbox
from letterbook.providers.mail import ProviderMessage
from letterbook.timeline.models import Activity
from letters import FIRST_DAY, a_letter

ALICE = "alice@haldenrowe.example"


def fetched(raw: bytes, name: str, labels=("INBOX",)) -> ProviderMessage:
    return ProviderMessage(name, f"t{name}", frozenset(labels), FIRST_DAY, raw)


def without_id(raw: bytes) -> bytes:
    return b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith(b"Message-ID"))


def delivered_to(raw: bytes, whom: str) -> bytes:
    """The same email with what the last server wrote on top of it for one mailbox."""
    received = f"Received: by mx.example for {whom};\r\n Mon, 02 Nov 2026 08:00:01 +0000"
    top = f"Delivered-To: {whom}\r\n{received}\r\n"
    return top.encode() + raw


@pytest.mark.parametrize("has_id", [True, False])
def test_two_mailboxes_that_were_sent_one_email_hold_one_message(
    alice, bob, make_contact, at, has_id
):
    """S40: with and without a Message-ID, though each copy has its own trace on top."""
    make_contact("Anna", "anna@lindwerk.example")
    raw = a_letter(to=f"{ALICE}, bob@haldenrowe.example")
    raw = raw if has_id else without_id(raw)
    for member, name in ((alice, "a"), (bob, "b")):
        copy = delivered_to(raw, f"{name}@haldenrowe.example")
        decide_and_store(a_mailbox(member), [fetched(copy, name)], at=at)
    assert Message.objects.count() == Activity.objects.count() == 1
    assert MailboxMessage.objects.filter(message=Message.objects.get()).count() == 2


def test_emails_without_a_message_id_are_told_apart_by_what_they_say(alice, make_contact, at):
    """S40."""
    make_contact("Anna", "anna@lindwerk.example")
    letters = [without_id(a_letter(number)) for number in (1, 2)]
    batch = [fetched(raw, str(number)) for number, raw in enumerate(letters)]
    decide_and_store(a_mailbox(alice), batch, at=at)
    assert Message.objects.count() == Activity.objects.count() == 2


def test_a_message_id_that_a_stranger_uses_again_takes_nothing_from_the_first_email(
    alice, bob, make_contact, at
):
    """S40: whoever knows a Message-ID can neither replace that email nor keep theirs from being stored."""
    make_contact("Anna", "anna@lindwerk.example")
    make_contact("Eve", "eve@x.example")
    decide_and_store(a_mailbox(alice), [fetched(a_letter(1, text="Pay Anna."), "1")], at=at)
    forged = a_letter(1, sender="eve@x.example", text="Pay Eve.")
    decide_and_store(a_mailbox(bob), [fetched(forged, "1")], at=at)
    texts = Message.objects.order_by("from_address").values_list("from_address", "text")
    assert [(sender, text.strip()) for sender, text in texts] == [
        ("anna@lindwerk.example", "Pay Anna."),
        ("eve@x.example", "Pay Eve."),
    ]


def test_a_message_id_that_gmail_wrote_anew_makes_no_second_email_of_the_same_copy(
    alice, make_contact, at
):
    """S40: a copy is known by the provider's own id."""
    make_contact("Anna", "anna@lindwerk.example")
    box = a_mailbox(alice, address=ALICE)
    raw = a_letter(1, sender=ALICE, to="anna@lindwerk.example")
    rewritten = raw.replace(b"<1@lindwerk.example>", b"<CA-rewritten@mail.gmail.example>")
    assert rewritten != raw
    for each in (raw, rewritten):
        decide_and_store(box, [fetched(each, "s1", ("SENT",))], at=at)
    assert Message.objects.count() == Activity.objects.count() == 1


def test_a_cursor_that_is_lost_altogether_makes_no_second_email(mailbox, gmail, arrive, read, anna):
    """S40: all is listed again, and nothing is fetched or stored that is here already."""
    for number in range(3):
        arrive(number)
    read(mailbox)
    stored, fetched_before = set(Message.objects.values_list("pk")), gmail.counts["messages.get"]
    Mailbox.objects.update(history_cursor="", listed_at=None, retrieved_at=None)
    run = read(mailbox)
    assert (run.stored, run.repeated, run.error) == (0, 0, "")
    assert gmail.counts["messages.get"] == fetched_before
    assert set(Message.objects.values_list("pk")) == stored
    assert MailboxMessage.objects.count() == Activity.objects.count() == 3


def test_what_was_sent_from_a_phone_is_outgoing_and_in_the_history(
    mailbox, alice, arrive, read, anna
):
    """S60: Letterbook had no part in it, and tells of it as of any sent email."""
    arrive(1, labels=("SENT",), sender=ALICE, to="anna@lindwerk.example")
    read(mailbox)
    line = Activity.objects.get()
    assert (line.contact, line.direction, line.user) == (anna, "out", alice.user)
