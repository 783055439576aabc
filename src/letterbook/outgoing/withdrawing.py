"""Taking back what waits for a mailbox that is about to be disconnected."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from letterbook.kit.refusals import Conflict
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.owning import check_may_stop
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership


def withdraw_queued(member: Membership, mailbox: Mailbox, *, at: datetime) -> int:
    """Make every queued email of a mailbox a draft again and return how many.

    What is being handed over right now, or may have been sent, stays queued: its last attempt finishes, and where
    Gmail can no longer be asked it fails as unconfirmed, for a person to decide. Whoever may stop the mailbox may do
    this, also to what others wrote: an admin ends the mailbox of somebody who left.
    """
    check_may_stop(member, mailbox)
    queued = OutgoingEmail.objects.filter(mailbox=mailbox, status=Status.QUEUED)
    return sum(_withdraw(email, member, at=at) for email in queued)


def _withdraw(email: OutgoingEmail, member: Membership, *, at: datetime) -> bool:
    try:
        with transaction.atomic():
            email.mark_draft(
                Actor.person(member), at=at, reason="Its mailbox was disconnected before it left"
            )
    except Conflict:
        return False
    return True
