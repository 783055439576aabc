"""Placing what an email tells of a sent one: to exactly which email it belongs, and to which of its recipients.

Anybody can write a report. It is believed where it came to a mailbox that sent the email, and names the email by a
Message-ID, which is told to recipients only, or lies in the provider's own thread with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from letterbook.correspondence.models import (
    Direction,
    FactKind,
    LaterFact,
    MailboxMessage,
    ThreadKey,
)
from letterbook.correspondence.storing import SENT, Copy
from letterbook.correspondence.ties import message_id_key, provider_thread_key
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.addresses import address_key
from letterbook.mime.automatic_replies import AutoReply
from letterbook.mime.characters import storable
from letterbook.mime.news import News
from letterbook.mime.reports import ReportKind
from letterbook.teams.events import announce

_MOST_IDS = 50
_MOST_SENT = 1_000
# A provider's clocks may differ, and a local refusal comes within the second.
_SKEW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An email that came to a mailbox and tells something of a sent one; `keys` are what ties it to others."""

    provider_id: str
    provider_thread_id: str
    received_at: datetime
    sender: str
    keys: frozenset[bytes]
    news: News


@dataclass(frozen=True, slots=True)
class Fact:
    """What one arrival tells of one sent message, for one recipient."""

    message_id: UUID
    provider_id: str
    kind: FactKind
    recipient: str
    at: datetime
    is_hard: bool | None = None
    status_code: str = ""
    diagnostic: str = ""
    back_on: date | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    """A sent message as the mailbox holds it."""

    id: UUID
    message_id: str
    provider_thread_id: str
    occurred_at: datetime
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """What an arrival tells of one person, by all the addresses they are called."""

    kind: FactKind
    keys: tuple[str, ...]
    is_hard: bool | None = None
    status_code: str = ""
    diagnostic: str = ""
    back_on: date | None = None


def arrival_of(mailbox: Mailbox, copy: Copy) -> Arrival | None:
    """Return what came to a mailbox as an arrival, or None where it tells nothing of a sent email."""
    news = copy.email.news
    if news is None:
        return None
    keys = {*copy.packed.thread_keys, *map(message_id_key, news.message_ids[:_MOST_IDS])}
    if copy.provider_thread_id:
        keys.add(provider_thread_key(mailbox.pk, copy.provider_thread_id))
    return Arrival(
        provider_id=copy.provider_id,
        provider_thread_id=copy.provider_thread_id,
        received_at=copy.received_at,
        sender=copy.packed.author_key,
        keys=frozenset(keys),
        news=news,
    )


def find_facts(
    mailbox: Mailbox, arrivals: Sequence[Arrival], *, own: Mapping[str, UUID]
) -> dict[str, list[Fact]]:
    """Return what these arrivals prove of emails that the mailbox sent, by provider id; nothing for the others.

    `own` are the team's addresses with their users.
    """
    if not arrivals:
        return {}
    threads = _threads_of(mailbox, frozenset().union(*(one.keys for one in arrivals)))
    sent = _sent_in(mailbox, {one for found in threads.values() for one in found}, own)
    found: dict[str, list[Fact]] = {}
    for arrival in arrivals:
        near = {thread for key in arrival.keys for thread in threads.get(key, ())}
        candidates = [one for thread in near for one in sent.get(thread, ())]
        if facts := _facts(arrival, candidates):
            found[arrival.provider_id] = facts
    return found


def write_facts(mailbox: Mailbox, facts: Iterable[Fact], evidence: Mapping[str, UUID]) -> None:
    """Keep these facts, each once, with the stored message that tells them; open pages hear of it."""
    rows = [
        LaterFact(
            team_id=mailbox.team_id,
            message_id=fact.message_id,
            evidence_id=evidence[fact.provider_id],
            kind=fact.kind,
            recipient=fact.recipient,
            is_hard=fact.is_hard,
            status_code=fact.status_code,
            diagnostic=fact.diagnostic,
            back_on=fact.back_on,
            at=fact.at,
        )
        for fact in facts
    ]
    if rows:
        LaterFact.objects.bulk_create(rows, ignore_conflicts=True)
        for topic in ("activity", "outgoing"):
            announce(topic, team_id=mailbox.team_id, mailbox_id=mailbox.pk)


