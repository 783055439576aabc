"""One retrieval of one mailbox: list what is new, fetch what waits, and say how it went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming.fetching import fetch_waiting
from letterbook.incoming.listing import go_on_listing, list_new
from letterbook.incoming.models import TAKEN_OVER, RetrievalRun, RunKind
from letterbook.incoming.reaching_back import reach_back
from letterbook.kit.refusals import Conflict
from letterbook.mailboxes.clocks import is_wrong
from letterbook.mailboxes.models import Kind, Mailbox, Trouble
from letterbook.mailboxes.states import announce_mailbox, mark_needs_reconnecting
from letterbook.providers.errors import (
    AccessRevoked,
    PermissionMissing,
    ProviderError,
    SetupWrong,
    TryLater,
)
from letterbook.providers.mail import MailProvider

_log = structlog.get_logger(__name__)
_SHORTEST_PAUSE = timedelta(seconds=30)


def retrieve(
    mailbox: Mailbox,
    *,
    provider: MailProvider,
    kind: RunKind,
    at: datetime,
    clock: Callable[[], datetime] = timezone.now,
    longest: timedelta | None = None,
) -> RetrievalRun:
    """Bring a mailbox up to the present as far as its provider allows now, and return the run; loses nothing.

    Raises `Conflict` for a mailbox that is not to be read. What the provider says no to is in the run's `error`.
    After `longest` it stops where it is; another run goes on from there. Where another one begins meanwhile, this one
    stops and leaves it to that to say how the mailbox fares.
    """
    if mailbox.kind != Kind.GMAIL:
        raise Conflict(
            f"The mail of {mailbox.address} came from files; there is nothing to retrieve.",
            way_out="Import newer files, or connect the mailbox.",
        )
    if not mailbox.is_connected:
        raise Conflict(f"{mailbox.address} is not connected.", way_out="Reconnect the mailbox.")
    run = _begin(mailbox, kind=kind, at=at)
    try:
        opens_at = _read(mailbox, provider, run, at=at, clock=clock, longest=longest)
    except (AccessRevoked, PermissionMissing) as error:
        trouble = Trouble.SCOPE if isinstance(error, PermissionMissing) else Trouble.REVOKED
        mark_needs_reconnecting(mailbox, reason=error.message, trouble=trouble, at=clock())
        _end(mailbox, run, at=clock(), error=error)
    except (ProviderError, Conflict) as error:
        _end(mailbox, run, at=clock(), error=error)
    else:
        _end(mailbox, run, at=clock(), opens_at=opens_at, clock_off=provider.clock_off)
    return run


def _read(
    mailbox: Mailbox,
    provider: MailProvider,
    run: RetrievalRun,
    *,
    at: datetime,
    clock: Callable[[], datetime],
    longest: timedelta | None,
) -> datetime | None:
    """Return when to go on where what is left of the minute is kept for those who act at this moment."""
    until = at + longest if longest else datetime.max.replace(tzinfo=UTC)
    list_new(mailbox, provider=provider, run=run, at=at)
    reach_back(mailbox, provider=provider, at=at)
    opens_at = fetch_waiting(mailbox, provider=provider, run=run, clock=clock, until=until)
    while opens_at is None and _is_listing(mailbox) and clock() < until:
        go_on_listing(mailbox, provider=provider, run=run, at=at)
        opens_at = fetch_waiting(mailbox, provider=provider, run=run, clock=clock, until=until)
    return opens_at


def _is_listing(mailbox: Mailbox) -> bool:
    return mailbox.listing_page is not None and mailbox.is_connected


@transaction.atomic
def _begin(mailbox: Mailbox, *, kind: RunKind, at: datetime) -> RetrievalRun:
    # A poll that found nothing moves the cursor under the same lock, and not once there is a run.
    unmoved = Mailbox.objects.select_for_update(no_key=True)
    mailbox.refresh_from_db(fields=["history_cursor", "listing_page"], from_queryset=unmoved)
    # A run that a dead worker left open ends here; what it had written down counts, the rest is done again.
    RetrievalRun.objects.filter(mailbox=mailbox).retrieving().update(ended_at=at, error=TAKEN_OVER)
    return RetrievalRun.objects.create(
        mailbox=mailbox, team_id=mailbox.team_id, kind=kind, started_at=at
    )


def _end(
    mailbox: Mailbox,
    run: RetrievalRun,
    *,
    at: datetime,
    error: Exception | None = None,
    opens_at: datetime | None = None,
    clock_off: timedelta = timedelta(),
) -> None:
    mine = RetrievalRun.objects.filter(pk=run.pk, ended_at=None)
    is_mine = mine.update(ended_at=at, error=str(error or ""))
    run.refresh_from_db()
    if not is_mine:
        # Whoever took over tells how the mailbox fares, and asks for what is left.
        return
    fields = _what_went_wrong(mailbox, error)
    fields["retrieve_next_at"] = opens_at or _next_time(mailbox, error, at=at)
    if error is None:
        fields["reading_limited_until"] = None
        fields["clock_off"] = clock_off if is_wrong(clock_off) else None
        if not _has_more(mailbox, at=at):
            fields["retrieved_at"] = at
    elif isinstance(error, TryLater) and error.limit != "none":
        fields["reading_limited_until"] = fields["retrieve_next_at"]
    Mailbox.objects.filter(pk=mailbox.pk).update(**fields)
    mailbox.refresh_from_db()
    announce_mailbox(mailbox)
    _log.info(
        "retrieval ended",
        mailbox=str(mailbox.pk),
        kind=run.kind,
        listed=run.listed,
        stored=run.stored,
        error=getattr(error, "evidence", "") or run.error,
    )


def _what_went_wrong(mailbox: Mailbox, error: Exception | None) -> dict[str, object]:
    said: dict[str, object] = {"retrieval_error": str(error or "")[:300]}
    if isinstance(error, SetupWrong):
        # Its owner can do nothing about it; once an admin has put it right, it goes on by itself.
        return said | {"trouble": Trouble.SETUP}
    if mailbox.trouble != Trouble.SETUP:
        return said
    if isinstance(error, TryLater) and error.limit == "none":
        # Out of reach or stumbling, Google says nothing of its set-up; where it counts our requests, that works.
        return {}
    return said | {"trouble": ""}


def _next_time(mailbox: Mailbox, error: Exception | None, *, at: datetime) -> datetime:
    """When to read next: at once while something waits, not before the provider wants to be asked again."""
    usual = at + timedelta(seconds=settings.RETRIEVE_EVERY_SECONDS)
    if mailbox.retrieve_next_at and at < mailbox.retrieve_next_at < usual:
        # As it was planned: counted from here it would miss the tick that it is due at.
        usual = mailbox.retrieve_next_at
    if isinstance(error, TryLater):
        return max(error.retry_at, at + _SHORTEST_PAUSE) if error.retry_at else usual
    if isinstance(error, Conflict) or (error is None and _has_more(mailbox, at=at)):
        # A run that was overtaken moved the cursor under this one, and stops: whoever comes next goes on alone.
        return at
    return usual


def _has_more(mailbox: Mailbox, *, at: datetime) -> bool:
    """Whether another run would find something to do without asking the provider for news."""
    waiting = MailboxMessage.objects.filter(mailbox=mailbox, state=LedgerState.WAITING)
    return (
        mailbox.listing_page is not None
        or waiting.filter(Q(try_after=None) | Q(try_after__lte=at)).exists()
    )
