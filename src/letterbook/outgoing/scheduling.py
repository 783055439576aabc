"""Asking for a delivery at a time: the job is born in the caller's transaction, or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.types import JSONValue

QUEUE = "outgoing"


def wake_at(mailbox_id: UUID, *, at: datetime) -> None:
    """Have a mailbox's queue worked off at `at`, or up to a second later: all who ask for one second share a job."""
    second = at.replace(microsecond=0)
    second += timedelta(seconds=second < at)
    _defer_once(
        "deliver_mailbox",
        f"{_wakes_of(mailbox_id)}{second:%Y%m%d%H%M%S}",
        schedule_at=second,
        mailbox_id=str(mailbox_id),
    )


def answer_wakes(mailbox_id: UUID, *, at: datetime) -> None:
    """Take away the jobs whose time has come, for whoever begins with a mailbox's queue now does what they ask for.

    Each was committed together with its email, so whoever sees the job sees the email as well.
    """
    first = _wakes_of(mailbox_id)
    with connection.cursor() as cursor:
        cursor.execute(_ANSWER, [f"{first}0", f"{first}9", at])


def _wakes_of(mailbox_id: UUID) -> str:
    return f"deliver {mailbox_id} at "


_ANSWER = """
    DELETE FROM procrastinate_jobs WHERE id IN (
        SELECT id FROM procrastinate_jobs
        WHERE status = 'todo' AND queueing_lock BETWEEN %s AND %s AND scheduled_at <= %s
        FOR UPDATE SKIP LOCKED)
"""


def wake_now(mailbox_id: UUID, *, lane: int = 1) -> None:
    """Have a mailbox's queue worked off now, unless such a job still waits for a worker."""
    name = f"deliver {mailbox_id} lane {lane}"
    _defer_once("deliver_mailbox", name, mailbox_id=str(mailbox_id), lane=lane)


def deliver_at(email_id: UUID, *, at: datetime) -> None:
    """Ask for another attempt not before `at`. One too many does no harm: only one of them gets the claim."""
    app.configure_task("deliver_email", queue=QUEUE, schedule_at=at).defer(email_id=str(email_id))


def remove_draft_soon(frozen_id: int) -> None:
    """Ask for a draft at the provider to be deleted, because its email was cancelled."""
    app.configure_task("remove_provider_draft", queue=QUEUE).defer(frozen_id=frozen_id)


def record_copy_soon(email_id: UUID) -> None:
    """Ask for the copy of a sent email to be brought into the history, unless that was asked for already."""
    _defer_once("record_copy", f"record {email_id}", email_id=str(email_id))


def _defer_once(
    task_name: str, lock: str, *, schedule_at: datetime | None = None, **arguments: JSONValue
) -> None:
    task = app.configure_task(task_name, queue=QUEUE, queueing_lock=lock, schedule_at=schedule_at)
    try:
        with transaction.atomic():
            task.defer(**arguments)
    except AlreadyEnqueued:
        return
