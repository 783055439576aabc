"""One worker at a time holds an email: the claim, its steps, and its end.

Every write of an attempt names the attempt's number. A worker that slept past its lease finds another number there,
and ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from letterbook.kit.refusals import Conflict
from letterbook.mailboxes.quota import EMAIL_UNITS, spending
from letterbook.outgoing.choosing import Candidate, lock_due, lock_next, look_next
from letterbook.outgoing.models import (
    WORKER,
    DeliveryAttempt,
    FrozenEmail,
    OutgoingEmail,
    Step,
)
from letterbook.outgoing.obstacles import Obstacle, find_obstacle, find_obstacle_to_asking
from letterbook.outgoing.prepared import first_row
from letterbook.outgoing.scheduling import deliver_at, wake_at
from letterbook.outgoing.status import ErrorClass, Outcome, Status
from letterbook.teams.events import CHANNEL, announce, event_payload

MOST_DEATHS = 10
_DIED = "The worker stopped before this attempt came to an end."
_DIED_TOO_OFTEN = (
    "Ten attempts ended without an answer; something in Letterbook fails with this email. "
    "Its log says what."
)


@dataclass(frozen=True, slots=True)
class Stopped:
    """The email whose turn it was may not go now, or never; what follows was written into it."""

    obstacle: Obstacle
    is_in_doubt: bool

    @property
    def is_settled(self) -> bool:
        """Whether it failed: it no longer stands in the way of the others."""
        return self.obstacle.fails_as is not None


class Superseded(Exception):
    """Another attempt holds this email now, or a person moved it: this one must not write any more."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An email that this worker holds, the bytes to hand over, and the attempt it writes as."""

    email: OutgoingEmail
    frozen: FrozenEmail
    attempt: DeliveryAttempt

    @property
    def is_in_doubt(self) -> bool:
        """Whether these bytes may have been sent already."""
        return self.frozen.submitted_at is not None


def claim_email(email_id: UUID, *, at: datetime) -> Claim | None:
    """Take a due email for one attempt, or return None when it is not due, held by another, or may not go now."""
    with transaction.atomic():
        locked = lock_due(email_id, at=at)
        claim = _claim(locked, at=at) if locked else None
        return claim if isinstance(claim, Claim) else None


def claim_next(mailbox_id: UUID, *, only_in_doubt: bool, at: datetime) -> Claim | Stopped | None:
    """Take the email of a mailbox whose turn it is; None when there is none, `Stopped` when it may not go now."""
    seen = look_next(mailbox_id, only_in_doubt=only_in_doubt, at=at)
    if seen is None:
        return None
    return _claim_untried(seen, at=at) or _claim_locked(
        mailbox_id, only_in_doubt=only_in_doubt, at=at
    )


def _claim_untried(seen: Candidate, *, at: datetime) -> Claim | None:
    """Take what nobody has tried yet and nothing keeps here, without a lock: whoever was quicker changed its row."""
    email = seen.frozen.email
    if email.attempt or _obstacle(email, seen.frozen, at=at) is not None:
        return None
    return _begin(seen, at=at)


def _claim_locked(mailbox_id: UUID, *, only_in_doubt: bool, at: datetime) -> Claim | Stopped | None:
    with transaction.atomic():
        locked = lock_next(mailbox_id, only_in_doubt=only_in_doubt, at=at)
        return _claim(locked, at=at) if locked else None


def _claim(locked: Candidate, *, at: datetime) -> Claim | Stopped | None:
    frozen = locked.frozen
    email = frozen.email
    if email.attempt:
        _close_unfinished(email, at=at)
    obstacle = _obstacle(email, frozen, at=at)
    if obstacle is not None:
        _stop_before(email, obstacle, at=at)
        return Stopped(obstacle, is_in_doubt=frozen.submitted_at is not None)
    return _begin(locked, at=at)


