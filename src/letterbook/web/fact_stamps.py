"""What became of a sent email, as stamps beside it that lead to the email which tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.dateformat import format as format_date

from letterbook.correspondence.later_facts import SeenFact
from letterbook.correspondence.models import FactKind
from letterbook.web.templatetags.times import duration
from letterbook.web.who_is_who import first_name

_SETTLES = {FactKind.BOUNCE, FactKind.REPLY}
_LOOKS = {
    FactKind.BOUNCE: "bounced",
    FactKind.DELAY: "delayed",
    FactKind.COMPLAINT: "complaint",
    FactKind.AUTO_REPLY: "away",
    FactKind.REPLY: "answered",
}


@dataclass(frozen=True, slots=True)
class FactStamp:
    """One stamp: its look, its words, and where its evidence is."""

    status: str
    word: str
    url: str


def fact_stamps(
    facts: Sequence[SeenFact], *, contact_id: UUID | None = None
) -> tuple[FactStamp, ...]:
    """Return a stamp for each fact that still says something; `contact_id` is whose page it is, named no more."""
    shown = [fact for fact in facts if not _is_outdated(fact, facts)]
    return tuple(
        FactStamp(_LOOKS[fact.kind], _word(fact, contact_id), _evidence(fact)) for fact in shown
    )


def _is_outdated(fact: SeenFact, facts: Sequence[SeenFact]) -> bool:
    """A delay is over once the email came back or was answered; of equal facts the last one counts."""
    later = [one for one in facts if one.recipient == fact.recipient and one.at > fact.at]
    if fact.kind == FactKind.DELAY:
        return any(one.kind in _SETTLES | {FactKind.DELAY} for one in later)
    return any(one.kind == fact.kind for one in later)


def _word(fact: SeenFact, contact_id: UUID | None) -> str:
    """Said of the contact whose page it is "Away until 20 November", of others "Ruth away until 20 November"."""
    said = _said(fact)
    if not fact.who or fact.contact_id == contact_id is not None:
        return said
    name = first_name(fact.who) if fact.contact_id else fact.who
    if fact.kind in {FactKind.BOUNCE, FactKind.DELAY}:
        return f"{said}: {name}"
    return f"{name} {said[0].lower()}{said[1:]}"


def _said(fact: SeenFact) -> str:
    match fact.kind:
        case FactKind.BOUNCE:
            return "Bounced" if fact.is_hard else "Bounced this time"
        case FactKind.DELAY:
            return "Delayed"
        case FactKind.COMPLAINT:
            return "Called it spam"
        case FactKind.AUTO_REPLY:
            until = f" until {format_date(fact.back_on, 'j F')}" if fact.back_on else ""
            return f"Away{until}"
    return f"Answered after {duration(fact.after)}" if fact.after else "Answered"


def _evidence(fact: SeenFact) -> str:
    return reverse("message", args=[fact.evidence_id])
