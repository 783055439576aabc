"""The provider said no, or nobody knows what it said: what follows, by what must be done next."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.states import announce_mailbox
from letterbook.outgoing.claiming import Claim, fail, put_back
from letterbook.outgoing.losing_permission import mark_permission_lost
from letterbook.outgoing.models import FrozenEmail, OutgoingEmail, Step
from letterbook.outgoing.obstacles import GIVE_UP_AFTER, Obstacle
from letterbook.outgoing.pacing import slow_down
from letterbook.outgoing.status import ErrorClass, Outcome
from letterbook.providers.errors import (
    AccessRevoked,
    OutcomeUnknown,
    PermissionMissing,
    ProviderError,
    Rejected,
    SetupWrong,
    TryLater,
)

WAITS_FOR_MAILBOX = "Waits for its mailbox to be reconnected."
_LONGEST_WAIT = timedelta(hours=1)
_LONGEST_ASKED_WAIT = timedelta(hours=24)
_LONGEST_BETWEEN_QUESTIONS = timedelta(minutes=10)


@transaction.atomic
def refuse(
    claim: Claim, error: ProviderError, *, at: datetime, was_submission: bool = False
) -> None:
    """Nothing was sent by this attempt: wait and try again, wait for the owner, or fail for good.

    `was_submission` says that this was the only submission ever, and that it is known to have been refused.
    """
    if was_submission:
        FrozenEmail.objects.filter(pk=claim.frozen.pk).update(submitted_at=None)
    if isinstance(error, Rejected):
        _fail(claim, ErrorClass.REJECTED, error, at=at)
    elif isinstance(error, SetupWrong):
        # Waiting would not help: nothing changes before an admin acts, and a failed email says so to everyone.
        _fail(claim, ErrorClass.SETUP_WRONG, error, at=at)
    elif isinstance(error, AccessRevoked | PermissionMissing):
        _wait_for_owner(claim, error, Outcome.REFUSED, at=at)
    else:
        _try_later(claim, error, at=at)


def _fail(claim: Claim, error_class: ErrorClass, error: ProviderError, *, at: datetime) -> None:
    fail(claim, error_class, Outcome.REFUSED, error=error.message, evidence=error.evidence, at=at)


def _wait_for_owner(
    claim: Claim, error: AccessRevoked | PermissionMissing, outcome: Outcome, *, at: datetime
) -> None:
    mark_permission_lost(claim.email.mailbox, error, at=at)
    put_back(
        claim,
        outcome,
        due_at=at,
        reason=WAITS_FOR_MAILBOX,
        at=at,
        error=error.message,
        evidence=error.evidence,
    )


def _try_later(claim: Claim, error: ProviderError, *, at: datetime) -> None:
    wanted_since = max(claim.email.send_at or at, _first_attempt(claim.email))
    if at > wanted_since + GIVE_UP_AFTER:
        _fail(claim, ErrorClass.NO_ANSWER, error, at=at)
        return
    due_at = at + _back_off(claim.email)
    if isinstance(error, TryLater) and error.retry_at is not None:
        due_at = max(due_at, min(error.retry_at, at + _LONGEST_ASKED_WAIT))
    if isinstance(error, TryLater):
        _heed(claim.email.mailbox, error, until=due_at, at=at)
    # Whether the draft was stored may be unknown; that nothing was sent is not.
    is_unclear = isinstance(error, OutcomeUnknown)
    what = "Gmail did not answer clearly." if is_unclear else error.message
    put_back(
        claim,
        Outcome.REFUSED,
        due_at=due_at,
        reason=f"{what} Nothing was sent yet; Letterbook tries again by itself.",
        at=at,
        error=what,
        evidence=error.evidence,
    )


def _first_attempt(email: OutgoingEmail) -> datetime:
    attempts = email.attempts.filter(started_at__gte=email.queued_at).order_by("number")
    return attempts[0].started_at


def _back_off(email: OutgoingEmail) -> timedelta:
    """Return a minute, then two, four … up to an hour, a fifth more or less, so that many do not come at once."""
    refused = email.attempts.filter(outcome=Outcome.REFUSED, started_at__gte=email.queued_at)
    first = timedelta(seconds=settings.PROVIDER_TIMEOUT_SECONDS)
    doublings: int = min(refused.count(), 10)
    wait = min(first * 2.0**doublings, _LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def _heed(mailbox: Mailbox, error: TryLater, *, until: datetime, at: datetime) -> None:
    """Let the rest of the mailbox's queue profit from what was said to one email."""
    if error.limit in {"rate", "concurrency"}:
        slow_down(mailbox, error.limit, at=at)
    has_named_time = error.limit == "rate" and error.retry_at is not None
    if error.limit == "daily_sending" or has_named_time:
        limit_sending(mailbox, until=until)


