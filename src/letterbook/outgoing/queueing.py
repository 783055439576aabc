"""What people do with an email that is written: queue, cancel, reschedule, retry, settle."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from letterbook.kit.refusals import Conflict, Invalid
from letterbook.mailboxes.models import Mailbox, MailboxState
from letterbook.outgoing.failures import Resolution, close_failure
from letterbook.outgoing.freezing import freeze
from letterbook.outgoing.keeping_private import settle_until_sent
from letterbook.outgoing.models import Actor, FrozenEmail, OutgoingEmail
from letterbook.outgoing.recipients import check_number
from letterbook.outgoing.scheduling import remove_draft_soon, wake_at, wake_now
from letterbook.outgoing.status import WAYS_ON, ErrorClass, Status
from letterbook.outgoing.unfilled import check_filled
from letterbook.outgoing.writable import lock_draft, lock_writable, sendable_mailbox, sender_of
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership, User

FURTHEST_AHEAD = timedelta(days=366)
# More than leaves before the next sweep.
_MOST_AT_ONCE = 1_000


@transaction.atomic
def queue_email(
    email: OutgoingEmail,
    *,
    by: Actor,
    member: Membership,
    at: datetime,
    send_at: datetime | None = None,
    version: int | None = None,
    even_if_unfilled: bool = False,
) -> None:
    """Freeze a draft's bytes and hand it to the worker, after the undo time and not before `send_at`.

    `even_if_unfilled` says that somebody looked at the merge fields that stand in it and means them.
    Raises `Invalid` for what cannot be sent, `Conflict` when it is no draft or `version` is not the newest.
    """
    draft = lock_draft(member, email)
    if version is not None and draft.version != version:
        raise Conflict(
            "This draft was changed in another window a moment ago.",
            way_out="Read it again before it is sent.",
            code="StaleVersion",
        )
    due_at = max(_check_send_at(send_at, at=at), at + timedelta(seconds=settings.UNDO_SECONDS))
    _check_can_be_sent(draft, member)
    if not even_if_unfilled:
        check_filled(draft)
    freeze(draft, date=due_at, at=at)
    settle_until_sent(draft)
    draft.mark_queued(by, at=at, due_at=due_at)
    wake_at(draft.mailbox_id, at=due_at)
    _resolve_replaced(draft, by=by, at=at)
    email.refresh_from_db()


def _resolve_replaced(draft: OutgoingEmail, *, by: Actor, at: datetime) -> None:
    """What this one was written to replace is done with; until now its failure was open."""
    replaced = draft.replaces
    if replaced is not None and replaced.status == Status.FAILED and not replaced.resolved_at:
        _resolve(replaced, Resolution.EDITED, by=by, at=at)


def _check_send_at(send_at: datetime | None, *, at: datetime) -> datetime:
    if send_at is None:
        return at
    if send_at.tzinfo is None:
        raise Invalid(
            "The time to send at has no time zone.", way_out="Add one, or Z.", field="send_at"
        )
    if send_at > at + FURTHEST_AHEAD:
        raise Invalid(
            "An email can be scheduled at most a year ahead.",
            way_out="Choose an earlier time.",
            field="send_at",
        )
    return max(send_at, at)


def _check_can_be_sent(email: OutgoingEmail, member: Membership) -> None:
    check_number(email)
    mailbox = sendable_mailbox(member, email.mailbox)
    if mailbox.state in {MailboxState.NEEDS_RECONNECTING, MailboxState.DISCONNECTED}:
        raise Conflict(
            f"The mailbox {mailbox.address} is not connected.",
            way_out="Reconnect it on the mailboxes page, or send from another one.",
            code="MailboxNotConnected",
        )
    sender_of(mailbox, email.from_address)


@transaction.atomic
def cancel(
    email: OutgoingEmail,
    *,
    by: Actor,
    member: Membership,
    at: datetime,
    reason: str = "Cancelled",
) -> None:
    """Make a queued email a draft again; raise `Conflict` when it is being handed over or may have been sent."""
    queued = lock_writable(member, email)
    if queued.status == Status.QUEUED and is_in_doubt(queued):
        raise Conflict(
            "This email may have been sent already; Letterbook is asking Gmail.",
            way_out="Wait for the answer, or duplicate it to go on writing.",
        )
    queued.mark_draft(by, at=at, reason=reason)
    for frozen in queued.frozen.exclude(draft_id="").only("id"):
        remove_draft_soon(frozen.pk)
    email.refresh_from_db()


@transaction.atomic
def reschedule(
    email: OutgoingEmail, *, member: Membership, at: datetime, send_at: datetime | None = None
) -> None:
    """Move a queued email to another time, or to now; raise `Conflict` once a worker began with it."""
    due_at = _check_send_at(send_at, at=at)
    queued = lock_writable(member, email)
    is_untouched = queued.leased_until is None or queued.leased_until < at
    if queued.status != Status.QUEUED:
        raise Conflict("Only a queued email can be moved.", way_out=WAYS_ON[Status(queued.status)])
    if not is_untouched or is_in_doubt(queued):
        raise Conflict(
            "This email is being handed over, or may have been sent.",
            way_out="Look at it again in a minute: by then it is sent, has failed, or waits.",
        )
    if queued.send_at != due_at:
        _freeze_for(queued, date=due_at, at=at)
    OutgoingEmail.objects.filter(pk=queued.pk).update(
        due_at=due_at, send_at=due_at, due_reason="", updated_at=at
    )
    wake_at(queued.mailbox_id, at=due_at)
    _announce(queued)
    email.refresh_from_db()


def _freeze_for(queued: OutgoingEmail, *, date: datetime, at: datetime) -> None:
    """Freeze what was surely not sent for another time, and leave no draft of before in Gmail until then."""
    for frozen in queued.frozen.exclude(draft_id="").only("id"):
        remove_draft_soon(frozen.pk)
    _shut_out_sleepers(queued)
    freeze(queued, date=date, at=at)


def _shut_out_sleepers(email: OutgoingEmail) -> None:
    """Let no worker that slept past its lease submit what a person moved meanwhile."""
    if email.attempts.filter(number=email.attempt).exists():
        OutgoingEmail.objects.filter(pk=email.pk).update(attempt=F("attempt") + 1)


def is_in_doubt(email: OutgoingEmail) -> bool:
    """Return whether any of its bytes may have been sent."""
    return email.frozen.filter(submitted_at__isnull=False).exists()


@transaction.atomic
def retry(
    email: OutgoingEmail,
    *,
    by: Actor,
    member: Membership,
    at: datetime,
    even_if_unconfirmed: bool = False,
    leaves_at: datetime | None = None,
) -> None:
    """Queue a failed email again, now or for a moment later; one that may have been sent only when told so.

    What is known not to have been sent goes out as the same bytes under the same key, but for the date, where that is
    minutes old by then. "Send again" is a new email with a new key, and the worker looks once more for the first one
    before it sends it.
    """
    failed = lock_writable(member, email)
    if failed.status != Status.FAILED:
        raise Conflict(
            "Only a failed email can be retried.", way_out=WAYS_ON[Status(failed.status)]
        )
    is_unconfirmed = failed.error_class == ErrorClass.UNCONFIRMED
    if is_unconfirmed and not even_if_unconfirmed:
        raise Conflict(
            "This email may have been sent.",
            way_out="Look into the mailbox's Sent folder, then say “it was sent” or “send again”.",
            code="Unconfirmed",
        )
    _check_can_be_sent(failed, member)
    due_at = leaves_at or at
    reason = "Send again" if is_unconfirmed else "Retry"
    failed.mark_queued(by, at=at, due_at=due_at, reason=reason)
    if is_unconfirmed:
        freeze(failed, date=at, at=at)
    else:
        _shut_out_sleepers(failed)
    wake_at(failed.mailbox_id, at=due_at)
    email.refresh_from_db()


def resolve_as_sent(
    email: OutgoingEmail, *, member: Membership, at: datetime, by: Actor | None = None
) -> None:
    """Settle an unconfirmed email by a person's word that it was sent; its status stays `failed`."""
    _settle(email, member, Resolution.SENT, by=by or Actor.person(member), at=at)


