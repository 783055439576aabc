"""When coverage is checked: nightly by itself, when somebody asks, and after a history that was lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from letterbook.correspondence.sharing.settling import settle_labels
from letterbook.incoming.checking import CALLS_A_STRETCH, Stretch, check_some
from letterbook.incoming.models import CoverageCheck, RunKind
from letterbook.incoming.requesting import QUEUE, check_may_be_read, retrieve_soon
from letterbook.mailboxes.addresses import reread_account
from letterbook.mailboxes.models import Kind, Mailbox, MailboxState
from letterbook.mailboxes.quota import PAGE_UNITS, spend
from letterbook.mailboxes.states import announce_mailbox
from letterbook.providers.errors import Gone, PermissionMissing, ProviderError, Rejected, TryLater
from letterbook.providers.mail import MailProvider

_log = structlog.get_logger(__name__)
_EVERY = timedelta(hours=23)
_MAILBOXES_AT_ONCE = 500
# Between two stretches of a check the mailbox's quota is for mail.
_BETWEEN = timedelta(minutes=1)
# While a listing is under way what is missing is not known.
_LISTING_TAKES = timedelta(minutes=5)


@transaction.atomic
def request_check(mailbox: Mailbox, *, at: datetime) -> CoverageCheck:
    """Have the ledger compared with what Gmail lists, beginning now; one that is under way will do.

    Raises `Conflict` for a mailbox that is not connected and `NotNow` while its provider wants to be left alone.
    """
    check_may_be_read(mailbox, at=at)
    check = begin_check(mailbox, at=at)
    check_soon(mailbox.pk)
    return check


def begin_check(mailbox: Mailbox, *, at: datetime) -> CoverageCheck:
    """Return the check that is under way, or begin one."""
    check, _ = CoverageCheck.objects.get_or_create(
        mailbox=mailbox, ended_at=None, defaults={"team_id": mailbox.team_id, "started_at": at}
    )
    return check


def request_due_checks(*, at: datetime) -> int:
    """Begin the checks whose time has come, go on with those that were interrupted; return how many those are."""
    checks = CoverageCheck.objects.filter(mailbox=OuterRef("pk"))
    lately = checks.filter(started_at__gt=at - _EVERY, ended_at__isnull=False)
    due = Mailbox.objects.filter(
        ~Exists(lately),
        kind=Kind.GMAIL,
        state=MailboxState.CONNECTED,
        listing_page=None,
        listed_at__isnull=False,
    )
    mailboxes = list(due.order_by("pk")[:_MAILBOXES_AT_ONCE])
    for mailbox in mailboxes:
        with transaction.atomic():
            begin_check(mailbox, at=at)
            check_soon(mailbox.pk)
    return len(mailboxes)


def check_soon(mailbox_id: UUID, *, after: timedelta = timedelta(0)) -> None:
    """Ask for a stretch of the check that is under way, one at a time per mailbox."""
    lock = f"check {mailbox_id}"
    wait = {"seconds": int(after.total_seconds())}
    task = app.configure_task(
        "check_coverage", queue=QUEUE, lock=lock, queueing_lock=lock, schedule_in=wait
    )
    try:
        with transaction.atomic():
            task.defer(mailbox_id=str(mailbox_id))
    except AlreadyEnqueued:
        return


def check_coverage_of(
    mailbox: Mailbox, *, provider: MailProvider, clock: Callable[[], datetime]
) -> None:
    """Check a stretch of one mailbox and ask for the next one where there is more; what was missing is fetched soon."""
    check = CoverageCheck.objects.filter(mailbox=mailbox, ended_at=None).first()
    if check is None:
        return
    if mailbox.listing_page is not None or mailbox.listed_at is None:
        check_soon(mailbox.pk, after=_LISTING_TAKES)
        return
    missing = check.missing
    stretch = Stretch(check, provider, at=clock())
    try:
        if check.reached is None:
            _reread(mailbox, provider, at=clock())
            settle_labels(mailbox)
        is_over = check_some(stretch)
    except ProviderError as error:
        _put_off(check, error, at=clock())
    else:
        _end(check, at=clock()) if is_over else check_soon(mailbox.pk, after=_BETWEEN)
    spend(mailbox.pk, (CALLS_A_STRETCH - stretch.calls) * PAGE_UNITS, at=clock())
    check.refresh_from_db()
    if check.missing > missing:
        retrieve_soon(mailbox.pk, kind=RunKind.CATCH_UP)
    announce_mailbox(mailbox)


def _reread(mailbox: Mailbox, provider: MailProvider, *, at: datetime) -> None:
    try:
        reread_account(mailbox, provider=provider, at=at)
    except (Rejected, PermissionMissing, Gone) as error:
        # What an organisation forbids of its settings keeps no mail from being compared.
        _log.warning("account not read again", mailbox=str(mailbox.pk), error=error.evidence)


def _end(check: CoverageCheck, *, at: datetime, error: str = "") -> None:
    CoverageCheck.objects.filter(pk=check.pk).update(ended_at=at, error=error)
    _log.info(
        "coverage checked",
        mailbox=str(check.mailbox_id),
        listed=check.listed,
        missing=check.missing,
        removed=check.removed,
        error=error,
    )


def _put_off(check: CoverageCheck, error: ProviderError, *, at: datetime) -> None:
    """Go on later where that helps. What a person must put right, retrieving says of the mailbox itself."""
    if not isinstance(error, TryLater):
        _end(check, at=at, error=error.message)
        return
    CoverageCheck.objects.filter(pk=check.pk).update(error=error.message)
    wait = error.retry_at - at if error.retry_at else _LISTING_TAKES
    check_soon(check.mailbox_id, after=max(wait, _BETWEEN))