def limit_sending(mailbox: Mailbox, *, until: datetime) -> None:
    """Park everything that a mailbox sends: each further try would move Gmail's own date on."""
    Mailbox.objects.filter(pk=mailbox.pk).update(sending_limited_until=until)
    announce_mailbox(mailbox)


def stop_at(claim: Claim, obstacle: Obstacle, *, at: datetime) -> None:
    """End an attempt that found the email unsent, but no longer allowed to go."""
    if obstacle.fails_as is not None:
        fail(claim, obstacle.fails_as, Outcome.REFUSED, error=obstacle.reason, at=at)
        return
    # Only what may have been sent comes here; while its mailbox rests, it need not be asked about all the time.
    due_at = obstacle.until or at + _LONGEST_BETWEEN_QUESTIONS
    put_back(claim, Outcome.REFUSED, due_at=due_at, reason=obstacle.reason, at=at)


@transaction.atomic
def ask_again(claim: Claim, error: ProviderError, *, at: datetime) -> None:
    """No trustworthy answer came: ask a little later; only after days of silence must a person decide."""
    if isinstance(error, AccessRevoked | PermissionMissing):
        _wait_for_owner(claim, error, Outcome.UNKNOWN, at=at)
    elif at > _submitted_at(claim) + GIVE_UP_AFTER:
        _fail_unconfirmed(claim, evidence=error.evidence or error.message, at=at)
    else:
        _put_back_in_doubt(claim, error=error.message, evidence=error.evidence, at=at)


def ask_again_or_give_up(claim: Claim, *, evidence: str, at: datetime) -> None:
    """Gmail knows neither draft nor copy: ask again, until the time is up in which a late copy would have shown."""
    patience = timedelta(seconds=settings.UNCONFIRMED_AFTER_SECONDS)
    if at >= _submitted_at(claim) + patience:
        _fail_unconfirmed(claim, evidence=evidence, at=at)
    else:
        error = "Gmail does not show yet whether it was sent."
        _put_back_in_doubt(claim, error=error, evidence=evidence, at=at)


def _fail_unconfirmed(claim: Claim, *, evidence: str, at: datetime) -> None:
    fail(
        claim,
        ErrorClass.UNCONFIRMED,
        Outcome.UNKNOWN,
        error="Nobody can know whether this email was sent. Look into the mailbox's Sent folder, then decide.",
        evidence=evidence,
        at=at,
    )


def _put_back_in_doubt(claim: Claim, *, error: str, evidence: str, at: datetime) -> None:
    asked = claim.frozen.attempts.filter(step=Step.ASKING).count()
    first = timedelta(seconds=settings.PROVIDER_TIMEOUT_SECONDS) / 6
    due_at = at + min(first * 2.0 ** min(asked, 10), _LONGEST_BETWEEN_QUESTIONS)
    end = _submitted_at(claim) + timedelta(seconds=settings.UNCONFIRMED_AFTER_SECONDS)
    # The last question comes when the time is up, not long after.
    due_at = min(due_at, end) if at < end else due_at
    wait_for_answer(claim, due_at=due_at, error=error, evidence=evidence, at=at)


def wait_for_answer(
    claim: Claim, *, due_at: datetime, error: str, evidence: str = "", at: datetime
) -> None:
    """End an attempt that does not know, and ask at `due_at`."""
    put_back(
        claim,
        Outcome.UNKNOWN,
        due_at=due_at,
        reason="It may have been sent; Letterbook asks Gmail before it does anything else.",
        at=at,
        error=error,
        evidence=evidence,
    )


def _submitted_at(claim: Claim) -> datetime:
    return claim.frozen.submitted_at or claim.attempt.started_at