def dismiss(
    email: OutgoingEmail, *, member: Membership, at: datetime, by: Actor | None = None
) -> None:
    """Settle a failed email by deciding that nothing more shall happen to it."""
    _settle(email, member, Resolution.DISMISSED, by=by or Actor.person(member), at=at)


@transaction.atomic
def _settle(
    email: OutgoingEmail, member: Membership, resolution: Resolution, *, by: Actor, at: datetime
) -> None:
    failed = lock_writable(member, email)
    if failed.status != Status.FAILED:
        raise Conflict("Only a failed email is settled.", way_out=WAYS_ON[Status(failed.status)])
    if failed.resolved_at is not None:
        raise Conflict(
            f"This is settled already: {Resolution(failed.resolution).label.lower()}.",
            way_out="Retry it, or write it anew, if it shall be sent all the same.",
        )
    if resolution == Resolution.SENT and failed.error_class != ErrorClass.UNCONFIRMED:
        raise Conflict(
            "This email is known not to have been sent.", way_out="Retry it, or dismiss it."
        )
    _resolve(failed, resolution, by=by, at=at)
    record_audit(
        "outgoing email settled",
        team_id=failed.team_id,
        user=User.objects.get(pk=member.user_id),
        at=at,
        subject=("outgoing_email", failed.pk),
        resolution=resolution,
    )
    email.refresh_from_db()


def _resolve(email: OutgoingEmail, resolution: Resolution, *, by: Actor, at: datetime) -> None:
    OutgoingEmail.objects.filter(pk=email.pk).update(
        resolved_at=at, resolution=resolution, updated_at=at
    )
    close_failure(email.pk, resolution=resolution, by=by, at=at)
    _announce(email)


def resume_mailbox(mailbox: Mailbox, *, at: datetime) -> None:
    """Ask at once for the delivery of what waited for this mailbox; the sweep would find it a little later."""
    if OutgoingEmail.objects.due(at=at).filter(mailbox=mailbox).exists():
        wake_now(mailbox.pk)


@transaction.atomic
def doubt_unfinished_emails(*, at: datetime) -> int:
    """After a restore from a backup: let no queued email be sent before Gmail was asked; return how many.

    What the backup calls queued may have been sent since. Each looks as if it had been submitted, so that the worker
    asks first, and a person decides where Gmail cannot tell.
    """
    queued = FrozenEmail.objects.filter(email__status=Status.QUEUED, submitted_at=None)
    count = 0
    for frozen in queued.only("id", "frozen_at", "email_id"):
        FrozenEmail.objects.filter(pk=frozen.pk).update(
            submitted_at=frozen.frozen_at, last_submitted_at=frozen.frozen_at, cursor_before=""
        )
        count += 1
    OutgoingEmail.objects.filter(status=Status.QUEUED).update(leased_until=None, updated_at=at)
    return count


def _announce(email: OutgoingEmail) -> None:
    announce("outgoing", team_id=email.team_id, row_id=email.pk, **email.heard_by())
