"""Which types of activity a contact's history has. Another app adds its own when it starts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from letterbook.kit.refusals import Invalid
from letterbook.timeline.models import ActivityType

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class KnownType:
    """A type of activity: its name in data, its words for people, and what it has beside a text.

    `has_length` says that it takes a while, `is_to_do` that it is due, somebody's, and done one day. `icon` is a class
    of the pages, empty for the common one. Email is the one type that people do not write here themselves.
    """

    name: str
    words: str
    plural: str
    prompt: str = ""
    has_length: bool = False
    is_to_do: bool = False
    icon: str = ""

    @property
    def is_written(self) -> bool:
        """Whether people write it into a history themselves."""
        return self.name != ActivityType.EMAIL


_known: dict[str, KnownType] = {
    kind.name: kind
    for kind in (
        KnownType("email", "Email", "Email"),
        KnownType("note", "Note", "Notes", prompt="A note"),
        KnownType("call", "Call", "Calls", prompt="What was said in the call", has_length=True),
        KnownType("meeting", "Meeting", "Meetings", prompt="What was agreed", has_length=True),
        KnownType("task", "Task", "Tasks", prompt="What is to be done", is_to_do=True),
    )
}


def register_activity_type(kind: KnownType) -> None:
    """Let people write one more type of activity; raise `ValueError` for a name that is taken or is none."""
    if not _NAME.fullmatch(kind.name):
        raise ValueError(f"{kind.name!r} is no name of a type: small letters, digits, _ . -")
    if _known.get(kind.name, kind) != kind:
        raise ValueError(f"There is a type {kind.name!r} already.")
    _known[kind.name] = kind


def activity_types() -> tuple[KnownType, ...]:
    """Return every type there is, in the order people are offered them."""
    return tuple(_known.values())


def find_activity_type(name: str) -> KnownType:
    """Return the type with this name, or raise `Invalid` naming those there are."""
    kind = _known.get(name)
    if kind is None:
        raise Invalid(
            f"There is no activity of type {name[:40]!r}.",
            way_out=f"Known are: {', '.join(_known)}.",
            field="type",
        )
    return kind


def type_of(name: str) -> KnownType:
    """Return the same for a stored activity; one whose app is gone is called by its name."""
    return _known.get(name) or KnownType(name, name.capitalize(), name.capitalize())


def to_do_types() -> tuple[str, ...]:
    """Return the names of the types that are to be done."""
    return tuple(kind.name for kind in _known.values() if kind.is_to_do)
