"""What holds a queue back: a person with a reason, or a restored backup."""

from __future__ import annotations

import pytest

from letterbook.kit.refusals import NotAllowed, NotFound
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.pausing import pause_after_restore, pause_queue, resume_queue
from letterbook.outgoing.status import Status
from letterbook.teams.models import AuditEntry, Role


def test_a_paused_queue_stands_still_and_leaves_at_once_when_resumed(sending, alice):
    """S24."""
    pause_queue(alice, sending.mailbox, reason="Wrong prices", at=sending.clock())
    email = sending.queue()
    sending.work(hours=2)
    email.refresh_from_db()
    assert (email.status, sending.accepted) == (Status.QUEUED, [])
    assert "Wrong prices" in email.due_reason
    resume_queue(alice, sending.mailbox, at=sending.clock())
    sending.work(hours=1)
    sending.check(email)
    assert email.status == Status.SENT


def test_its_owner_and_those_who_administer_the_team_may_pause_it(sending, alice, bob, charlie, at):
    with pytest.raises(NotAllowed):
        pause_queue(bob, sending.mailbox, at=at)
    with pytest.raises(NotFound):
        pause_queue(charlie, sending.mailbox, at=at)
    bob.role = Role.ADMIN
    bob.save()
    pause_queue(bob, sending.mailbox, at=at)
    assert sending.mailbox.is_sending_paused


@pytest.mark.parametrize("was_sent_since", [True, False])
def test_after_a_restore_nothing_leaves_before_gmail_was_asked_and_somebody_resumed(
    sending, alice, was_sent_since
):
    """Rule 1: a backup may call queued what was sent after it was made."""
    email = sending.queue()
    kept = OutgoingEmail.objects.filter(pk=email.pk).values().get()
    if was_sent_since:
        sending.gmail.fail("drafts.send", "act_then_drop")
        sending.attempt(email)
        OutgoingEmail.objects.filter(pk=email.pk).update(due_at=kept["due_at"])
    assert pause_after_restore(at=sending.clock()) == (0 if was_sent_since else 1)
    sending.work(hours=2)
    sending.check(email)
    sending.mailbox.refresh_from_db()
    assert sending.mailbox.is_sending_paused
    assert "Restored from a backup." in sending.mailbox.sending_paused_reason
    assert (email.status == Status.SENT) is was_sent_since
    assert len(sending.accepted) == was_sent_since
    assert AuditEntry.objects.filter(what="sending paused", user=None).count() == 1
