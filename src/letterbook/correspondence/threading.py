"""Which messages answer one another, whatever the order in which they arrive.

Every message ties together its own Message-ID, those it refers to and its provider's thread id. Messages that share
a tie, directly or through others, form a thread. Ties are remembered, so a reply that is stored before the email it
answers draws that email to it later: any order of storing ends in the same threads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from django.db import connection

from letterbook.correspondence.arrays import id_array
from letterbook.correspondence.joined_threads import join_decisions
from letterbook.correspondence.ties import message_id_key, thread_keys
from letterbook.kit.ids import new_id

__all__ = ["Tied", "lock_correspondence", "message_id_key", "place_in_threads", "thread_keys"]


@dataclass(frozen=True, slots=True)
class Tied:
    """A message, what ties it to others, and the thread it is in already, if any."""

    message_id: UUID
    keys: frozenset[bytes]
    thread_id: UUID | None = None


def lock_correspondence(team_id: UUID) -> None:
    """Let one transaction at a time write a team's messages and threads, until it ends.

    Two writers could otherwise each begin a thread for the two halves of one conversation, each blind to the other's
    uncommitted keys; and a contact added while a batch is being stored could miss that batch. Reading is not held up.
    """
    number = int.from_bytes(blake2b(b"correspondence" + team_id.bytes, digest_size=8).digest())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number - 2**63])


def place_in_threads(team_id: UUID, tied: Sequence[Tied], *, at: datetime) -> dict[UUID, UUID]:
    """Return the thread of each message; begins, extends and joins threads. Needs `lock_correspondence`."""
    known = _threads_of_keys(team_id, tied)
    existing = set(known.values()) | {each.thread_id for each in tied if each.thread_id}
    forest = _tie(tied, known)
    threads = _choose_threads(forest, existing, tied)
    chosen = {each.message_id: threads[forest.root(each.message_id.bytes)] for each in tied}
    _join_threads({old: threads[forest.root(old.bytes)] for old in existing}, at=at)
    _begin_threads(team_id, set(chosen.values()) - existing, at=at)
    unknown = {key: chosen[each.message_id] for each in tied for key in each.keys - known.keys()}
    _remember_keys(team_id, unknown)
    return chosen


class _Forest:
    """Union-find: which ids hang together. Ids are bytes here, which are compared much faster than UUIDs."""

    def __init__(self) -> None:
        self._parents: dict[bytes, bytes] = {}

    def root(self, node: bytes) -> bytes:
        root = node
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while node != root:
            self._parents[node], node = root, self._parents.get(node, root)
        return root

    def join(self, one: bytes, other: bytes) -> None:
        self._parents[self.root(one)] = self.root(other)


def _threads_of_keys(team_id: UUID, tied: Sequence[Tied]) -> dict[bytes, UUID]:
    keys = {key.hex() for each in tied for key in each.keys}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, thread_id FROM correspondence_threadkey"
            " WHERE team_id = %s AND key = ANY(%s::uuid[])",
            [team_id, id_array(keys)],
        )
        return {key.bytes: thread_id for key, thread_id in cursor}


def _tie(tied: Sequence[Tied], known: Mapping[bytes, UUID]) -> _Forest:
    forest = _Forest()
    for each in tied:
        node = each.message_id.bytes
        for key in each.keys:
            forest.join(key, node)
        if each.thread_id:
            forest.join(each.thread_id.bytes, node)
    for key, thread_id in known.items():
        forest.join(key, thread_id.bytes)
    return forest


def _choose_threads(
    forest: _Forest, existing: Iterable[UUID], tied: Iterable[Tied]
) -> dict[bytes, UUID]:
    """Return the thread of each root: the largest of those it draws together, or a new one."""
    drawn: dict[bytes, list[UUID]] = defaultdict(list)
    for thread_id in existing:
        drawn[forest.root(thread_id.bytes)].append(thread_id)
    rivals = [thread for together in drawn.values() if len(together) > 1 for thread in together]
    sizes = _thread_sizes(rivals) if rivals else {}
    threads = {
        root: max(together, key=lambda thread: (sizes.get(thread, 0), thread))
        for root, together in drawn.items()
    }
    for each in tied:
        threads.setdefault(forest.root(each.message_id.bytes), new_id())
    return threads


def _thread_sizes(thread_ids: Sequence[UUID]) -> dict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT thread_id, count(*) FROM correspondence_message"
            " WHERE thread_id = ANY(%s::uuid[]) GROUP BY thread_id",
            [list(thread_ids)],
        )
        return dict(cursor.fetchall())


def _join_threads(fates: Mapping[UUID, UUID], *, at: datetime) -> None:
    moves = {old: new for old, new in fates.items() if old != new}
    if not moves:
        return
    join_decisions(moves, at=at)
    pairs = [list(moves), list(moves.values())]
    with connection.cursor() as cursor:
        for table in ("correspondence_message", "correspondence_threadkey"):
            cursor.execute(
                f"UPDATE {table} SET thread_id = moved.new"  # noqa: S608 - two constants
                " FROM unnest(%s::uuid[], %s::uuid[]) AS moved (old, new)"
                " WHERE thread_id = moved.old",
                pairs,
            )
        cursor.execute("DELETE FROM correspondence_thread WHERE id = ANY(%s::uuid[])", [pairs[0]])


def _begin_threads(team_id: UUID, thread_ids: Iterable[UUID], *, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO correspondence_thread (id, team_id, created_at)"
            " SELECT id, %s, %s FROM unnest(%s::uuid[]) AS new (id)",
            [team_id, at, list(thread_ids)],
        )


def _remember_keys(team_id: UUID, threads: Mapping[bytes, UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO correspondence_threadkey (team_id, key, thread_id)"
            " SELECT %s, key, thread_id FROM unnest(%s::uuid[], %s::uuid[]) AS new (key, thread_id)",
            [
                team_id,
                id_array(key.hex() for key in threads),
                id_array(thread_id.hex for thread_id in threads.values()),
            ],
        )
