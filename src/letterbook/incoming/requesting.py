"""Asking for retrievals: when one is due, and when somebody wants one now; born in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.incoming.quiet import quiet_among
from letterbook.kit.refusals import Conflict, NotNow
from letterbook.mailboxes.models import Kind, Mailbox

QUEUE = "incoming"
_MAILBOXES_AT_ONCE = 500
# Ten seconds' work where Gmail takes half a second to answer.
_MAILBOXES_A_POLL = 100
# Workers take these before what merely is due.
_ASKED_FOR = 1
# Where a mailbox has asked enough of Gmail, half a minute brings new units; anything later is a tick's business.
_ALLOWED_AGAIN_WITHIN = timedelta(seconds=59)


def request_retrieval(mailbox: Mailbox, *, at: datetime) -> None:
    """Ask for a retrieval now; one that waits for a worker already will do.

    Raises `Conflict` for a mailbox that is not connected and `NotNow` while its provider wants to be left alone.
    """
    check_may_be_read(mailbox, at=at)
    retrieve_soon(mailbox.pk, kind=RunKind.REQUESTED)


def check_may_be_read(mailbox: Mailbox, *, at: datetime) -> None:
    """Raise `Conflict` for a mailbox that is not connected and `NotNow` while its provider wants to be left alone."""
    if mailbox.kind != Kind.GMAIL:
        raise Conflict("Imported mail has no mailbox to retrieve from.")
    if not mailbox.is_connected:
        raise Conflict(
            f"{mailbox.address} is {mailbox.get_state_display().lower()}.",
            way_out="Reconnect or resume the mailbox first.",
        )
    limited_until = mailbox.reading_limited_until
    if limited_until is not None and limited_until > at:
        raise NotNow(
            "Gmail asked Letterbook to wait before it reads this mailbox again.",
            way_out=f"It goes on by itself at {limited_until:%H:%M} UTC.",
        )


def request_due(*, at: datetime) -> int:
    """Ask for a retrieval or a poll of every mailbox whose time has come, and return how many those are."""
    asked = 0
    while number := _request_some(at=at):
        asked += number
        if number < _MAILBOXES_AT_ONCE:
            break
    return asked


@transaction.atomic
def _request_some(*, at: datetime) -> int:
    """Claim and ask for as many as one transaction should hold.

    The claim is the next time itself: a second worker skips the rows the first one holds, and then finds them not due.
    """
    due = Mailbox.objects.due(at=at).select_for_update(skip_locked=True, no_key=True)
    mailbox_ids = list(due.values_list("pk", flat=True)[:_MAILBOXES_AT_ONCE])
    Mailbox.objects.filter(pk__in=mailbox_ids).update(retrieve_next_at=_next_time(at))
    quiet_ids = [mailbox.pk for mailbox in quiet_among(mailbox_ids, at=at)]
    for start in range(0, len(quiet_ids), _MAILBOXES_A_POLL):
        _poll_soon(quiet_ids[start : start + _MAILBOXES_A_POLL], at=at)
    for mailbox_id in set(mailbox_ids).difference(quiet_ids):
        retrieve_soon(mailbox_id, kind=RunKind.SCHEDULED)
    return len(mailbox_ids)


def _next_time(at: datetime) -> datetime:
    """The tick at which it is due again. Ticks come on the whole minute, and each job a little after its tick."""
    every = timedelta(seconds=settings.RETRIEVE_EVERY_SECONDS)
    next_at = at + every
    return next_at.replace(second=0, microsecond=0) if every >= timedelta(minutes=1) else next_at


def _poll_soon(mailbox_ids: Sequence[UUID], *, at: datetime) -> None:
    task = app.configure_task("poll_mailboxes", queue=QUEUE)
    task.defer(mailbox_ids=[str(one) for one in mailbox_ids], asked_at=at.isoformat())


def go_on(mailbox: Mailbox, run: RetrievalRun, *, at: datetime) -> None:
    """Ask for another run where this one left something to do: at once, or when more may be asked of Gmail."""
    next_at = goes_on_at(mailbox, run, at=at)
    if next_at is not None:
        retrieve_soon(mailbox.pk, kind=RunKind.SCHEDULED, after=next_at - at)


def goes_on_at(mailbox: Mailbox, run: RetrievalRun, *, at: datetime) -> datetime | None:
    """Return when another would go on with what this run left: None where it left nothing, had trouble, or one does."""
    next_at = mailbox.retrieve_next_at
    if run.is_taken_over or not mailbox.is_connected or next_at is None:
        return None
    if next_at <= at:
        return at
    is_soon = next_at <= at + _ALLOWED_AGAIN_WITHIN
    return next_at if is_soon and _has_waiting(mailbox) else None


def _has_waiting(mailbox: Mailbox) -> bool:
    waiting = MailboxMessage.objects.filter(
        mailbox=mailbox, state=LedgerState.WAITING, try_after=None
    )
    return not mailbox.retrieval_error and waiting.exists()


def retrieve_soon(mailbox_id: UUID, *, kind: RunKind, after: timedelta = timedelta(0)) -> None:
    """Ask for a run, one at a time per mailbox, unless one waits already; what a person asks for goes first."""
    lock = f"retrieve {mailbox_id}"
    is_asked_for = kind == RunKind.REQUESTED
    task = app.configure_task(
        "retrieve_mailbox",
        queue=QUEUE,
        lock=lock,
        queueing_lock=lock,
        priority=_ASKED_FOR if is_asked_for else 0,
        schedule_in={"seconds": ceil(after.total_seconds())} if after else None,
    )
    try:
        with transaction.atomic():
            task.defer(mailbox_id=str(mailbox_id), kind=str(kind))
    except AlreadyEnqueued:
        if is_asked_for:
            _hurry(lock)


def _hurry(lock: str) -> None:
    """Let the run that waits be the next one that a worker takes."""
    with connection.cursor() as cursor:
        cursor.execute(_HURRY, [_ASKED_FOR, lock])


_HURRY = """
    UPDATE procrastinate_jobs SET scheduled_at = NULL, priority = %s WHERE status = 'todo' AND queueing_lock = %s
"""
