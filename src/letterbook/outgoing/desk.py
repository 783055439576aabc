"""Questions of the failure desk: what is open, of what cause, and how the rest was resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q

from letterbook.mailboxes.models import MailboxState
from letterbook.outgoing.failures import Failure, FailureQuerySet
from letterbook.outgoing.status import ErrorClass
from letterbook.teams.models import Membership

# Whether trying the same once more can help: not where nobody knows, and not where the same is refused again.
MAY_BE_RETRIED = frozenset(ErrorClass) - {ErrorClass.UNCONFIRMED, ErrorClass.NOT_PERMITTED}


@dataclass(frozen=True, slots=True)
class FailureFilter:
    """Which failures are wanted; what is None or empty narrows nothing."""

    is_open: bool | None = True
    mailbox_id: UUID | None = None
    author_id: UUID | None = None
    error_class: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Open failures of one's own that one act may cure: of one class in one mailbox."""

    error_class: ErrorClass
    mailbox_id: UUID
    address: str
    count: int
    last_failed_at: datetime
    is_mailbox_connected: bool
    owner_id: UUID

    @property
    def may_be_retried(self) -> bool:
        """Whether queueing them all again makes sense now."""
        if self.error_class == ErrorClass.NEEDS_RECONNECTING:
            return self.is_mailbox_connected
        return self.error_class in MAY_BE_RETRIED


def failures_for(member: Membership, wanted: FailureFilter) -> FailureQuerySet:
    """Return the failures this member may know of, newest first."""
    return _narrow(Failure.objects.visible_to(member), wanted).order_by("-failed_at", "-id")


def failures_to_resolve(member: Membership, wanted: FailureFilter) -> FailureQuerySet:
    """Return the open failures that this member may do something about, oldest first."""
    mine = _narrow(Failure.objects.writable_by(member).open(), wanted)
    return mine.select_related("email").order_by("failed_at", "id")


def causes_of(member: Membership, wanted: FailureFilter) -> list[Cause]:
    """Return what the member's open failures come from, the most frequent first."""
    mine = _narrow(Failure.objects.writable_by(member).open(), wanted).order_by()
    groups = mine.values_list(
        "error_class", "mailbox_id", "mailbox__address", "mailbox__state", "mailbox__owner_id"
    ).annotate(count=Count("pk"), last=Max("failed_at"))
    causes = [
        Cause(
            error_class=ErrorClass(kind),
            mailbox_id=mailbox_id,
            address=address,
            count=count,
            last_failed_at=last,
            is_mailbox_connected=state == MailboxState.CONNECTED,
            owner_id=owner_id,
        )
        for kind, mailbox_id, address, state, owner_id, count, last in groups
    ]
    return sorted(causes, key=lambda one: (-one.count, one.address, one.error_class))


def _narrow(failures: FailureQuerySet, wanted: FailureFilter) -> FailureQuerySet:
    narrowed = Q()
    if wanted.is_open is not None:
        narrowed &= Q(resolved_at__isnull=wanted.is_open)
    if wanted.mailbox_id:
        narrowed &= Q(mailbox_id=wanted.mailbox_id)
    if wanted.author_id:
        narrowed &= Q(author_id=wanted.author_id)
    if wanted.error_class:
        narrowed &= Q(error_class=wanted.error_class)
    if wanted.since:
        narrowed &= Q(failed_at__gte=wanted.since)
    if wanted.until:
        narrowed &= Q(failed_at__lt=wanted.until)
    return failures.filter(narrowed)
