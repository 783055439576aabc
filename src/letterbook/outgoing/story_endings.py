"""The lines of an email's story that came after its end: what people decided, and what arrived about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from letterbook.correspondence.facts import FactKind
from letterbook.correspondence.later_facts import SeenFact, later_facts_of
from letterbook.outgoing.failures import Failure, Resolution
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.story_lines import Called, LineKind, StoryLine
from letterbook.teams.models import Membership

_SETTLED = {
    Resolution.SENT: "by {by}: it was sent.",
    Resolution.DISMISSED: "by {by}: nothing more shall happen to it.",
    Resolution.EDITED: "by {by}: it was written anew, and that one was queued.",
}
_FACTS: dict[FactKind, tuple[LineKind, str]] = {
    FactKind.BOUNCE: ("bounced", "Bounced"),
    FactKind.DELAY: ("delayed", "Delayed"),
    FactKind.COMPLAINT: ("complaint", "Complaint"),
    FactKind.AUTO_REPLY: ("away", "Automatic reply"),
    FactKind.REPLY: ("answered", "Answered"),
}


def resolutions_of(email: OutgoingEmail, *, called: Called) -> list[StoryLine]:
    """Return a line for each time a person was told of a failure, or settled one without sending."""
    lines = []
    for failure in email.failures.all():
        lines += _told(failure)
        lines += _settled(failure, called=called)
    return lines


def _told(failure: Failure) -> list[StoryLine]:
    if failure.told_at is None:
        return []
    return [StoryLine(failure.told_at, "told", "Told", "by email that a decision is needed.")]


def _settled(failure: Failure, *, called: Called) -> list[StoryLine]:
    # A retry is a change of status, and stands among those.
    if failure.resolved_at is None or failure.resolution not in _SETTLED:
        return []
    words = _SETTLED[Resolution(failure.resolution)].format(by=called(failure.resolved_by))
    return [StoryLine(failure.resolved_at, "settled", "Settled", words)]


def facts_of(email: OutgoingEmail, *, member: Membership) -> list[StoryLine]:
    """Return a line for each later fact that this member may know of."""
    if email.message_id is None:
        return []
    return facts_by_message([email.message_id], member=member).get(email.message_id, [])


def facts_by_message(
    message_ids: Iterable[UUID], *, member: Membership
) -> dict[UUID, list[StoryLine]]:
    """Return the same for many sent messages at once; those without facts are left out."""
    found = later_facts_of(message_ids, member=member)
    return {message_id: [_fact(one) for one in facts] for message_id, facts in found.items()}


def _fact(fact: SeenFact) -> StoryLine:
    kind, title = _FACTS[fact.kind]
    evidence = " ".join(filter(None, (fact.status_code, fact.diagnostic)))
    return StoryLine(
        fact.at, kind, title, _fact_text(fact), evidence=evidence, message_id=fact.evidence_id
    )


def _fact_text(fact: SeenFact) -> str:
    who = fact.who or "one recipient"
    match fact.kind:
        case FactKind.BOUNCE if fact.is_hard:
            return f"for {who}: the address is no good."
        case FactKind.BOUNCE:
            return f"for {who}: it could not be delivered this time."
        case FactKind.DELAY:
            return f"for {who}: the mail server still tries."
        case FactKind.COMPLAINT:
            return f"by {who}: it was reported as unwanted."
        case FactKind.AUTO_REPLY:
            return f"of {who}{_until(fact.back_on)}."
    return f"by {who}{_after(fact.after)}."


def _until(back_on: date | None) -> str:
    return f", back on {back_on.day} {back_on:%B %Y}" if back_on else ""


def _after(span: timedelta | None) -> str:
    if span is None:
        return ""
    hours = span.total_seconds() / 3600
    if hours < 1:
        return f" after {max(1, round(hours * 60))} min"
    return f" after {round(hours)} h" if hours < 48 else f" after {round(hours / 24)} days"
