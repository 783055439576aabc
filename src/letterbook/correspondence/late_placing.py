"""Reports that came before the email they are about was stored: how they wait, and how they are placed then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from letterbook.correspondence.models import (
    OF_A_FILE,
    Direction,
    LedgerState,
    MailboxMessage,
    Message,
    UnplacedReport,
)
from letterbook.correspondence.packing import pack_message
from letterbook.correspondence.placing import Arrival, arrival_of, find_facts, write_facts
from letterbook.correspondence.sources import read_source
from letterbook.correspondence.storing import Copy, StoredMessage
from letterbook.correspondence.ties import provider_thread_key
from letterbook.mailboxes.models import Kind, Mailbox
from letterbook.mime.parsing import parse_message

# Threads of nothing but notifications are long, and none of those answers anything.
_MOST_AT_ONCE = 20


def remember_unplaced(mailbox: Mailbox, arrivals: Sequence[Arrival]) -> None:
    """Keep by what names these skipped reports could be recognised, and nothing else of them."""
    keys = {arrival.provider_id: arrival.keys for arrival in arrivals}
    if not keys:
        return
    rows = MailboxMessage.objects.filter(mailbox=mailbox, provider_id__in=keys)
    UnplacedReport.objects.bulk_create(
        [
            UnplacedReport(ledger_row_id=pk, team_id=mailbox.team_id, key=UUID(bytes=key))
            for pk, provider_id in rows.values_list("pk", "provider_id")
            for key in keys[provider_id]
        ],
        ignore_conflicts=True,
    )


def place_late(
    mailbox: Mailbox, stored: Sequence[tuple[StoredMessage, Copy]], *, own: Mapping[str, UUID]
) -> None:
    """Place what waits for the sent emails among those that were just stored.

    A report that was skipped is fetched again. An automatic reply that is stored is read again.
    """
    sent = {one.id: copy for one, copy in stored if one.direction == Direction.OUTGOING}
    if sent:
        _reopen_reports(mailbox, sent.values())
        _place_stored(mailbox, sent.keys(), own=own)


def _reopen_reports(mailbox: Mailbox, sent: Iterable[Copy]) -> None:
    """Of a file nothing can be fetched: there the next import of the same file decides again."""
    unplaced = UnplacedReport.objects.filter(ledger_row__mailbox=mailbox)
    if mailbox.kind == Kind.IMPORT or not unplaced.exists():
        return
    keys = {UUID(bytes=key) for copy in sent for key in _known_by(mailbox, copy)}
    waiting = unplaced.filter(team_id=mailbox.team_id, key__in=keys)
    waiting = waiting.exclude(ledger_row__provider_id__startswith=OF_A_FILE)
    rows = set(waiting.values_list("ledger_row_id", flat=True))
    if rows:
        MailboxMessage.objects.filter(pk__in=rows, state=LedgerState.SKIPPED).update(
            state=LedgerState.WAITING, reason="", decided_at=None, try_after=None
        )
        UnplacedReport.objects.filter(ledger_row__in=rows).delete()


def _known_by(mailbox: Mailbox, copy: Copy) -> Iterable[bytes]:
    yield from copy.packed.thread_keys
    if copy.provider_thread_id:
        yield provider_thread_key(mailbox.pk, copy.provider_thread_id)


def _place_stored(mailbox: Mailbox, sent: Collection[UUID], *, own: Mapping[str, UUID]) -> None:
    threads = Message.objects.filter(pk__in=sent).values("thread_id")
    untold = Message.objects.filter(
        thread_id__in=threads,
        direction=Direction.INCOMING,
        is_automatic=True,
        tells=None,
        copies__mailbox=mailbox,
    )
    arrivals: dict[str, Arrival] = {}
    evidence: dict[str, UUID] = {}
    newest_first = untold.only("pk", "occurred_at").order_by("-occurred_at", "-pk").distinct()
    for message in newest_first[:_MOST_AT_ONCE]:
        if arrival := _read_again(mailbox, message):
            arrivals[arrival.provider_id] = arrival
            evidence[arrival.provider_id] = message.pk
    found = find_facts(mailbox, list(arrivals.values()), own=own)
    write_facts(mailbox, [fact for facts in found.values() for fact in facts], evidence)


def _read_again(mailbox: Mailbox, message: Message) -> Arrival | None:
    raw = read_source(message)
    held = message.copies.filter(mailbox=mailbox).order_by("pk")[0]
    copy = Copy(
        held.provider_id,
        held.provider_thread_id,
        frozenset(held.labels),
        message.occurred_at,
        pack_message(raw, parse_message(raw)),
    )
    return arrival_of(mailbox, copy)
