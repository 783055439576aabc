"""The one way into the tables: copies of emails, as some mailbox held them, become messages, threads and ledger rows.

A batch takes the same few statements whatever its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from letterbook.correspondence.ledger import Fate, write_fates
from letterbook.correspondence.models import Direction, LedgerState
from letterbook.correspondence.packing import Email, Packed
from letterbook.correspondence.staging import Arriving, insert_messages
from letterbook.correspondence.threading import Tied, lock_correspondence, place_in_threads
from letterbook.correspondence.ties import provider_thread_key
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Mailbox
from letterbook.mime.parsing import ParsedMessage

SENT = "SENT"


@dataclass(frozen=True, slots=True)
class Copy:
    """One email as one mailbox holds it."""

    provider_id: str
    provider_thread_id: str
    labels: frozenset[str]
    received_at: datetime
    email: Email

    @property
    def parsed(self) -> ParsedMessage:
        """Everything the parser says of it; during an import parsed again when it is asked for."""
        return self.email.parsed

    @property
    def packed(self) -> Packed:
        """What is decided by and stored of it."""
        return self.email.packed


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """What became of a copy. `is_new`: this batch brought the message; `is_corrected`: it turned out to be ours."""

    id: UUID
    direction: Direction
    sent_by: UUID | None
    occurred_at: datetime
    address_keys: tuple[str, ...]
    is_new: bool
    is_corrected: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """A message that was stored earlier."""

    id: UUID
    thread_id: UUID
    direction: Direction
    sent_by: UUID | None
    occurred_at: datetime


@dataclass(slots=True)
class _Group:
    """All copies of one message in a batch."""

    id: UUID
    known: _Known | None
    copies: list[Copy]
    direction: Direction = Direction.INCOMING
    sent_by: UUID | None = None

    @property
    def lasting_direction(self) -> Direction:
        return self.known.direction if self.known and not self.is_corrected else self.direction

    @property
    def lasting_sender(self) -> UUID | None:
        return self.known.sent_by if self.known and not self.is_corrected else self.sent_by

    @property
    def occurred_at(self) -> datetime:
        return self.known.occurred_at if self.known else self.copies[0].received_at

    @property
    def is_corrected(self) -> bool:
        known = self.known
        return (
            known is not None
            and self.direction == Direction.OUTGOING
            and (known.direction != Direction.OUTGOING or self.sent_by != known.sent_by)
        )


@transaction.atomic
def store_copies(
    mailbox: Mailbox,
    copies: Sequence[Copy],
    *,
    own: Mapping[str, UUID],
    at: datetime,
    sent_by: UUID | None = None,
) -> dict[str, StoredMessage]:
    """Store each copy once and return, by provider id, the message it is a copy of.

    `own` are the team's addresses with their users; `sent_by` names the sender of outgoing email where that is known
    better. A copy that is stored already changes its labels only.
    """
    if not copies:
        return {}
    lock_correspondence(mailbox.team_id)
    groups = _group(mailbox, copies)
    for group in groups:
        _attribute(group, mailbox, own=own, sent_by=sent_by)
    _write(mailbox, groups, at=at)
    return {copy.provider_id: _stored(group) for group in groups for copy in group.copies}


def _group(mailbox: Mailbox, copies: Sequence[Copy]) -> list[_Group]:
    by_provider_id, by_identity = _find_known(mailbox, copies)
    groups: dict[bytes, _Group] = {}
    for copy in copies:
        # What this mailbox showed before is that message still, even if a newer parser sees another identity.
        known = by_provider_id.get(copy.provider_id) or by_identity.get(copy.packed.identity)
        identity = known.id.bytes if known else copy.packed.identity
        if identity not in groups:
            groups[identity] = _Group(known.id if known else new_id(), known, [])
        groups[identity].copies.append(copy)
    return list(groups.values())


def _find_known(
    mailbox: Mailbox, copies: Iterable[Copy]
) -> tuple[dict[str, _Known], dict[bytes, _Known]]:
    by_provider_id: dict[str, _Known] = {}
    by_identity: dict[bytes, _Known] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND_KNOWN,
            [
                mailbox.team_id,
                [copy.packed.identity for copy in copies],
                mailbox.id,
                [copy.provider_id for copy in copies],
            ],
        )
        for provider_id, identity, message_id, thread_id, direction, sent_by, at in cursor:
            known = _Known(message_id, thread_id, Direction(direction), sent_by, at)
            if provider_id:
                by_provider_id[provider_id] = known
            else:
                by_identity[bytes(identity)] = known
    return by_provider_id, by_identity


def _attribute(
    group: _Group, mailbox: Mailbox, *, own: Mapping[str, UUID], sent_by: UUID | None
) -> None:
    """Decide whether we sent it, and who: in any of its copies the label or the sender says so."""
    author = own.get(group.copies[0].packed.author_key)
    is_sent = any(SENT in copy.labels for copy in group.copies)
    if author or is_sent:
        before = group.known.sent_by if group.known else None
        group.direction = Direction.OUTGOING
        group.sent_by = sent_by or before or author or mailbox.owner_id


def _write(mailbox: Mailbox, groups: Sequence[_Group], *, at: datetime) -> None:
    threads = place_in_threads(
        mailbox.team_id, [_tied(group, mailbox.id) for group in groups], at=at
    )
    new = [_arriving(group, threads[group.id]) for group in groups if not group.known]
    if new:
        insert_messages(mailbox, new, at=at)
    _correct([group for group in groups if group.is_corrected])
    _add_bcc([group for group in groups if group.known or len(group.copies) > 1])
    fates = [_fate(group, copy) for group in groups for copy in group.copies]
    write_fates(mailbox, fates, at=at)


def _tied(group: _Group, mailbox_id: UUID) -> Tied:
    keys = {key for copy in group.copies for key in copy.packed.thread_keys}
    keys |= {
        provider_thread_key(mailbox_id, copy.provider_thread_id)
        for copy in group.copies
        if copy.provider_thread_id
    }
    thread_id = group.known.thread_id if group.known else None
    return Tied(group.id, frozenset(keys), thread_id)


def _arriving(group: _Group, thread_id: UUID) -> Arriving:
    first = group.copies[0]
    return Arriving(
        id=group.id,
        thread_id=thread_id,
        direction=group.direction.value,
        sent_by=group.sent_by,
        occurred_at=group.occurred_at,
        packed=first.packed,
    )


def _correct(groups: Sequence[_Group]) -> None:
    """A recipient's copy may come before the sender's: only the sender's tells that it is ours, or whose."""
    if not groups:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE correspondence_message SET direction = 'out', sent_by_id = ours.sent_by"
            " FROM unnest(%s::uuid[], %s::uuid[]) AS ours (id, sent_by)"
            " WHERE correspondence_message.id = ours.id",
            [[group.id for group in groups], [group.sent_by for group in groups]],
        )