def _close_unfinished(email: OutgoingEmail, *, at: datetime) -> None:
    unfinished = email.attempts.filter(ended_at=None)
    may_be_sent = unfinished.filter(step__in=[Step.SUBMITTING, Step.ASKING])
    may_be_sent.update(ended_at=at, outcome=Outcome.UNKNOWN, error=_DIED)
    unfinished.update(ended_at=at, outcome=Outcome.REFUSED, error=f"{_DIED} Nothing was sent.")


def _obstacle(email: OutgoingEmail, frozen: FrozenEmail, *, at: datetime) -> Obstacle | None:
    is_in_doubt = frozen.submitted_at is not None
    if email.attempt >= MOST_DEATHS and _deaths(email) >= MOST_DEATHS:
        failure = ErrorClass.UNCONFIRMED if is_in_doubt else ErrorClass.NO_ANSWER
        return Obstacle(_DIED_TOO_OFTEN, fails_as=failure)
    return find_obstacle_to_asking(email, at=at) if is_in_doubt else find_obstacle(email, at=at)


def _deaths(email: OutgoingEmail) -> int:
    return email.attempts.filter(error__startswith=_DIED, started_at__gte=email.queued_at).count()


def _stop_before(email: OutgoingEmail, obstacle: Obstacle, *, at: datetime) -> None:
    if obstacle.fails_as is not None:
        email.mark_failed(
            WORKER,
            at=at,
            attempt=email.attempt,
            error_class=obstacle.fails_as,
            error=obstacle.reason,
        )
        return
    due_at = obstacle.until or email.due_at
    OutgoingEmail.objects.filter(pk=email.pk).update(
        due_at=due_at, due_reason=obstacle.reason, leased_until=None, updated_at=at
    )
    if obstacle.until is not None:
        wake_at(email.mailbox_id, at=obstacle.until)
    _announce(email)


def _begin(chosen: Candidate, *, at: datetime) -> Claim | None:
    """Write the claim down, in one statement; None when the email's row is not the one that was chosen any more."""
    frozen = chosen.frozen
    email = frozen.email
    # The step is what comes next anyway: until its first network call nothing can have happened.
    step = Step.DRAFTING if frozen.submitted_at is None else Step.ASKING
    number, leased_until = email.attempt + 1, _lease(at)
    # So that fetching old mail leaves room for it.
    spent, units = spending(email.mailbox_id, EMAIL_UNITS, at=at)
    begun = first_row(
        _BEGIN.format(spent=f", spent AS ({spent})" if spent else ""),
        {
            "email": email.pk, "tried": email.attempt, "version": chosen.version, "number": number,
            "until": leased_until, "team": email.team_id, "frozen": frozen.pk, "step": step, "at": at, **units,
        },
    )  # fmt: skip
    if begun is None:
        return None
    email.attempt, email.leased_until, email.due_reason = number, leased_until, ""
    attempt = DeliveryAttempt(
        id=begun[0], email=email, team_id=email.team_id, frozen=frozen, number=number, step=step, started_at=at,
    )  # fmt: skip
    return Claim(email, frozen, attempt)


# Any: columns of the frozen email that this step decides.
def take_step(claim: Claim, step: Step, *, at: datetime, **learnt: Any) -> None:
    """Write down what is about to be done and keep the email a while longer, or raise `Superseded`."""
    learns = ", ".join(f"{name} = %s" for name in learnt)
    held = first_row(
        f"WITH {_HELD}, {_STEPPED}" + (f", {_LEARNT.format(learns)}" if learnt else "") + _IS_HELD,
        [
            *(_lease(at), claim.email.pk, claim.email.attempt),
            *(step, claim.attempt.pk),
            *([*learnt.values(), claim.frozen.pk] if learnt else []),
        ],
    )
    if held is None:
        raise Superseded
    claim.attempt.step = step
    for name, value in learnt.items():
        setattr(claim.frozen, name, value)


# One statement is one round trip and, outside a transaction, a commit of its own. The first part is the fence.
_HELD = """held AS (
    UPDATE outgoing_outgoingemail SET leased_until = %s
    WHERE id = %s AND status = 'queued' AND attempt = %s RETURNING id)"""
