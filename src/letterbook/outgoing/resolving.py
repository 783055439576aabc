"""Ways out of a failure that touch more than its own email: many at once, a corrected copy, and by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from letterbook.kit.refusals import Conflict, Refused
from letterbook.mailboxes.models import MailboxState
from letterbook.outgoing.drafts import duplicate
from letterbook.outgoing.failures import Failure, FailureQuerySet, Resolution
from letterbook.outgoing.models import WORKER, Actor, OutgoingEmail
from letterbook.outgoing.queueing import cancel, dismiss, resolve_as_sent, retry
from letterbook.outgoing.scheduling import wake_at
from letterbook.outgoing.status import WAYS_ON, ErrorClass, Status
from letterbook.outgoing.writable import lock_writable
from letterbook.teams.models import Membership

WayOut = Literal["retry", "send_again", "sent", "dismiss"]
MOST_AT_ONCE = 500
# What was meant for last month must not leave today because somebody reconnected a mailbox.
BY_ITSELF_WITHIN = timedelta(days=7)
_BECAUSE_RECONNECTED = "Its mailbox was reconnected"


@dataclass(frozen=True, slots=True)
class NotRetried:
    """A failure that stays open, and why."""

    failure: Failure
    reason: str


@dataclass(frozen=True, slots=True)
class RetriedMany:
    """How many emails were queued again, and which were not."""

    queued: tuple[UUID, ...]
    not_retried: tuple[NotRetried, ...]


def retry_many(
    failures: Iterable[Failure],
    *,
    by: Actor,
    member: Membership,
    at: datetime,
    leaves_at: datetime | None = None,
) -> RetriedMany:
    """Queue the emails of these failures again, each by itself; an unconfirmed one is never among them.

    Until `leaves_at` they can be taken back, see `take_back_many`; without it they leave at once.
    """
    queued, not_retried = [], []
    for failure in failures:
        reason = _retry_one(failure, by=by, member=member, at=at, leaves_at=leaves_at)
        if reason:
            not_retried.append(NotRetried(failure, reason))
        else:
            queued.append(failure.email_id)
    return RetriedMany(tuple(queued), tuple(not_retried))


def _retry_one(
    failure: Failure,
    *,
    by: Actor,
    member: Membership,
    at: datetime,
    leaves_at: datetime | None,
) -> str:
    """Return why not, or "" when it is queued."""
    try:
        with transaction.atomic():
            check_open(failure)
            retry(failure.email, by=by, member=member, at=at, leaves_at=leaves_at)
    except Refused as refused:
        return str(refused)
    return ""


def take_back_many(member: Membership, *, queued_at: datetime, by: Actor, at: datetime) -> int:
    """Let be failed again, as before, what was retried with one press and has not begun to leave; return how many."""
    retried = Failure.objects.filter(
        email=OuterRef("pk"), resolution=Resolution.RETRIED, resolved_at=queued_at
    )
    emails = OutgoingEmail.objects.writable_by(member).filter(
        Exists(retried), status=Status.QUEUED, queued_at=queued_at, due_at__gt=at
    )
    return sum(_take_back(email, by=by, at=at) for email in emails[:MOST_AT_ONCE])


def _take_back(email: OutgoingEmail, *, by: Actor, at: datetime) -> bool:
    try:
        email.mark_failed_as_before(by, at=at)
    except Refused:
        return False  # The worker was quicker.
    return True


@transaction.atomic
def undo(email: OutgoingEmail, *, by: Actor, member: Membership, at: datetime) -> Status:
    """Take back that an email was queued a moment ago, and return what it is again: a draft, or failed as before."""
    queued = lock_writable(member, email)
    was_retried = Failure.objects.filter(
        email=queued, resolution=Resolution.RETRIED, resolved_at=queued.queued_at
    )
    if queued.status == Status.QUEUED and was_retried.exists():
        queued.mark_failed_as_before(by, at=at)
    else:
        cancel(queued, by=by, member=member, at=at, reason="Undone")
    email.refresh_from_db()
    return Status(queued.status)


@transaction.atomic
def resolve(
    failure: Failure, way_out: WayOut, *, by: Actor, member: Membership, at: datetime
) -> None:
    """Take this way out of an open failure; raise `Conflict` when it is resolved already or that is no way out."""
    check_open(failure)
    email = failure.email
    match way_out:
        case "retry":
            retry(email, by=by, member=member, at=at)
        case "send_again":
            retry(email, by=by, member=member, at=at, even_if_unconfirmed=True)
        case "sent":
            resolve_as_sent(email, by=by, member=member, at=at)
        case "dismiss":
            dismiss(email, by=by, member=member, at=at)


def check_open(failure: Failure) -> None:
    """Raise `Conflict` when somebody was quicker; an email that failed anew has another failure."""
    if not Failure.objects.filter(pk=failure.pk).open().exists():
        raise Conflict(
            "This failure is resolved already.",
            way_out="The email's own page tells what became of it.",
        )


@transaction.atomic
def correct(member: Membership, email: OutgoingEmail, *, at: datetime) -> OutgoingEmail:
    """Return a draft with the words, people and files of a failed email; queueing it resolves the failure.

    Raises `Conflict` unless the email failed and is known not to have been sent.
    """
    failed = lock_writable(member, email)
    if failed.status != Status.FAILED:
        raise Conflict(
            "Only a failed email is written anew.", way_out=WAYS_ON[Status(failed.status)]
        )
    if failed.error_class == ErrorClass.UNCONFIRMED:
        raise Conflict(
            "Only an email that is known not to have been sent is written anew in its place.",
            way_out="Look into the mailbox's Sent folder, then say “it was sent” or “send again”.",
        )
    begun = OutgoingEmail.objects.filter(
        replaces=failed, status=Status.DRAFT, discarded_at=None, author_id=member.user_id
    ).first()
    if begun is not None:
        return begun
    copy = duplicate(member, failed, at=at)
    OutgoingEmail.objects.filter(pk=copy.pk).update(replaces=failed)
    copy.refresh_from_db()
    return copy


def retry_reconnected(*, at: datetime) -> int:
    """Queue what failed only because its mailbox was away, now that it is back; return how many.

    Such an email was never handed over, so it leaves with the date of the day on which it leaves. What may have been
    sent fails as unconfirmed and is not touched. Nor is what somebody is writing anew, or what is older than a week.
    """
    return sum(_let_go(failure, at=at) for failure in _reconnected(at=at)[:MOST_AT_ONCE])


def _reconnected(*, at: datetime) -> FailureQuerySet:
    is_written_anew = OutgoingEmail.objects.filter(replaces=OuterRef("email"), discarded_at=None)
    return (
        Failure.objects.open()
        .filter(
            ~Exists(is_written_anew),
            error_class=ErrorClass.NEEDS_RECONNECTING,
            failed_at__gt=at - BY_ITSELF_WITHIN,
            mailbox__state=MailboxState.CONNECTED,
            mailbox__state_since__gt=F("failed_at"),
            email__mailbox=F("mailbox"),
        )
        .select_related("email")
        .order_by("failed_at", "id")
    )


def _let_go(failure: Failure, *, at: datetime) -> bool:
    email = failure.email
    try:
        with transaction.atomic():
            email.mark_queued(WORKER, at=at, due_at=at, reason=_BECAUSE_RECONNECTED)
            wake_at(email.mailbox_id, at=at)
    except Refused:
        return False  # A person was quicker, or has to look at it.
    return True
