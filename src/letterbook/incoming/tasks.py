"""The worker's doors to retrieving. Running one twice, or killing it half way, does no harm."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.timezone import now
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from letterbook.incoming import forgetting
from letterbook.incoming.checks import check_coverage_of, request_due_checks
from letterbook.incoming.coverage import fold_counts
from letterbook.incoming.models import RunKind
from letterbook.incoming.polling import poll
from letterbook.incoming.requesting import QUEUE, go_on, request_due
from letterbook.incoming.retrieval import retrieve
from letterbook.incoming.uploading import import_upload as import_uploaded
from letterbook.kit.cron import cron_every
from letterbook.mailboxes.models import Mailbox, MailboxState
from letterbook.mailboxes.opening import open_mailbox

# Then the worker turns to other mailboxes; what still waits goes on at once in another run.
LONGEST_RUN = timedelta(seconds=45)
_DATABASE_AWAY = RetryStrategy(
    max_attempts=10, exponential_wait=3, retry_exceptions=[OperationalError, InterfaceError]
)


@app.task(name="retrieve_mailbox", queue=QUEUE)
def retrieve_mailbox(*, mailbox_id: str, kind: str) -> None:
    # None where it was paused, disconnected or deleted since it was asked for.
    for mailbox in Mailbox.objects.filter(pk=mailbox_id, state=MailboxState.CONNECTED):
        with closing(open_mailbox(mailbox)) as provider:
            run = retrieve(
                mailbox, provider=provider, kind=RunKind(kind), at=now(), longest=LONGEST_RUN
            )
        go_on(mailbox, run, at=now())


@app.task(name="poll_mailboxes", queue=QUEUE)
def poll_mailboxes(*, mailbox_ids: list[str], asked_at: str) -> None:
    poll([UUID(one) for one in mailbox_ids], asked_at=datetime.fromisoformat(asked_at), at=now())


@app.periodic(cron=cron_every(min(60, settings.RETRIEVE_EVERY_SECONDS)))  # type: ignore[arg-type]  # given by keyword
@app.task(name="retrieve_due_mailboxes", queue=QUEUE, queueing_lock="retrieve_due_mailboxes")
def retrieve_due_mailboxes(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    request_due(at=now())


@app.task(name="import_upload", queue=QUEUE, retry=_DATABASE_AWAY)
def import_upload(*, mailbox_id: str, folder: str, creates_contacts: bool) -> None:
    mailbox = Mailbox.objects.get(pk=mailbox_id)
    import_uploaded(mailbox, folder, creates_contacts=creates_contacts, at=now())


@app.task(name="check_coverage", queue=QUEUE)
def check_coverage(*, mailbox_id: str) -> None:
    for mailbox in Mailbox.objects.filter(pk=mailbox_id, state=MailboxState.CONNECTED):
        with closing(open_mailbox(mailbox)) as provider:
            check_coverage_of(mailbox, provider=provider, clock=now)


@app.periodic(cron="17 * * * *")  # type: ignore[arg-type]  # given by keyword
@app.task(name="check_due_coverage", queue=QUEUE, queueing_lock="check_due_coverage")
def check_due_coverage(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    request_due_checks(at=now())


@app.periodic(cron="*/5 * * * *")  # type: ignore[arg-type]  # given by keyword
@app.task(name="fold_ledger_counts", queue=QUEUE, queueing_lock="fold_ledger_counts")
def fold_ledger_counts(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    fold_counts()


@app.periodic(cron="41 3 * * *")  # type: ignore[arg-type]  # given by keyword
@app.task(name="forget_empty_runs", queue=QUEUE, queueing_lock="forget_empty_runs")
def forget_empty_runs(*, timestamp: int) -> None:  # noqa: ARG001 - every periodic task is given its tick
    forgetting.forget_empty_runs(at=now())
    forgetting.end_dead_imports(at=now())
