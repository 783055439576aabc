"""Why an email is here, or is not: by address, subject, Message-ID or Gmail's own link."""

from __future__ import annotations

import pytest

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming.explaining import explain
from letterbook.incoming.sought import read_sought
from letterbook.mailboxes.keeping import pause


@pytest.fixture
def why(alice, at):
    """Look something up as alice does, or as somebody else."""
    return lambda text, member=alice: explain(member, text, clock=lambda: at)


def states(look_up) -> list[tuple[str, str]]:
    return [(one.subject, one.reason.state) for one in look_up.found]


@pytest.mark.parametrize(
    "text", ["anna@lindwerk.example", "Letter 1", "<1@lindwerk.example>", "1@lindwerk.example"]
)
def test_what_is_stored_says_whose_timeline_it_is_on(mailbox, arrive, read, anna, why, text):
    """S79: every message has its reason."""
    arrive(1)
    read(mailbox)
    [found] = why(text).found
    assert (found.subject, found.sender, found.reason.state) == ("Letter 1", "Anna Lind", "stored")
    assert found.reason.why == "It is on the timeline of Anna Lind."
    assert found.contacts == (anna,)
    assert found.message_id


def test_what_was_left_out_is_found_by_asking_gmail(mailbox, arrive, read, why):
    """Nothing of it is kept here, so that only Gmail can tell which one it is."""
    arrive(1, subject="Offer =?utf-8?q?f=C3=BCr?= you")
    read(mailbox)
    [found] = why("anna@lindwerk.example").found
    assert (found.subject, found.reason.state) == ("Offer für you", "skipped")
    assert found.reason.why.startswith("Nobody on it is a contact, and Alice Halden keeps only")
    assert "Add one of the people" in found.reason.what_to_do


@pytest.mark.parametrize(
    ("labels", "words"), [(("SPAM",), "spam"), (("TRASH",), "bin"), (("DRAFT",), "draft")]
)
def test_what_lies_elsewhere_at_gmail_says_so(
    mailbox, arrive, read, gmail, anna, why, labels, words
):
    read(mailbox)
    arrive(1, labels=labels)
    read(mailbox)
    [found] = why("anna@lindwerk.example").found
    assert found.reason.state == "skipped"
    assert words in found.reason.why


def test_what_waits_says_its_place(mailbox, arrive, read, anna, gmail, why):
    for number in (1, 2, 3):
        arrive(number)
    gmail.fail("messages.get", "refuse:429", times=9)
    read(mailbox)
    gmail.stop_failing()
    places = [one.reason.why for one in why("anna@lindwerk.example").found]
    assert places == [
        "It is the next to be fetched.",
        "It is number 2 of those to be fetched.",
        "It is number 3 of those to be fetched.",
    ]


def test_what_gmail_cannot_give_says_when_it_is_tried_again(
    mailbox, arrive, read, anna, gmail, why
):
    arrive(1)
    gmail.fail("messages.get", "refuse:500", times=1)
    read(mailbox)
    [found] = why("anna@lindwerk.example").found
    assert "1 times so far" in found.reason.why
    assert "tried again after" in found.reason.what_to_do


def test_what_could_not_be_read_says_why(mailbox, arrive, read, anna, why):
    arrive(1)
    read(mailbox)
    MailboxMessage.objects.update(state=LedgerState.QUARANTINED, error="Too deep.", message=None)
    [found] = why("Letter 1").found
    assert (found.reason.state, found.reason.why) == ("quarantined", "Too deep.")


def test_what_was_never_listed_says_what_to_do(mailbox, arrive, read, anna, why):
    read(mailbox)
    arrive(1)
    [found] = why("anna@lindwerk.example").found
    assert (found.subject, found.reason.state) == ("Letter 1", "not_listed")
    assert found.reason.what_to_do.startswith("Fetch now.")


def test_what_was_deleted_at_gmail_is_kept_here_and_says_so(
    mailbox, arrive, read, gmail, anna, why
):
    kept = arrive(2)
    read(mailbox)
    gmail.mailbox(mailbox.address).remove(kept)
    read(mailbox)
    [found] = why("Letter 2").found
    assert "At Gmail it was deleted since; here it is kept." in found.reason.why


def test_by_its_id_or_link_at_gmail(mailbox, arrive, read, anna, why):
    provider_id = arrive(1)
    read(mailbox)
    thread_id = MailboxMessage.objects.get().provider_thread_id
    number = int(provider_id, 16)
    for text in (
        provider_id,
        f"https://mail.google.com/mail/u/0/#inbox/{thread_id}",
        f"https://mail.google.com/mail/u/0/?ik=1&view=om&permmsgid=msg-f:{number}",
    ):
        assert states(why(text)) == [("Letter 1", "stored")], text


def test_a_link_of_gmails_address_bar_is_read():
    link = "https://mail.google.com/mail/u/0/#inbox/FMfcgzGqRQCxxnDwmgdQPCRzzGGhRzdB"
    assert read_sought(link).gmail_ids == (f"{1748563901234567890:x}",)


@pytest.mark.parametrize(
    "text",
    [
        "https://mail.google.com/mail/u/0/#inbox/QgrcJHrjBQfvmMBNXHVZqsTnKTlhFjKXtxV",
        "é" * 40,
        '"',
        "<@>",
        "a@b",
        "{",
        "x" * 999,
    ],
)
def test_anything_may_be_asked(mailbox, read, why, text):
    read(mailbox)
    assert why(text).found == []


def test_nobody_looks_into_the_mailbox_of_another(mailbox, arrive, read, anna, bob, charlie, why):
    arrive(1)
    read(mailbox)
    for stranger in (bob, charlie):
        assert why("anna@lindwerk.example", stranger).found == []


def test_whom_only_another_copy_names_in_bcc_is_not_found(
    mailbox, bobs_mailbox, arrive, read, make_contact, gmail, why, bob
):
    make_contact("Carla", "carla@secret.example")
    make_contact("Anna", "anna@lindwerk.example")
    to_both = {
        "sender": "bob@haldenrowe.example",
        "to": "anna@lindwerk.example, alice@haldenrowe.example",
    }
    arrive(1, **to_both)
    arrive(
        1, account="bob@haldenrowe.example", labels=("SENT",), bcc="carla@secret.example", **to_both
    )
    for each in (mailbox, bobs_mailbox):
        read(each)
    assert states(why("carla@secret.example", bob)) == [("Letter 1", "stored")]
    assert why("carla@secret.example").found == []


def test_where_gmail_does_not_answer_what_is_recorded_is_shown(
    mailbox, arrive, read, anna, gmail, why
):
    arrive(1)
    read(mailbox)
    gmail.fail("messages.list", "refuse:503")
    look_up = why("anna@lindwerk.example")
    assert states(look_up) == [("Letter 1", "stored")]
    assert "What is recorded here is shown." in look_up.notices[0]


def test_a_mailbox_that_is_not_connected_is_not_asked(
    alice, mailbox, arrive, read, anna, why, at, gmail
):
    arrive(1)
    read(mailbox)
    pause(alice, mailbox, at=at)
    look_up = why("Letter 1")
    assert states(look_up) == [("Letter 1", "stored")]
    assert "not connected" in look_up.notices[0]
