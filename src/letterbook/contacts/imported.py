"""What an import reads and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

MAX_BYTES = 32 * 1024 * 1024
MAX_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One person as the file tells of them; `line` is where that begins. Nothing is checked yet.

    `owner` is the address of the team-mate who looks after them; `others` is what the file says under headings of its
    own, some of which may be fields of the team's.
    """

    line: int
    fields: dict[str, str | None] = field(default_factory=dict)
    owner: str = ""
    addresses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    others: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was left out, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ContactImport:
    """How many rows created a contact, filled one in, and told nothing new; and the rows that were left out.

    `unknown_owners` are addresses of nobody in the team: those contacts have no owner. `gained` are the contacts that
    got an address: the mail stored with it is theirs to be linked.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: tuple[RefusedRow, ...] = ()
    unknown_owners: tuple[str, ...] = ()
    gained: tuple[UUID, ...] = ()
