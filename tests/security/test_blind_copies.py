"""Who got an email by Bcc is told only to those who may read a copy that says so, whichever copy came first."""

from __future__ import annotations

import pytest

from factories import START, a_contact, a_mailbox, a_member, hold
from letterbook.api.contacts import show_line
from letterbook.correspondence.conversations import read_conversation, read_letter
from letterbook.correspondence.downloading import download_source
from letterbook.correspondence.erasing import disconnect_and_erase
from letterbook.correspondence.models import Message
from letterbook.correspondence.showing import show_message
from letterbook.insights.asked_about import About
from letterbook.insights.volume import volume
from letterbook.mailboxes.models import Sharing
from letterbook.mailboxes.own_addresses import own_addresses
from letterbook.search.finding import search
from letterbook.timeline.linking import link_contact
from letterbook.timeline.models import Activity
from letterbook.timeline.reading import read_timeline
from letterbook.timeline.recording import record_copies
from letterbook.timeline.relationship import relationship_with
from letters import a_copy, a_letter

HIDDEN = "vera@hidden.example"
SENT = a_letter(
    sender="Alice Halden <alice@haldenrowe.example>",
    to="bob@haldenrowe.example, anna@lindwerk.example",
    bcc=f"Vera <{HIDDEN}>",
    subject="Offer",
    headers=("Delivered-To: alice@haldenrowe.example", "X-Gm-Original-To: vera@hidden.example"),
)
RECEIVED = a_letter(
    sender="Alice Halden <alice@haldenrowe.example>",
    to="bob@haldenrowe.example, anna@lindwerk.example",
    subject="Offer",
    headers=("Delivered-To: bob@haldenrowe.example",),
)


@pytest.fixture
def carol(alice):
    """A third of the team, who sees bob's mailbox in full and nothing of alice's."""
    return a_member(alice, "Carol")


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.fixture
def vera(alice):
    return a_contact(alice, "Vera", HIDDEN)


@pytest.fixture
def hers(alice):
    return a_mailbox(alice, sharing=Sharing.SUBJECT, address="alice@haldenrowe.example")


@pytest.fixture
def his(bob):
    return a_mailbox(bob, sharing=Sharing.FULL, address="bob@haldenrowe.example")


@pytest.fixture(params=["the sender's copy first", "the recipient's copy first"])
def message(request, hers, his, anna, vera) -> Message:
    """alice's email to bob and Anna, and to Vera by Bcc, as retrieval brings its two copies."""
    found = [
        (hers, a_copy(SENT, named="s1", labels=("SENT",))),
        (his, a_copy(RECEIVED, named="r1")),
    ]
    for box, copy in found if request.param.startswith("the sender") else reversed(found):
        keep(box, copy, anna, vera)
    return Message.objects.get()


def keep(box, copy, *contacts):
    keys = {one.addresses.get().key: one.pk for one in contacts}
    record_copies(box, [copy], contacts=keys, own=own_addresses(box.team_id), at=START)


def everything_told_about(member, message, *contacts) -> str:
    """All that Letterbook says of a message, on any of its ways."""
    thread = read_conversation(member, message.thread_id)
    lines = [line for one in contacts for line in read_timeline(member, one).lines]
    return "\n".join(
        [
            repr(thread),
            repr(read_letter(member, message.pk)),
            repr(show_message(Message.objects.visible_to(member).get(pk=message.pk))),
            download_source(member, message.pk).decode(),
            *[show_line(line).model_dump_json() for line in lines],
            repr(search(member, "Offer")),
        ]
    )


def test_a_reader_of_the_recipients_mailbox_never_learns_of_the_bcc(carol, bob, message, anna):
    """S3, P8: the recipient neither, nor anybody who sees what the recipient sees."""
    for member in (carol, bob):
        told = everything_told_about(member, message, anna)
        assert "Offer" in told
        assert "vera" not in told.lower()
        assert "hidden.example" not in told


