"""Ending a connection: at Google, here, and with or without the mail."""

from __future__ import annotations

import httpx
import pytest

from letterbook.correspondence import erasing
from letterbook.correspondence.erasing import disconnect_and_erase
from letterbook.correspondence.models import (
    Direction,
    LedgerState,
    MailboxMessage,
    Message,
    MessageSource,
    Thread,
)
from letterbook.kit.refusals import NotAllowed, NotFound
from letterbook.kit.secrets import new_key
from letterbook.mailboxes.disconnecting import disconnect
from letterbook.mailboxes.models import Grant, Mailbox, MailboxState
from letterbook.mailboxes.opening import open_mailbox
from letterbook.providers.errors import AccessRevoked
from letterbook.teams.models import AuditEntry
from letterbook.timeline.models import Activity, ActivityType


@pytest.fixture
def store(make_contact, at):
    """Store a message in some mailboxes, with its source and the activity of one contact."""
    contact = make_contact("Cora Client", "cora@client.example")

    def go(number, *mailboxes):
        team = mailboxes[0].team
        message = Message.objects.create(
            team=team, thread=Thread.objects.create(team=team), identity=bytes([number] * 16),
            direction=Direction.INCOMING, occurred_at=at, size=1, parser_version=1,
        )  # fmt: skip
        MessageSource.objects.create(message=message, team=team, raw_zstd=b"x", sha256=b"y" * 32)
        Activity.objects.create(
            team=team, contact=contact, type=ActivityType.EMAIL, message=message,
            direction=Direction.INCOMING, occurred_at=at,
        )  # fmt: skip
        for mailbox in mailboxes:
            MailboxMessage.objects.create(
                mailbox=mailbox, team=team, provider_id=f"{number}", message=message,
                state=LedgerState.STORED, listed_at=at, decided_at=at,
            )  # fmt: skip
        return message

    return go


def test_a_disconnected_mailbox_is_ended_at_google_and_cannot_be_opened(mailbox, alice, gmail, at):
    assert disconnect(alice, mailbox, at=at)
    assert gmail._state.grants == []
    assert not Grant.objects.exists()
    assert mailbox.state == MailboxState.DISCONNECTED
    assert not Mailbox.objects.due(at=at).exists()
    with pytest.raises(AccessRevoked):
        open_mailbox(mailbox).read_profile()
    entry = AuditEntry.objects.get(what="mailbox disconnected")
    assert entry.details["address"] == "alice@haldenrowe.example"


def test_a_google_that_cannot_be_reached_does_not_hold_anybody(mailbox, alice, settings, at):
    """But it is said where to end the permission by hand."""

    def unreachable(request):
        raise httpx.ConnectError("no route")

    settings.GOOGLE_TRANSPORT = httpx.MockTransport(unreachable)
    assert not disconnect(alice, mailbox, at=at)
    assert mailbox.state == MailboxState.DISCONNECTED
    assert "myaccount.google.com/permissions" in mailbox.state_reason
    assert not Grant.objects.exists()


def test_a_grant_that_no_key_opens_can_still_be_disconnected(mailbox, alice, settings, at):
    settings.SECRET_KEYS = [new_key()]
    assert not disconnect(alice, mailbox, at=at)
    assert mailbox.state == MailboxState.DISCONNECTED


def test_disconnecting_twice_is_fine(mailbox, alice, gmail, at):
    disconnect(alice, mailbox, at=at)
    assert disconnect(alice, mailbox, at=at)
    assert gmail.counts["oauth.revoke"] == 1


def test_the_same_account_in_another_team_stays_connected(mailbox, alice, charlie, connect, at):
    """E5: Google would end both at once, so it is asked only when the last one goes."""
    theirs = connect(charlie, mailbox.address)
    disconnect(alice, mailbox, at=at)
    assert open_mailbox(theirs).read_profile().address == mailbox.address


def test_connecting_again_takes_up_the_same_mailbox(mailbox, alice, connect, at):
    disconnect(alice, mailbox, at=at)
    again = connect(alice, mailbox.address)
    assert again.pk == mailbox.pk
    assert open_mailbox(again).read_profile().address == mailbox.address


def test_stored_mail_outlives_its_mailbox(mailbox, alice, store, at):
    """S80."""
    store(1, mailbox)
    disconnect(alice, mailbox, at=at)
    assert Message.objects.visible_to(alice).count() == 1
    assert Activity.objects.visible_to(alice).count() == 1


@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_erasing_takes_what_no_other_mailbox_holds(
    mailbox, bobs_mailbox, alice, store, at, monkeypatch, at_once
):
    """S80, whatever is left between what goes, and however little goes at once."""
    monkeypatch.setattr(erasing, "_AT_ONCE", at_once)
    store(1, mailbox)
    store(2, mailbox)
    shared, bobs = store(3, mailbox, bobs_mailbox), store(4, bobs_mailbox)
    MailboxMessage.objects.create(
        mailbox=mailbox, team=alice.team, provider_id="waiting", listed_at=at
    )
    Mailbox.objects.filter(pk=mailbox.pk).update(history_cursor="4711", retrieved_at=at)
    disconnect_and_erase(alice, mailbox, at=at)
    left = {shared.pk, bobs.pk}
    assert set(Message.objects.values_list("pk", flat=True)) == left
    assert set(MessageSource.objects.values_list("message", flat=True)) == left
    assert set(Activity.objects.values_list("message", flat=True)) == left
    assert Thread.objects.count() == 2
    assert set(MailboxMessage.objects.values_list("mailbox", flat=True)) == {bobs_mailbox.pk}
    assert (mailbox.history_cursor, mailbox.retrieved_at) == ("", None)
    assert AuditEntry.objects.get(what="mail erased").details == {"messages": 2}


def test_only_its_owner_erases_a_mailboxs_mail(bobs_mailbox, alice, charlie, store, gmail, at):
    """Not even who administers the team: erasing cannot be undone."""
    store(1, bobs_mailbox)
    for member, refusal in ((alice, NotAllowed), (charlie, NotFound)):
        with pytest.raises(refusal):
            disconnect_and_erase(member, bobs_mailbox, at=at)
    bobs_mailbox.refresh_from_db()
    assert bobs_mailbox.state == MailboxState.CONNECTED
    assert Grant.objects.filter(mailbox=bobs_mailbox).exists()
    assert Message.objects.count() == 1
    assert "oauth.revoke" not in gmail.counts
