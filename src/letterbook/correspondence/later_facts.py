"""What became of sent emails later, as one viewer may know it: bounces, delays, complaints, automatic replies, replies.

A fact is for those who may know of both emails: the one that was sent, and the one that tells. What the second says
in its text is for those who may read it; a recipient in Bcc stays unknown to everyone else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from letterbook.correspondence.access import Reach, reach_of
from letterbook.correspondence.facts import FactKind, LaterFact
from letterbook.correspondence.models import access_level, is_reachable, tells_bcc_key
from letterbook.correspondence.replies import answers_to, newest_answers
from letterbook.correspondence.seen_facts import (
    BadAddress,
    SeenFact,
    show_bad_address,
    show_facts,
)
from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.mailboxes.models import Sharing
from letterbook.mime.addresses import address_key
from letterbook.teams.models import Membership

__all__ = [
    "BadAddress",
    "FactPage",
    "SeenFact",
    "addresses_that_bounced",
    "has_bounced",
    "later_facts_of",
    "list_later_facts",
    "recipients_that_bounced",
]


@dataclass(frozen=True, slots=True)
class FactPage:
    """Some later facts, newest first; `next_cursor` is empty on the last page."""

    facts: tuple[SeenFact, ...]
    next_cursor: str


def later_facts_of(
    message_ids: Iterable[UUID], *, member: Membership
) -> Mapping[UUID, Sequence[SeenFact]]:
    """Return what became of these sent messages, oldest first, by message; those without facts are left out."""
    reach, ids = reach_of(member), list(message_ids)
    stored = _seen_if_any(member, reach, Q(message__in=ids))
    told = show_facts(member, stored, answers_to(member, reach, ids))
    by_message: dict[UUID, list[SeenFact]] = defaultdict(list)
    for fact in sorted(told, key=_when):
        by_message[fact.message_id].append(fact)
    return dict(by_message)


def list_later_facts(
    member: Membership,
    *,
    kind: FactKind | None = None,
    since: datetime | None = None,
    cursor: str = "",
    limit: int = 50,
) -> FactPage:
    """Return one page of what became of the team's emails, newest first; raise `Invalid` for a foreign cursor."""
    reach, after = reach_of(member), read_cursor(cursor)
    stored: list[LaterFact] = []
    if kind != FactKind.REPLY:
        facts = _beyond(_seen(member, reach), kind=kind, since=since, after=after)
        stored = list(facts.order_by("-at", "-id")[: limit + 1])
    answers = []
    if kind in (None, FactKind.REPLY):
        answers = newest_answers(member, reach, since=since, after=after, limit=limit + 1)
    found = sorted(show_facts(member, stored, answers), key=_when, reverse=True)
    shown = found[:limit]
    is_last = len(found) <= limit
    return FactPage(
        facts=tuple(shown),
        next_cursor="" if is_last else write_cursor(Position(shown[-1].at, shown[-1].id)),
    )


def addresses_that_bounced(
    member: Membership, addresses: Iterable[str]
) -> Mapping[str, BadAddress]:
    """Return which of these addresses are known to be no good, by address as given, as far as this member may know."""
    keys = {address: address_key(address) for address in addresses}
    known = set(keys.values()) - {""}
    bounced = Q(team=member.team_id, kind=FactKind.BOUNCE, is_hard=True, recipient__in=known)
    bounces = _seen_if_any(member, reach_of(member), bounced)
    newest = {fact.recipient: show_bad_address(fact) for fact in bounces}
    return {address: newest[key] for address, key in keys.items() if key in newest}


def recipients_that_bounced(member: Membership) -> QuerySet[LaterFact, Any]:  # one column of it
    """Return, as a subquery, the keys of the addresses that are no good, as far as this member may know."""
    bounces = _seen(member, reach_of(member)).filter(kind=FactKind.BOUNCE, is_hard=True)
    return bounces.values("recipient")


def has_bounced(member: Membership, keys: Iterable[str], *, message_ref: str) -> Exists:
    """Return the condition "`message_ref` came back from one of these addresses", as far as this member may know."""
    bounces = _seen(member, reach_of(member)).filter(
        kind=FactKind.BOUNCE, recipient__in=list(keys), message=OuterRef(message_ref)
    )
    return Exists(bounces)


def _seen(member: Membership, reach: Reach) -> QuerySet[LaterFact]:
    """The gate: facts this member may know of, each with how far they may see into its evidence."""
    is_open = ~Q(message__bcc_keys__contains=[F("recipient")])
    return LaterFact.objects.filter(
        is_reachable(reach, level=Sharing.METADATA, message_ref="message_id"),
        is_reachable(reach, level=Sharing.METADATA, message_ref="evidence_id"),
        is_open | Q(tells_bcc_key(reach, message_ref="message_id", key_ref="recipient")),
        team_id=member.team_id,
    ).annotate(viewer_access=access_level(reach, message_ref="evidence_id"))


def _seen_if_any(member: Membership, reach: Reach, wanted: Q) -> list[LaterFact]:
    """Return some facts that this member may know of, oldest first.

    Of most emails and addresses nothing is told, and to find that out takes a fifth of the time.
    """
    if not LaterFact.objects.filter(wanted).exists():
        return []
    return list(_seen(member, reach).filter(wanted).order_by("at", "id"))


def _beyond(
    facts: QuerySet[LaterFact],
    *,
    kind: FactKind | None,
    since: datetime | None,
    after: Position | None,
) -> QuerySet[LaterFact]:
    if kind is not None:
        facts = facts.filter(kind=kind)
    if since is not None:
        facts = facts.filter(at__gte=since)
    if after is not None:
        facts = facts.filter(Q(at__lt=after.at) | Q(pk__lt=after.id), at__lte=after.at)
    return facts


def _when(fact: SeenFact) -> tuple[datetime, UUID]:
    return fact.at, fact.id
