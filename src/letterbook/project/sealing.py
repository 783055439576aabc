"""A seal: the last hash of every history, in a file that is kept where the database cannot be written from.

Who can write past the triggers can compute new hashes as well; a seal that is older than the change tells.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from uuid import UUID

from django.db import connection

from letterbook.kit.refusals import Conflict, Invalid
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.models import Team
from letterbook.teams.proving import Flaw, Proof, Stretch

_EMAIL, _TEAM = "email", "team"


@dataclass(frozen=True, slots=True)
class _Sealed:
    """One history as it was when it was sealed: how many lines it had, and the last one's hash."""

    kind: str
    id: UUID
    team_id: UUID
    number: int
    hash: bytes


def write_seal(path: Path) -> int:
    """Write the seal into a new file and return how many histories it names; raise `Conflict` if there is a file."""
    try:
        with path.open("x", encoding="utf-8") as file:
            return sum(1 for sealed in _ends() if file.write(_written(sealed)))
    except FileExistsError as error:
        raise Conflict(
            f"There is a file {path} already, and a seal is never overwritten.",
            way_out="Choose another name.",
        ) from error
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.", field="seal") from error


def _written(sealed: _Sealed) -> str:
    row = (sealed.kind, str(sealed.id), str(sealed.team_id), sealed.number, sealed.hash.hex())
    return json.dumps(row) + "\n"


def _ends() -> Iterator[_Sealed]:
    emails = OutgoingEmail.objects.order_by("pk").values_list(
        "pk", "team_id", "history_length", "history_hash"
    )
    for pk, team_id, number, last in emails.iterator():
        yield _Sealed(_EMAIL, pk, team_id, number, bytes(last))
    teams = Team.objects.order_by("pk").values_list("pk", "audit_length", "audit_hash")
    for pk, number, last in teams.iterator():
        yield _Sealed(_TEAM, pk, pk, number, bytes(last))


def proofs_of_seal(path: Path) -> tuple[Proof, ...]:
    """Return the proofs that every line up to the seal is the one that was sealed; raise `Invalid` for no seal."""
    sealed = sorted(_read(path), key=attrgetter("id"))
    way_out = (
        "Somebody rewrote the database, hashes included. Compare with a backup as old as the seal."
    )
    return (
        Proof(
            name="sealed histories",
            claim="Each history that was sealed still holds what it held then.",
            walks=OutgoingEmail,
            find=_compares([one for one in sealed if one.kind == _EMAIL], _COMPARE_HISTORIES),
            way_out=way_out,
        ),
        Proof(
            name="sealed audit logs",
            claim="Each audit log that was sealed still holds what it held then.",
            walks=Team,
            find=_compares([one for one in sealed if one.kind == _TEAM], _COMPARE_AUDIT_LOGS),
            way_out=way_out,
        ),
    )


def _read(path: Path) -> Iterator[_Sealed]:
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                kind, pk, team_id, number, digest = json.loads(line)
                yield _Sealed(kind, UUID(pk), UUID(team_id), int(number), bytes.fromhex(digest))
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.", field="against") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid(
            f"{path} is no seal.", way_out="Name a file that --seal wrote.", field="against"
        ) from error


def _compares(sealed: Sequence[_Sealed], statement: str) -> Callable[[Stretch], Iterator[Flaw]]:
    def find(stretch: Stretch) -> Iterator[Flaw]:
        first = bisect_right(sealed, stretch.after, key=attrgetter("id"))
        last = bisect_right(sealed, stretch.until, key=attrgetter("id"))
        # Nothing was written into an empty history yet.
        mine = {one.id: one for one in sealed[first:last] if one.number}
        for pk in _broken(mine, statement):
            what = (
                f"line {mine[pk].number} of its history is not the one that was sealed, or is gone"
            )
            yield Flaw(pk, mine[pk].team_id, "", what)

    return find


def _broken(sealed: dict[UUID, _Sealed], statement: str) -> list[UUID]:
    numbers = [one.number for one in sealed.values()]
    hashes = [one.hash for one in sealed.values()]
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(sealed), numbers, hashes])
        return [pk for (pk,) in cursor]


_COMPARE_HISTORIES = """
    SELECT sealed.id FROM unnest(%s::uuid[], %s::int[], %s::bytea[]) AS sealed (id, number, hash)
    LEFT JOIN outgoing_statuschange line ON line.email_id = sealed.id AND line.number = sealed.number
    WHERE line.hash IS DISTINCT FROM sealed.hash ORDER BY sealed.id
"""
_COMPARE_AUDIT_LOGS = """
    SELECT sealed.id FROM unnest(%s::uuid[], %s::int[], %s::bytea[]) AS sealed (id, number, hash)
    LEFT JOIN teams_auditentry line ON line.team_id = sealed.id AND line.number = sealed.number
    WHERE line.hash IS DISTINCT FROM sealed.hash ORDER BY sealed.id
"""
