"""Thread scripts: the plain-text form in which the demo's correspondence is written, read into beats.

== Subject with {slots}
for: client lund           kinds of company, or companies, that it suits
needs: many fitting        what the project must have: two hundred of something, or walls to fit it to
stage: 3                   0 (first contact) to 9 (paid) within a project
with: them=ruth me=priya   who plays it, where that matters; without `for` it is played once
ends: 2d4h                 how long before now its last email came

-- them | +5h | cc mate also | pdf {pieces} v2
The words, with [one|another] way to put them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

from letterbook.demo.cast import TEXTS
from letterbook.demo.letters import Kind

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class BadScript(Exception):
    """A thread script cannot be read; the message quotes the place."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One email of a script."""

    role: str
    words: str
    after: timedelta
    cc: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()  # kind, name
    is_from_phone: bool = False
    has_table: bool = False
    is_alone: bool = False  # only to whoever wrote before, not to all
    kind: Kind = "letter"


@dataclass(frozen=True, slots=True)
class Script:
    """One conversation, for whoever plays it."""

    subject: str
    beats: tuple[Beat, ...]
    suits: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    stage: int = 5
    cast: dict[str, str] = field(default_factory=dict)
    ends: timedelta | None = None


@cache
def read_scripts() -> tuple[Script, ...]:
    """Return every script, in the order of the files' names."""
    folder = sorted((TEXTS / "threads").iterdir(), key=lambda file: file.name)
    return tuple(
        script for file in folder for script in parse_scripts(file.read_text(encoding="utf-8"))
    )


def parse_scripts(text: str) -> Iterator[Script]:
    """Yield the scripts of a file; raise `BadScript` for what is none."""
    _, *blocks = re.split(r"(?m)^== ", text)
    for block in blocks:
        head, *beats = re.split(r"(?m)^-- ", block)
        yield _script(head, tuple(_beat(one) for one in beats))


def duration(text: str) -> timedelta:
    """Return how long `2d4h` or `40m` is."""
    found = re.findall(r"(\d+)([dhm])", text)
    if not found or "".join(number + unit for number, unit in found) != text:
        raise BadScript(f"{text!r} is no duration")
    return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in found), timedelta())


def _script(head: str, beats: tuple[Beat, ...]) -> Script:
    subject, *lines = head.strip().splitlines()
    options = dict(_option(line) for line in lines)
    if unknown := set(options) - {"for", "needs", "stage", "with", "ends"}:
        raise BadScript(f"{subject}: unknown {sorted(unknown)}")
    return Script(
        subject=subject.strip(),
        beats=beats,
        suits=frozenset(options.get("for", "").split()),
        needs=frozenset(options.get("needs", "").split()),
        stage=int(options.get("stage", "5")),
        cast=dict(_pair(one) for one in options.get("with", "").split()),
        ends=duration(options["ends"]) if "ends" in options else None,
    )


def _option(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise BadScript(f"{line!r} is no option")
    return name.strip(), value.strip()


def _pair(text: str) -> tuple[str, str]:
    role, _, key = text.partition("=")
    return role, key


def _beat(block: str) -> Beat:
    head, _, words = block.partition("\n")
    role, *segments = (part.strip() for part in head.split("|"))
    read: dict[str, tuple[str, ...]] = {}
    attached: list[tuple[str, str]] = []
    after = timedelta()
    for segment in segments:
        name, _, value = segment.partition(" ")
        if name.startswith("+"):
            after = duration(name[1:])
        elif name in {"pdf", "png", "csv"}:
            attached.append((name, value))
        elif name in {"cc", "phone", "table", "alone", "away", "bounce"}:
            read[name] = tuple(value.split())
        else:
            raise BadScript(f"{head!r}: what is {segment!r}?")
    return Beat(
        role=role,
        words=words.strip(),
        after=after,
        cc=read.get("cc", ()),
        files=tuple(attached),
        is_from_phone="phone" in read,
        has_table="table" in read,
        is_alone="alone" in read,
        kind="away" if "away" in read else "bounce" if "bounce" in read else "letter",
    )
