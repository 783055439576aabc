"""Proofs: what must hold of the stored rows, and asking it of all of them a few thousand at a time.

An app keeps its own in `proofs.py` as `PROOFS`; `letterbook verify` finds them there and runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

_AT_ONCE = 5_000
_BEFORE_ALL = UUID(int=0)
_AFTER_ALL = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The rows whose id is greater than `after` and at most `until`."""

    after: UUID
    until: UUID


@dataclass(frozen=True, slots=True)
class Flaw:
    """A row of which something does not hold: which one, of which team and whose, and what is the matter."""

    subject_id: UUID
    team_id: UUID
    whose: str
    what: str


@dataclass(frozen=True, slots=True)
class Proof:
    """Something that must hold of all rows of a table; `find` returns the flaws of a stretch of them.

    `way_out` says what to do about a flaw. No flaw may tell what an email says.
    """

    name: str
    claim: str
    walks: type[Model]
    find: Callable[[Stretch], Iterator[Flaw]]
    way_out: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What a proof came to: how many rows were looked at, and the flaws."""

    proof: Proof
    looked_at: int
    flaws: tuple[Flaw, ...]


def examine(proof: Proof, *, team_id: UUID | None = None) -> Examined:
    """Ask a proof of every row, or of every row of one team; changes nothing."""
    looked_at, flaws = 0, list[Flaw]()
    for stretch, count in _stretches(proof.walks):
        looked_at += count
        flaws += proof.find(stretch)
    theirs = (one for one in flaws if team_id in {None, one.team_id})
    return Examined(proof, looked_at, tuple(theirs))


def examine_one(proof: Proof, subject_id: UUID) -> tuple[Flaw, ...]:
    """Ask a proof of a single row."""
    return tuple(proof.find(Stretch(UUID(int=subject_id.int - 1), subject_id)))


def _stretches(model: type[Model]) -> Iterator[tuple[Stretch, int]]:
    """The last one has no end: what hangs on rows that are not there any more belongs to a stretch too."""
    after = _BEFORE_ALL
    while True:
        ids = (
            model._default_manager.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
        )
        found = list(ids[:_AT_ONCE])
        until = found[-1] if len(found) == _AT_ONCE else _AFTER_ALL
        yield Stretch(after, until), len(found)
        if until == _AFTER_ALL:
            return
        after = until


# Any: whatever values the statement names besides the stretch.
def asks(sql: str, **arguments: Any) -> Callable[[Stretch], Iterator[Flaw]]:
    """Return a `find` that runs one statement, which gives a flaw's columns for `%(after)s` and `%(until)s`.

    One statement sees one moment: what another transaction is just writing is never half there.
    """

    def find(stretch: Stretch) -> Iterator[Flaw]:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"after": stretch.after, "until": stretch.until, **arguments})
            yield from (Flaw(*row) for row in cursor.fetchall())

    return find
