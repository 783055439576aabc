"""How what somebody typed differs from what the draft holds by now."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from letterbook.kit.refusals import Invalid
from letterbook.mime.addresses import BadAddress, check_address
from letterbook.mime.html import clean_composed_html, html_to_text
from letterbook.mime.typed_addresses import split_typed
from letterbook.outgoing.attaching import pictures_of
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.recipients import read_addressees
from letterbook.web.typed import ADDRESS_FIELDS, Typed

_LABELS = {"to": "To", "cc": "Cc", "bcc": "Bcc", "subject": "Subject", "from_address": "From"}
_LONGEST = 240
# Comparing longer texts line by line could take seconds.
_MOST_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of an email as the one and as the other has it; empty means it is not there."""

    label: str
    mine: str
    theirs: str


def is_kept_already(typed: Typed, email: OutgoingEmail) -> bool:
    """Whether a draft holds exactly what was typed: an answer was lost on the way, and the same is sent once more."""
    try:
        there = read_addressees(to=typed.text.to, cc=typed.text.cc, bcc=typed.text.bcc)
    except Invalid:
        return False
    rows = sorted(email.recipients.all(), key=lambda row: row.position)
    pictures = {one: one for one in pictures_of(email)}
    return (
        [(one.kind, one.address.key) for one in there] == [(row.kind, row.key) for row in rows]
        and typed.text.subject == email.subject
        and typed.text.from_address in {"", email.from_address}
        and typed.text.is_private in {None, email.is_private}
        and clean_composed_html(typed.text.html, pictures=pictures) == email.html
    )


def differences(mine: Typed, theirs: Typed) -> list[Difference]:
    """Return what differs between two versions of an email, the text by its first differing lines."""
    found = [
        Difference(label, one, other)
        for name, label in _LABELS.items()
        if (one := _part(mine, name)) != (other := _part(theirs, name))
    ]
    return found + _in_text(mine.text.html, theirs.text.html)


def _part(typed: Typed, name: str) -> str:
    text: str = getattr(typed.text, name)
    return ", ".join(map(_person, split_typed(text))) if name in ADDRESS_FIELDS else text


def _person(piece: str) -> str:
    """Return an address as it reads, however its name is quoted; what is none yet as it was typed."""
    try:
        found = check_address(piece)
    except BadAddress:
        return piece
    return f"{found.name} <{found.email}>" if found.name else found.email


def _in_text(mine: str, theirs: str) -> list[Difference]:
    own, other = _lines(mine), _lines(theirs)
    changes = SequenceMatcher(None, own, other, autojunk=False).get_opcodes()
    for kind, start, end, other_start, other_end in changes:
        if kind != "equal":
            return [
                Difference("Text", _short(own[start:end]), _short(other[other_start:other_end]))
            ]
    return []


def _lines(html: str) -> list[str]:
    return [line.strip() for line in html_to_text(html).split("\n") if line.strip()][:_MOST_LINES]


def _short(lines: list[str]) -> str:
    text = " ".join(lines)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
