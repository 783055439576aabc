"""How the API shows what became of an outgoing email: its history with the hashes, and every attempt."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from letterbook.api.shapes import Shown, TeamMate, team_mate
from letterbook.outgoing.chaining import flaws_of_history
from letterbook.outgoing.models import ActorKind, OutgoingEmail


class StatusChangeShown(Shown):
    """One move of the status: from, to, when, by whom, why. Its hash covers all of it and the hash before."""

    number: int
    old: str
    new: str
    at: datetime
    actor: str = Field(description="person, api or worker")
    actor_name: str = Field(description="the name of the token, where a program acted")
    user: TeamMate | None
    reason: str
    attempt: int
    error: str
    hash: str


class AttemptShown(Shown):
    """One try to hand the email over; `evidence` is the provider's answer without anything secret."""

    number: int
    actor: str
    step: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    error: str
    evidence: str


class HistoryState(Shown):
    """Whether the history is as it was written: recomputed from its hashes for this answer."""

    is_whole: bool
    flaws: list[str]
    hash: str = Field(
        description="of the last line; keep it to prove later that nothing before it was changed"
    )


def show_status_changes(email: OutgoingEmail) -> list[StatusChangeShown]:
    """Return an email's history in order, errors only for those who may read the email."""
    return [
        StatusChangeShown(
            number=change.number,
            old=change.old,
            new=change.new,
            at=change.at,
            actor=change.actor,
            actor_name=change.actor_name,
            user=team_mate(change.user),
            reason=change.reason,
            attempt=change.attempt,
            error=change.error if email.may_read_content else "",
            hash=bytes(change.hash).hex(),
        )
        for change in email.status_changes.select_related("user").order_by("number")
    ]


def show_attempts(email: OutgoingEmail) -> list[AttemptShown]:
    """Return every try to hand an email over, what the provider said only for those who may read the email."""
    return [
        AttemptShown(
            number=attempt.number,
            actor=ActorKind.WORKER,
            step=attempt.step,
            started_at=attempt.started_at,
            ended_at=attempt.ended_at,
            outcome=attempt.outcome,
            error=attempt.error if email.may_read_content else "",
            evidence=attempt.evidence if email.may_read_content else "",
        )
        for attempt in email.attempts.order_by("number")
    ]


def show_history_state(email: OutgoingEmail) -> HistoryState:
    """Return whether an email's history is as it was written."""
    flaws = flaws_of_history(email)
    return HistoryState(is_whole=not flaws, flaws=list(flaws), hash=bytes(email.history_hash).hex())
