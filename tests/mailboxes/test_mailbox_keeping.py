"""What people decide about a mailbox, and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.forms.models import model_to_dict

from letterbook.kit.refusals import Conflict, NotAllowed, NotFound
from letterbook.mailboxes.disconnecting import disconnect
from letterbook.mailboxes.keeping import (
    change_policy,
    change_sharing,
    pause,
    pause_sending,
    resume,
    resume_sending,
)
from letterbook.mailboxes.models import Grant, Mailbox, MailboxState, Sharing, StoringPolicy
from letterbook.mailboxes.states import mark_needs_reconnecting
from letterbook.teams.models import AuditEntry

OWNERS_VERBS = {
    "change_sharing": lambda member, mailbox, at: change_sharing(
        member, mailbox, sharing=Sharing.METADATA, at=at
    ),
    "change_policy": lambda member, mailbox, at: change_policy(
        member, mailbox, policy=StoringPolicy.EVERYONE, at=at
    ),
}
STOPPING_VERBS = {
    "pause": lambda member, mailbox, at: pause(member, mailbox, at=at),
    "pause_sending": lambda member, mailbox, at: pause_sending(member, mailbox, at=at),
    "resume_sending": lambda member, mailbox, at: resume_sending(member, mailbox, at=at),
    "resume": lambda member, mailbox, at: resume(member, mailbox, at=at),
    "disconnect": lambda member, mailbox, at: disconnect(member, mailbox, at=at),
}
VERBS = OWNERS_VERBS | STOPPING_VERBS


def everything(mailbox):
    return (
        model_to_dict(Mailbox.objects.get(pk=mailbox.pk)),
        list(Grant.objects.values_list("pk", "access_expires_at")),
        AuditEntry.objects.count(),
    )


@pytest.mark.parametrize("verb", list(VERBS))
def test_a_stranger_is_told_that_there_is_no_such_mailbox(mailbox, charlie, verb, gmail, at):
    before = everything(mailbox)
    with pytest.raises(NotFound):
        VERBS[verb](charlie, mailbox, at)
    assert everything(mailbox) == before
    assert "oauth.revoke" not in gmail.counts


@pytest.mark.parametrize("verb", list(VERBS))
def test_a_team_mate_decides_nothing_about_it(mailbox, bob, verb, gmail, at):
    before = everything(mailbox)
    with pytest.raises(NotAllowed, match="belongs to Alice Halden"):
        VERBS[verb](bob, mailbox, at)
    assert everything(mailbox) == before
    assert "oauth.revoke" not in gmail.counts


@pytest.mark.parametrize("verb", list(OWNERS_VERBS))
def test_not_even_the_teams_owner_widens_a_team_mates_mailbox(bobs_mailbox, alice, verb, at):
    before = everything(bobs_mailbox)
    with pytest.raises(NotAllowed):
        VERBS[verb](alice, bobs_mailbox, at)
    assert everything(bobs_mailbox) == before


def test_the_teams_owner_may_stop_the_mailbox_of_somebody_who_left(bobs_mailbox, alice, bob, at):
    bob.delete()
    pause_sending(alice, bobs_mailbox, at=at)
    pause(alice, bobs_mailbox, at=at)
    assert disconnect(alice, bobs_mailbox, at=at)
    assert bobs_mailbox.state == MailboxState.DISCONNECTED


def test_a_change_of_sharing_is_written_down_with_what_it_was(mailbox, alice, at):
    change_sharing(alice, mailbox, sharing=Sharing.PRIVATE, at=at)
    change_sharing(alice, mailbox, sharing=Sharing.PRIVATE, at=at)
    assert mailbox.sharing == Sharing.PRIVATE
    entry = AuditEntry.objects.get(what="sharing changed")
    assert entry.details == {"old": "full", "new": "private"}
    assert entry.user == alice.user


def test_a_new_policy_is_looked_after_at_once(mailbox, alice, at):
    Mailbox.objects.filter(pk=mailbox.pk).update(retrieve_next_at=None)
    change_policy(alice, mailbox, policy=StoringPolicy.EVERYONE, at=at)
    mailbox.refresh_from_db()
    assert (mailbox.policy, mailbox.retrieve_next_at) == (StoringPolicy.EVERYONE, at)


def test_a_paused_mailbox_is_not_due_and_a_resumed_one_is_at_once(mailbox, alice, at):
    pause(alice, mailbox, at=at)
    assert not Mailbox.objects.due(at=at).exists()
    pause(alice, mailbox, at=at)
    assert mailbox.paused_by == alice.user
    resume(alice, mailbox, at=at)
    assert mailbox.paused_by is None
    assert list(Mailbox.objects.due(at=at)) == [mailbox]
    assert AuditEntry.objects.filter(what="mailbox paused").count() == 1


def test_resuming_does_not_revive_a_dead_permission(mailbox, alice, at):
    stale = Mailbox.objects.get(pk=mailbox.pk)
    pause(alice, stale, at=at)
    mark_needs_reconnecting(mailbox, reason="revoked", at=at)
    with pytest.raises(Conflict, match="needs reconnecting now"):
        resume(alice, stale, at=at)
    mailbox.refresh_from_db()
    assert (mailbox.state, mailbox.state_reason) == (MailboxState.NEEDS_RECONNECTING, "revoked")


def test_sending_is_paused_apart_from_reading(mailbox, alice, at):
    """S24: the queue of one mailbox can be paused."""
    pause_sending(alice, mailbox, at=at)
    assert mailbox.is_sending_paused
    assert list(Mailbox.objects.due(at=at)) == [mailbox]
    resume_sending(alice, mailbox, at=at)
    assert not mailbox.is_sending_paused


def test_who_pauses_sending_says_why_and_the_first_reason_stays(mailbox, alice, at):
    """S24."""
    pause_sending(alice, mailbox, at=at, reason="Wrong prices\nin the offer " + "x" * 300)
    pause_sending(alice, mailbox, at=at + timedelta(hours=1), reason="Something else")
    assert mailbox.sending_paused_reason.startswith("Wrong prices in the offer xxx")
    assert len(mailbox.sending_paused_reason) == 200
    assert (mailbox.sending_paused_by, mailbox.sending_paused_at) == (alice.user, at)
    resume_sending(alice, mailbox, at=at)
    assert (mailbox.sending_paused_reason, mailbox.sending_paused_by) == ("", None)
    [paused, resumed] = AuditEntry.objects.filter(what__startswith="sending ").order_by("id")
    assert (paused.what, resumed.what) == ("sending paused", "sending resumed")