_STEPPED = """stepped AS (
    UPDATE outgoing_deliveryattempt SET step = %s WHERE id = %s AND EXISTS (SELECT FROM held))"""
_LEARNT = """learnt AS (
    UPDATE outgoing_frozenemail SET {} WHERE id = %s AND EXISTS (SELECT FROM held))"""
_IS_HELD = " SELECT id FROM held"
# Every change of a row gives it another xmin: a claim, a cancellation, another time. Whoever is about to change it has
# it locked, and is left to it.
_BEGIN = """
    WITH held AS (
        UPDATE outgoing_outgoingemail
        SET attempt = %(number)s, leased_until = %(until)s, due_reason = ''
        WHERE id = (
            SELECT id FROM outgoing_outgoingemail
            WHERE id = %(email)s AND attempt = %(tried)s AND xmin = %(version)s::xid
            FOR UPDATE SKIP LOCKED)
        RETURNING id){spent}
    INSERT INTO outgoing_deliveryattempt
        (email_id, team_id, frozen_id, number, step, started_at, outcome, error, evidence)
    SELECT id, %(team)s, %(frozen)s, %(number)s, %(step)s, %(at)s, '', '', '' FROM held RETURNING id
"""


@transaction.atomic
def put_back(
    claim: Claim,
    outcome: Outcome,
    *,
    due_at: datetime,
    reason: str,
    at: datetime,
    error: str = "",
    evidence: str = "",
) -> None:
    """End the attempt and leave the email queued for another one at `due_at`; the reason is for people."""
    _hold(claim, leased_until=None, due_at=due_at, due_reason=reason[:300], updated_at=at)
    end_attempt(claim, outcome, at=at, error=error or reason, evidence=evidence)
    deliver_at(claim.email.pk, at=due_at)
    _announce(claim.email)


@transaction.atomic
def fail(
    claim: Claim,
    error_class: ErrorClass,
    outcome: Outcome,
    *,
    error: str,
    evidence: str = "",
    at: datetime,
) -> None:
    """End the attempt and the email: it is failed, and a person decides."""
    email = claim.email
    try:
        email.mark_failed(
            WORKER,
            at=at,
            attempt=email.attempt,
            error_class=error_class,
            error=error,
            evidence=evidence,
        )
    except Conflict as conflict:
        raise Superseded from conflict
    end_attempt(claim, outcome, at=at, error=error, evidence=evidence)


def end_attempt(
    claim: Claim, outcome: Outcome, *, at: datetime, error: str = "", evidence: str = ""
) -> None:
    """Write how this attempt ended; in the transaction that also moves its email."""
    DeliveryAttempt.objects.filter(pk=claim.attempt.pk, ended_at=None).update(
        ended_at=at, outcome=outcome, error=error, evidence=evidence
    )


# Any: columns of the email, which differ from write to write.
def _hold(claim: Claim, **columns: Any) -> None:
    """Write into the email as this attempt: the fence."""
    email = claim.email
    row = OutgoingEmail.objects.filter(pk=email.pk, status=Status.QUEUED, attempt=email.attempt)
    if row.update(**columns) != 1:
        raise Superseded


def _lease(at: datetime) -> datetime:
    return at + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)


def tell_of(emails: Sequence[OutgoingEmail]) -> None:
    """Let open pages hear of what was done with these emails, when it is on the disk.

    A transaction that announces something holds up all others that do, until it is on the disk itself. So the steps of
    an email do not; this one writes nothing that has to get there.
    """
    if emails:
        events = [
            event_payload("outgoing", team_id=one.team_id, row_id=one.pk, **one.heard_by())
            for one in emails
        ]
        first_row(
            "SELECT count(pg_notify(%s, event)) FROM unnest(%s::text[]) event", [CHANNEL, events]
        )


def _announce(email: OutgoingEmail) -> None:
    announce("outgoing", team_id=email.team_id, row_id=email.pk, **email.heard_by())
