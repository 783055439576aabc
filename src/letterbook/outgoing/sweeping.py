"""What nobody is working at although it is time: lost jobs, dead workers, mailboxes that were reconnected."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from letterbook.mailboxes.models import MailboxState
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail, OutgoingEmailQuerySet
from letterbook.outgoing.obstacles import GIVE_UP_AFTER
from letterbook.outgoing.resolving import retry_reconnected
from letterbook.outgoing.scheduling import record_copy_soon, wake_now
from letterbook.outgoing.status import Status

_MOST_AT_ONCE = 1_000
_LOOK_FOR_COPIES = timedelta(days=3)


def sweep(*, at: datetime) -> None:
    """Have every queue worked off in which something is overdue, and ask for the copies that could not be read back.

    What failed only because its mailbox was away is queued again first.
    """
    retry_reconnected(at=at)
    late = _overdue(at=at).order_by("mailbox_id").values_list("mailbox_id", flat=True).distinct()
    for mailbox_id in late[:_MOST_AT_ONCE]:
        wake_now(mailbox_id)
    for email_id in _without_copy(at=at).values_list("pk", flat=True)[:_MOST_AT_ONCE]:
        record_copy_soon(email_id)


def _overdue(*, at: datetime) -> OutgoingEmailQuerySet:
    """Return what an attempt could bring on, its own job's time having passed a while ago."""
    is_in_doubt = Exists(
        FrozenEmail.objects.filter(email=OuterRef("pk"), submitted_at__isnull=False)
    )
    may_go = Q(mailbox__state=MailboxState.CONNECTED, mailbox__is_sending_paused=False)
    may_be_asked = Q(is_in_doubt) & ~Q(mailbox__state=MailboxState.NEEDS_RECONNECTING)
    has_waited_long = Q(
        mailbox__state=MailboxState.NEEDS_RECONNECTING,
        mailbox__state_since__lt=at - GIVE_UP_AFTER,
        send_at__lt=at - GIVE_UP_AFTER,
    )
    is_disconnected = Q(mailbox__state=MailboxState.DISCONNECTED)
    late = at - timedelta(seconds=settings.SWEEP_EVERY_SECONDS) / 2
    return OutgoingEmail.objects.due(at=at).filter(
        may_go | may_be_asked | has_waited_long | is_disconnected, due_at__lte=late
    )


def _without_copy(*, at: datetime) -> OutgoingEmailQuerySet:
    return OutgoingEmail.objects.filter(
        status=Status.SENT,
        message=None,
        erased_at=None,
        sent_at__gt=at - _LOOK_FOR_COPIES,
        # Whoever sent it a moment ago is about to file it.
        sent_at__lte=at - timedelta(seconds=settings.SWEEP_EVERY_SECONDS) / 2,
        mailbox__state=MailboxState.CONNECTED,
    ).order_by("-sent_at", "pk")