def _add_bcc(groups: Sequence[_Group]) -> None:
    """Only the sender's copy names who got it by Bcc, and it may come after a recipient's."""
    for group in groups:
        keys = sorted({key for copy in group.copies for key in copy.packed.bcc_keys})
        if keys:
            with connection.cursor() as cursor:
                cursor.execute(_ADD_BCC, [keys, group.id])


def _fate(group: _Group, copy: Copy) -> Fate:
    return Fate(
        provider_id=copy.provider_id,
        provider_thread_id=copy.provider_thread_id,
        state=LedgerState.STORED,
        labels=copy.labels,
        provider_at=copy.received_at,
        message_id=group.id,
        bcc=copy.packed.bcc,
    )


def _stored(group: _Group) -> StoredMessage:
    return StoredMessage(
        id=group.id,
        direction=group.lasting_direction,
        sent_by=group.lasting_sender,
        occurred_at=group.occurred_at,
        address_keys=tuple(
            dict.fromkeys(key for copy in group.copies for key in copy.packed.address_keys)
        ),
        is_new=group.known is None,
        is_corrected=group.is_corrected,
    )


_ADD_BCC = """
    UPDATE correspondence_message SET
        address_keys = address_keys || added.keys,
        bcc_keys = bcc_keys || added.keys
    FROM (
        SELECT m.id, array_agg(key) AS keys FROM unnest(%s::text[]) AS key
        JOIN correspondence_message m ON m.id = %s AND key <> ALL (m.address_keys) GROUP BY m.id
    ) added WHERE correspondence_message.id = added.id
"""
_FIND_KNOWN = """
    SELECT '', identity, id, thread_id, direction, sent_by_id, occurred_at
    FROM correspondence_message WHERE team_id = %s AND identity = ANY(%s::bytea[])
    UNION ALL
    SELECT held.provider_id, m.identity, m.id, m.thread_id, m.direction, m.sent_by_id, m.occurred_at
    FROM correspondence_mailboxmessage held JOIN correspondence_message m ON m.id = held.message_id
    WHERE held.mailbox_id = %s AND held.provider_id = ANY(%s::text[])
"""
