"""Bytes are kept once: what was sent long ago is let go where, and only where, its message's source gives it back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from letterbook.correspondence.erasing import disconnect_and_erase
from letterbook.kit.refusals import NotFound
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail
from letterbook.outgoing.reading import exact_bytes
from letterbook.outgoing.releasing import KEPT_FOR, frozen_bytes, release_bytes
from letterbook.project.verification import verify
from tampering import tamper

LATER = KEPT_FOR + timedelta(days=1)


@pytest.fixture
def sent(sending):
    """An email with accents, a long line and a file's worth of text, sent and recorded."""
    email = sending.queue(subject="Grüße — " + "sehr lang " * 30, html=f"<p>{'ä€ ' * 2000}</p>")
    sending.work()
    email.refresh_from_db()
    assert email.message_id
    return email


def flaws():
    return [flaw.what for one in verify() for flaw in one.flaws]


def test_what_was_sent_long_ago_is_kept_once_and_given_back_to_the_byte(sent, sending, alice):
    """S5: also after the second copy is gone it can be shown what was handed over."""
    before = bytes(sent.frozen.get().raw)
    assert release_bytes(at=sending.clock() + LATER) == 1
    frozen = sent.frozen.get()
    assert (bytes(frozen.raw), frozen.released_size) == (b"", len(before))
    assert frozen_bytes(frozen) == before
    shown = OutgoingEmail.objects.visible_to(alice).get(pk=sent.pk)
    assert exact_bytes(shown) == before
    assert flaws() == []
    assert release_bytes(at=sending.clock() + LATER) == 0


def test_what_was_sent_lately_is_kept(sent, sending):
    assert release_bytes(at=sending.clock() + KEPT_FOR - timedelta(days=1)) == 0
    assert sent.frozen.get().raw


@pytest.mark.parametrize("status", ["queued", "draft", "failed"])
def test_what_was_not_sent_is_kept(sending, status):
    email = sending.queue()
    if status == "draft":
        sending.cancel(email)
    if status == "failed":
        sending.gmail.fail("drafts.send", "refuse:400")
        sending.attempt(email)
    assert release_bytes(at=sending.clock() + LATER) == 0
    assert email.frozen.get().raw


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM correspondence_messagesource",
        "UPDATE outgoing_frozenemail SET sha256 = sha256('other')",
        "UPDATE outgoing_outgoingemail SET message_id = NULL",
    ],
)
def test_what_the_source_does_not_give_back_is_kept(sent, sending, change):
    tamper(change)
    assert release_bytes(at=sending.clock() + LATER) == 0
    assert sent.frozen.get().raw


def test_of_two_queueings_only_the_one_that_went_out_is_let_go(sending):
    """What may have been sent a first time is kept as evidence."""
    email = sending.queue()
    sending.cancel(email)
    sending.queue(email)
    sending.work()
    assert release_bytes(at=sending.clock() + LATER) == 1
    rounds = FrozenEmail.objects.order_by("round")
    assert [bool(one.raw) for one in rounds] == [True, False]


def test_a_source_that_was_changed_after_the_bytes_were_let_go_is_found(sent, sending):
    release_bytes(at=sending.clock() + LATER)
    other = sending.queue(subject="Another")
    sending.work()
    other.refresh_from_db()
    tamper(
        "UPDATE correspondence_messagesource SET (raw_zstd, sha256) ="
        " (SELECT raw_zstd, sha256 FROM correspondence_messagesource WHERE message_id = %s)"
        " WHERE message_id = %s",
        other.message_id,
        sent.message_id,
    )
    assert flaws() == ["its source does not hold the bytes of its queueing no. 1 any more"]


def test_whose_mail_was_erased_has_no_bytes_left(sent, sending, alice, at):
    """Erasing a mailbox's mail erases the one copy there is; the history of the email stays whole."""
    release_bytes(at=sending.clock() + LATER)
    disconnect_and_erase(alice, sending.mailbox, at=at)
    with pytest.raises(NotFound):
        frozen_bytes(FrozenEmail.objects.get())
    assert flaws() == []