def test_the_sender_sees_the_bcc_whichever_copy_came_first(alice, message, anna, vera):
    told = read_letter(alice, message.pk).seen.people
    assert [(one.name, one.address) for one in told if one.role == "bcc"] == [("Vera", HIDDEN)]
    assert [line.email.id for line in read_timeline(alice, vera).lines] == [message.pk]
    everyone = read_conversation(alice, message.thread_id).participants
    assert HIDDEN in {one.address for one in everyone}


def test_who_sees_the_senders_mailbox_in_full_sees_the_bcc_too(carol, hers, message, vera):
    hers.sharing = Sharing.FULL
    hers.save()
    assert "bcc" in {one.role for one in read_letter(carol, message.pk).seen.people}
    assert len(read_timeline(carol, vera).lines) == 1


def test_a_contact_who_was_only_in_bcc_has_no_history_for_others(
    carol, bob, alice, message, vera, at
):
    """S3, D5: neither in a timeline nor in any number."""
    for member, count in ((carol, 0), (bob, 0), (alice, 1)):
        assert len(read_timeline(member, vera).lines) == count
        assert bool(relationship_with(member, vera).acquaintances) == bool(count)
        assert bool(relationship_with(member, vera).last_out) == bool(count)
        weeks = volume(member, at=at, weeks=12, about=About(contact=vera))
        assert sum(week.emails_in + week.emails_out for week in weeks) == count


@pytest.mark.parametrize("question", [f"to:{HIDDEN}", f"with:{HIDDEN}", "vera", "to:vera"])
def test_a_search_for_somebody_in_bcc_finds_it_for_who_may_know(
    carol, bob, alice, message, question
):
    assert search(carol, question).hits == search(bob, question).hits == ()
    is_address = "@" in question
    assert len(search(alice, question).hits) == (1 if is_address else 0)


def test_a_contact_added_later_is_linked_and_still_hidden(alice, carol, message, vera, at):
    Activity.objects.filter(contact=vera).delete()
    assert link_contact(vera.pk, at=at) == 1
    assert len(read_timeline(alice, vera).lines) == 1
    assert read_timeline(carol, vera).lines == ()


def test_the_bcc_goes_with_the_senders_mailbox(alice, bob, carol, hers, message, vera, at):
    """What stays with bob's mailbox is bob's mail, which never told who was in Bcc."""
    hers.sharing = Sharing.FULL
    hers.save()
    disconnect_and_erase(alice, hers, at=at)
    for member in (alice, bob, carol):
        assert "vera" not in everything_told_about(member, message).lower()
        assert read_timeline(member, vera).lines == ()


def test_whose_private_mailbox_got_it_too_is_not_told_by_the_source(alice, bob, carol, anna, at):
    """Incoming: Anna wrote to bob, and to alice by Bcc. alice's delivery is nobody else's to read."""
    private = a_mailbox(alice, sharing=Sharing.PRIVATE, address="alice@haldenrowe.example")
    his = a_mailbox(bob, sharing=Sharing.FULL, address="bob@haldenrowe.example")
    trace = ("Delivered-To: alice@haldenrowe.example", "X-Received: for alice@haldenrowe.example")
    keep(private, a_copy(a_letter(to="bob@haldenrowe.example", headers=trace), named="1"), anna)
    keep(his, a_copy(a_letter(to="bob@haldenrowe.example"), named="2"), anna)
    message = Message.objects.get()
    assert b"alice" in download_source(alice, message.pk)
    assert b"alice" not in download_source(carol, message.pk)
    assert b"This is letter 1." in download_source(carol, message.pk)


def test_a_line_of_an_address_taken_away_stays_where_no_bcc_is_hidden(
    alice, bob, message, anna, vera
):
    for contact in (anna, vera):
        contact.addresses.all().delete()
    assert len(read_timeline(alice, anna).lines) == len(read_timeline(alice, vera).lines) == 1
    assert read_timeline(bob, vera).lines == ()


def test_a_second_copy_of_the_recipient_tells_no_more(carol, bob, message, anna):
    hold(message, a_mailbox(bob))
    assert "vera" not in everything_told_about(carol, message, anna).lower()
