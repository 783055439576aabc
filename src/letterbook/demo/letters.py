"""An email of the demo before it is bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from letterbook.demo.cast import Person

Kind = Literal["letter", "away", "bounce"]


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a letter."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """One email by one of the cast, and the letter it answers. Message-IDs are without their brackets."""

    message_id: str
    at: datetime
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    text: str
    answers: Letter | None = None
    enclosures: tuple[Enclosure, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    is_from_phone: bool = False
    kind: Kind = "letter"
    earlier: tuple[
        str, ...
    ] = ()  # Message-IDs before it, where the letters themselves are not known

    @property
    def people(self) -> tuple[Person, ...]:
        """Everyone it is from or to, the sender first."""
        return (self.sender, *self.to, *self.cc)

    @property
    def references(self) -> tuple[str, ...]:
        """The Message-IDs of the letters before it, oldest first."""
        if self.answers is None:
            return self.earlier
        return (*self.answers.references, self.answers.message_id)