def _threads_of(mailbox: Mailbox, keys: Collection[bytes]) -> dict[bytes, set[UUID]]:
    rows = ThreadKey.objects.filter(
        team_id=mailbox.team_id, key__in=[UUID(bytes=key) for key in keys]
    )
    found: dict[bytes, set[UUID]] = defaultdict(set)
    for key, thread_id in rows.values_list("key", "thread_id"):
        found[key.bytes].add(thread_id)
    return found


def _sent_in(
    mailbox: Mailbox, thread_ids: Collection[UUID], own: Mapping[str, UUID]
) -> dict[UUID, list[_Sent]]:
    """What this mailbox sent in these threads, newest first: the copy of somebody it went to will not do."""
    held = MailboxMessage.objects.filter(
        mailbox=mailbox, message__thread_id__in=thread_ids, message__direction=Direction.OUTGOING
    )
    rows = held.order_by("-message__occurred_at", "-message__id").values_list(
        "labels", "provider_thread_id", "message__id", "message__thread_id", "message__message_id",
        "message__occurred_at", "message__address_keys", "message__from_address",
    )[:_MOST_SENT]  # fmt: skip
    found: dict[UUID, list[_Sent]] = defaultdict(list)
    for labels, thread, pk, thread_id, message_id, at, keys, sender in rows:
        author = address_key(sender)
        if SENT in labels or own.get(author) == mailbox.owner_id:
            people = tuple(key for key in keys if key not in own and key != author)
            found[thread_id].append(_Sent(pk, message_id, thread, at, people))
    return found


def _facts(arrival: Arrival, candidates: Sequence[_Sent]) -> list[Fact]:
    facts: dict[tuple[UUID, FactKind, str], Fact] = {}
    for told in _told_by(arrival):
        sent = _choose(arrival, told, candidates)
        if sent is not None:
            recipient = _recipient(told, sent)
            facts.setdefault((sent.id, told.kind, recipient), _fact(arrival, told, sent, recipient))
    return list(facts.values())


def _choose(arrival: Arrival, told: _Told, candidates: Sequence[_Sent]) -> _Sent | None:
    """The email that is named; else the latest one in the provider's thread that went to this person."""
    for message_id in arrival.news.message_ids[:_MOST_IDS]:
        named = [one for one in candidates if one.message_id == message_id]
        if named:
            return named[0]
    thread = arrival.provider_thread_id
    together = [
        one
        for one in candidates
        if thread
        and one.provider_thread_id == thread
        and one.occurred_at <= arrival.received_at + _SKEW
    ]
    return next((one for one in together if _recipient(told, one)), None)


def _recipient(told: _Told, sent: _Sent) -> str:
    """Who of its recipients is meant, or nobody where that is not clear.

    Mail that is forwarded fails at an address that is not on it: with one recipient there is no doubt whose it was.
    """
    named = next((key for key in told.keys if key in sent.recipients), "")
    return named or (sent.recipients[0] if len(sent.recipients) == 1 else "")


def _told_by(arrival: Arrival) -> list[_Told]:
    news = arrival.news
    if isinstance(news, AutoReply):
        keys = (arrival.sender,)
        return [_Told(FactKind.AUTO_REPLY, keys, back_on=news.back_on)]
    return [
        _Told(
            kind=FactKind(outcome.kind),
            keys=tuple(address_key(one) for one in outcome.addresses),
            is_hard=outcome.is_hard if outcome.kind == ReportKind.BOUNCE else None,
            status_code=outcome.code[:12],
            diagnostic=storable(outcome.diagnostic),
        )
        for outcome in news.outcomes
    ]


def _fact(arrival: Arrival, told: _Told, sent: _Sent, recipient: str) -> Fact:
    return Fact(
        message_id=sent.id,
        provider_id=arrival.provider_id,
        kind=told.kind,
        recipient=recipient,
        at=arrival.received_at,
        is_hard=told.is_hard,
        status_code=told.status_code,
        diagnostic=told.diagnostic,
        back_on=told.back_on,
    )
