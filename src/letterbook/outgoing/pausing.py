"""Holding back what a mailbox has queued, and letting it go on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from letterbook.mailboxes.keeping import pause_sending, resume_sending
from letterbook.mailboxes.models import Kind, Mailbox
from letterbook.mailboxes.states import announce_mailbox
from letterbook.outgoing.queueing import doubt_unfinished_emails, resume_mailbox
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership

PAUSED_BY_RESTORE = "Restored from a backup. Resume when what is on its way was looked at."


def pause_queue(member: Membership, mailbox: Mailbox, *, reason: str = "", at: datetime) -> None:
    """Let nothing leave from a mailbox; its owner and those who administer the team may, others get `NotAllowed`.

    What was handed to Gmail already is still asked about, which sends nothing.
    """
    pause_sending(member, mailbox, at=at, reason=reason)


def resume_queue(member: Membership, mailbox: Mailbox, *, at: datetime) -> None:
    """Let what waited leave, at once."""
    resume_sending(member, mailbox, at=at)
    if mailbox.is_connected:
        resume_mailbox(mailbox, at=at)


@transaction.atomic
def pause_after_restore(*, at: datetime) -> int:
    """Hold back every mailbox and put every queued email in doubt; return how many emails.

    What the backup calls queued may have been sent since. Gmail is asked about each, which sends nothing; what it
    shows to be unsent waits until somebody resumes its mailbox.
    """
    count = doubt_unfinished_emails(at=at)
    # `letterbook restore` paused them together with the rows; here it is put on record.
    going = Q(is_sending_paused=False) | Q(sending_paused_reason=PAUSED_BY_RESTORE)
    mailboxes = Mailbox.objects.select_for_update().filter(going, kind=Kind.GMAIL)
    for mailbox in list(mailboxes.order_by("pk")):
        Mailbox.objects.filter(pk=mailbox.pk).update(
            is_sending_paused=True, sending_paused_reason=PAUSED_BY_RESTORE, sending_paused_at=at
        )
        record_audit(
            "sending paused",
            team_id=mailbox.team_id,
            user=None,
            at=at,
            subject=("mailbox", mailbox.pk),
            reason=PAUSED_BY_RESTORE,
        )
        announce_mailbox(mailbox)
    return count
