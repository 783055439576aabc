"""The worker's doors to sending. Which email goes is decided by its row, not by its job: any job may run twice."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from letterbook.kit.cron import cron_every
from letterbook.outgoing import afterwards
from letterbook.outgoing.clock import database_now
from letterbook.outgoing.delivery import deliver
from letterbook.outgoing.releasing import release_bytes
from letterbook.outgoing.scheduling import QUEUE
from letterbook.outgoing.sweeping import sweep
from letterbook.outgoing.telling import tell_of_failures
from letterbook.outgoing.versions import forget_versions
from letterbook.outgoing.working_off import work_off
from letterbook.providers.errors import OutcomeUnknown, TryLater

# 4, 16, 64 … seconds. While one waits, the sweep asks for no other.
_RETRY_RECORDING = RetryStrategy(max_attempts=6, exponential_wait=4)
_RETRY_REMOVING = RetryStrategy(
    max_attempts=6, exponential_wait=4, retry_exceptions=[TryLater, OutcomeUnknown]
)


@app.task(name="deliver_mailbox", queue=QUEUE)
def deliver_mailbox(*, mailbox_id: str, lane: int = 1) -> None:
    work_off(UUID(mailbox_id), lane=lane, clock=database_now)


@app.task(name="deliver_email", queue=QUEUE)
def deliver_email(*, email_id: str) -> None:
    deliver(UUID(email_id), clock=database_now)


@app.periodic(cron=cron_every(settings.SWEEP_EVERY_SECONDS))  # type: ignore[arg-type]  # given by keyword
@app.task(name="deliver_due_emails", queue=QUEUE, queueing_lock="deliver_due_emails")
def deliver_due_emails(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    sweep(at=database_now())


@app.periodic(cron="41 3 * * *")  # type: ignore[arg-type]  # given by keyword
@app.task(name="release_old_bytes", queue=QUEUE, queueing_lock="release_old_bytes")
def release_old_bytes(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    release_bytes(at=database_now())


@app.periodic(cron="17 3 * * *")  # type: ignore[arg-type]  # given by keyword
@app.task(name="forget_draft_versions", queue=QUEUE, queueing_lock="forget_draft_versions")
def forget_draft_versions(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    forget_versions(at=database_now())


@app.periodic(cron="23 * * * *")  # type: ignore[arg-type]  # given by keyword
@app.task(name="send_failure_notices", queue=QUEUE, queueing_lock="send_failure_notices")
def send_failure_notices(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    tell_of_failures(clock=database_now)


@app.task(name="record_copy", queue=QUEUE, retry=_RETRY_RECORDING)
def record_copy(*, email_id: str) -> None:
    afterwards.record_copy(UUID(email_id), clock=database_now)


@app.task(name="remove_provider_draft", queue=QUEUE, retry=_RETRY_REMOVING)
def remove_provider_draft(*, frozen_id: int) -> None:
    afterwards.remove_provider_draft(frozen_id, clock=database_now)
