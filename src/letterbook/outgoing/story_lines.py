"""The lines of an email's story that its own log and its attempts tell."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models.functions import Coalesce, Length

from letterbook.outgoing.models import (
    ActorKind,
    DeliveryAttempt,
    OutgoingEmail,
    StatusChange,
    Step,
)
from letterbook.outgoing.status import RETRY_TAKEN_BACK, ErrorClass, Outcome, Status
from letterbook.teams.models import User

# What a line is about: pages give each its icon.
LineKind = Literal[
    "draft", "queued", "sent", "failed",
    "under_way", "accepted", "asked", "refused", "unknown",
    "settled", "told", "bounced", "delayed", "complaint", "away", "answered",
]  # fmt: skip
Called = Callable[[User | None], str]


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened: `title` and `text` make a sentence, `evidence` is the provider's own answer.

    `message_id` is the stored email that tells it, `attempt` the attempt it belongs to.
    """

    at: datetime
    kind: LineKind
    title: str
    text: str
    attempt: int | None = None
    evidence: str = ""
    message_id: UUID | None = None


_KINDS: dict[Status, LineKind] = {
    Status.DRAFT: "draft",
    Status.QUEUED: "queued",
    Status.SENT: "sent",
    Status.FAILED: "failed",
}
_BEGUN = {
    "page": "in the browser",
    "api": "through the API",
    "command": "from the command line",
    "agent": "by an agent",
}
_UNDER_WAY = {
    Step.CLAIMED: "A worker has it.",
    Step.DRAFTING: "Its draft is being stored in Gmail.",
    Step.SUBMITTING: "Gmail is being asked to send it.",
    Step.ASKING: "Gmail is being asked what became of it.",
}
_NOT_SHARED = "What Gmail said is not shared with you."


def changes_of(email: OutgoingEmail, *, called: Called) -> list[StoryLine]:
    """Return a line for each status the email had."""
    rounds = email.frozen.annotate(size=Coalesce("released_size", Length("raw")))
    sizes = dict(rounds.values_list("frozen_at", "size"))
    changes = email.status_changes.select_related("user").order_by("id")
    return [_change(change, email, sizes, called=called) for change in changes]


def _change(
    change: StatusChange, email: OutgoingEmail, sizes: Mapping[datetime, int], *, called: Called
) -> StoryLine:
    new = Status(change.new)
    return StoryLine(
        at=change.at,
        kind=_KINDS[new],
        title=new.label,
        text=_change_text(change, email, sizes, by=actor_name(change, called=called)),
        attempt=change.attempt or None,
    )


def _change_text(
    change: StatusChange, email: OutgoingEmail, sizes: Mapping[datetime, int], *, by: str
) -> str:
    match (change.old, change.new):
        case ("", _):
            return f"begun by {by}, {_BEGUN[email.origin]}."
        case (Status.DRAFT, Status.QUEUED):
            return f"by {by}. Its exact bytes are kept, {_kilobytes(sizes.get(change.at, 0))}."
        case (Status.FAILED, Status.QUEUED):
            return f"once more by {by}: {change.reason or 'Retry'}."
        case (_, Status.DRAFT):
            return f"again, {(change.reason or 'taken back').lower()} by {by}. Nothing was sent."
        case (Status.QUEUED, Status.FAILED) if change.reason == RETRY_TAKEN_BACK:
            return f"again, as before: {by} took the retry back. Nothing was sent."
        case (_, Status.SENT):
            accepted = f" in attempt {change.attempt}" if change.attempt else ""
            return f"Gmail took it{accepted}."
    return _why_failed(change, email)


def _why_failed(change: StatusChange, email: OutgoingEmail) -> str:
    if email.may_read_content:
        return change.error or change.reason
    failed = next((one for one in email.failures.all() if one.failed_at == change.at), None)
    return f"{ErrorClass(failed.error_class).label}." if failed else _NOT_SHARED


def actor_name(change: StatusChange, *, called: Called) -> str:
    """Return who moved the email: a person, a program and whose it is, or the worker."""
    if change.actor == ActorKind.WORKER:
        return "the worker"
    name = called(change.user)
    if change.actor != ActorKind.API:
        return name
    program = f"the program “{change.actor_name}”" if change.actor_name else "a program"
    return f"{program} of {'yours' if name == 'you' else name}"


def _kilobytes(size: int) -> str:
    return f"{max(1, round(size / 1000)):,} KB" if size < 1_000_000 else f"{size / 1e6:.1f} MB"


def attempts_of(email: OutgoingEmail, *, told: Container[str] = ()) -> list[StoryLine]:
    """Return a line for each try, without errors that are told elsewhere.

    The provider's own words are for those who may read the email.
    """
    return [_attempt(one, email, told) for one in email.attempts.order_by("number")]


def _attempt(attempt: DeliveryAttempt, email: OutgoingEmail, told: Container[str]) -> StoryLine:
    is_readable = email.may_read_content
    error = attempt.error if is_readable and attempt.error not in told else ""
    kind, text = _attempt_words(attempt, error=error)
    return StoryLine(
        at=attempt.started_at,
        kind=kind,
        title=f"Attempt {attempt.number}",
        text=text,
        attempt=attempt.number,
        evidence=attempt.evidence if is_readable else "",
    )


def _attempt_words(attempt: DeliveryAttempt, *, error: str) -> tuple[LineKind, str]:
    has_asked = attempt.step == Step.ASKING
    match attempt.outcome:
        case Outcome.ACCEPTED if has_asked:
            return "accepted", "Gmail was asked: it had been sent."
        case Outcome.ACCEPTED:
            return "accepted", "Gmail accepted it."
        case Outcome.REFUSED:
            return "refused", error or "Refused."
        case Outcome.UNKNOWN if has_asked:
            return "asked", f"Gmail was asked what became of it. {error}".strip()
        case Outcome.UNKNOWN:
            return "unknown", f"Outcome unknown. {error}".strip()
    return "under_way", _UNDER_WAY[Step(attempt.step)]
