"""A later fact as one viewer may see it: what their access leaves out is not in here at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from letterbook.contacts.matching import match_contacts
from letterbook.contacts.models import Contact
from letterbook.correspondence.facts import FactKind, LaterFact
from letterbook.mailboxes.models import Sharing
from letterbook.mime.addresses import address_key
from letterbook.teams.models import Membership


@dataclass(frozen=True, slots=True)
class SeenFact:
    """One later fact about the sent email `message_id`; `evidence_id` is the message that tells it.

    `recipient` is the address it is about and `who` the contact's name or that address, both empty where nobody can
    tell. `is_hard` is a bounce's, `back_on` an automatic reply's, `after` (how long it took) a reply's.
    """

    id: UUID
    message_id: UUID
    evidence_id: UUID
    kind: FactKind
    at: datetime
    recipient: str = ""
    contact_id: UUID | None = None
    who: str = ""
    is_hard: bool | None = None
    status_code: str = ""
    diagnostic: str = ""
    back_on: date | None = None
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class BadAddress:
    """An address that mail servers said is no good; `evidence_id` is the message that says so."""

    address_key: str
    at: datetime
    evidence_id: UUID
    status_code: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The first answer, `id`, that somebody gave to a sent email."""

    question_id: UUID
    asked_at: datetime
    id: UUID
    at: datetime
    from_address: str

    @property
    def by(self) -> str:
        """The key of who answered."""
        return address_key(self.from_address)


def show_facts(
    member: Membership, facts: Sequence[LaterFact], answers: Sequence[Answer]
) -> list[SeenFact]:
    """Return stored facts, loaded with how far their viewer sees into the evidence, and answers, in one shape."""
    if not facts and not answers:
        return []
    keys = {fact.recipient for fact in facts} | {one.by for one in answers}
    people = _People(member, keys)
    return [*(_fact(one, people) for one in facts), *(_reply(one, people) for one in answers)]


def show_bad_address(fact: LaterFact) -> BadAddress:
    """Return the address of a hard bounce as its viewer may see it."""
    is_readable = _is_readable(fact)
    return BadAddress(
        address_key=fact.recipient,
        at=fact.at,
        evidence_id=fact.evidence_id,
        status_code=fact.status_code if is_readable else "",
        diagnostic=fact.diagnostic if is_readable else "",
    )


class _People:
    """Which of the team's contacts some addresses belong to."""

    def __init__(self, member: Membership, keys: Iterable[str]) -> None:
        self.contacts = match_contacts(member.team_id, set(keys) - {""})
        known = Contact.objects.visible_to(member).filter(pk__in=set(self.contacts.values()))
        self._names = {one.pk: str(one) for one in known.prefetch_related("addresses")}

    def name_of(self, key: str) -> str:
        contact_id = self.contacts.get(key)
        return self._names.get(contact_id, key) if contact_id else key


def _fact(fact: LaterFact, people: _People) -> SeenFact:
    is_readable = _is_readable(fact)
    return SeenFact(
        id=fact.pk,
        message_id=fact.message_id,
        evidence_id=fact.evidence_id,
        kind=FactKind(fact.kind),
        at=fact.at,
        recipient=fact.recipient,
        contact_id=people.contacts.get(fact.recipient),
        who=people.name_of(fact.recipient),
        is_hard=fact.is_hard,
        status_code=fact.status_code if is_readable else "",
        diagnostic=fact.diagnostic if is_readable else "",
        back_on=fact.back_on if is_readable else None,
    )


def _reply(one: Answer, people: _People) -> SeenFact:
    return SeenFact(
        id=one.id,
        message_id=one.question_id,
        evidence_id=one.id,
        kind=FactKind.REPLY,
        at=one.at,
        recipient=one.by,
        contact_id=people.contacts.get(one.by),
        who=people.name_of(one.by),
        after=one.at - one.asked_at,
    )


def _is_readable(fact: LaterFact) -> bool:
    level: int = fact.__dict__["viewer_access"]
    return level >= Sharing.FULL
