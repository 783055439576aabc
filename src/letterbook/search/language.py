"""The search language: what somebody typed becomes a `Question`.

catalogue proof "spring edition" letter*      words, an exact phrase, a beginning; all of them must be there
from:anna to:boris with:anna@lind.example     who wrote it, who got it, who is on it
subject:offer has:attachment                  what it is about, what it brings
in:inbox in:sent before:2026-11-01 after:2025 which way it went, and when
mailbox:priya                                 which of the team's mailboxes holds it
in:notes                                      only notes, calls, meetings and tasks
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from letterbook.correspondence.models import Direction
from letterbook.correspondence.words import fold_words
from letterbook.kit.refusals import Invalid

MAX_LENGTH = 1_000
MAX_PARTS = 30

_PART = re.compile(r'(?:(?P<filter>[^\W\d_]+):(?!//))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]*))\s*')
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_SHORTEST_BEGINNING = 2
# Scripts whose characters count as words of their own.
SPACELESS = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_FILTERS = (
    "from: to: with: subject: mailbox: has:attachment in:inbox in:sent in:notes before: after:"
)
_NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words that must stand side by side; the last may be only the beginning of a word."""

    words: tuple[str, ...]
    is_beginning: bool = False
    # The one address this stands for, where it was typed as an address.
    address: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to find; everything in it must hold."""

    anywhere: tuple[Term, ...] = ()
    subject: tuple[Term, ...] = ()
    sender: tuple[Term, ...] = ()
    recipient: tuple[Term, ...] = ()
    anyone: tuple[Term, ...] = ()
    # Addresses of the team's, or how they begin.
    mailboxes: tuple[str, ...] = ()
    has_attachment: bool = False
    direction: str = ""
    is_in_notes: bool = False
    before: date | None = None
    after: date | None = None

    @property
    def is_about_email(self) -> bool:
        """Whether only an email can answer it: what people wrote has no sender, subject or files."""
        people = (*self.sender, *self.recipient)
        asked = (people, self.subject, self.mailboxes, self.has_attachment, self.direction)
        return any(asked)


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece of what was typed."""

    written: str
    filter: str
    value: str
    is_phrase: bool


def read_question(text: str) -> Question:
    """Return what a search text asks for; raise `Invalid` naming the part that cannot be understood."""
    if len(text) > MAX_LENGTH:
        raise _not_understood(f"A search can have {MAX_LENGTH} characters at most.")
    if text.count('"') % 2:
        raise _not_understood(
            'A phrase begins with " but does not end.', 'Close it with another ".'
        )
    parts = list(_parts(text))
    if len(parts) > MAX_PARTS:
        raise _not_understood(f"A search can have {MAX_PARTS} parts at most.")
    question = Question()
    for part in parts:
        question = _add(question, part)
    if question == Question():
        raise _not_understood(
            "There is nothing to look for.", f"Type a word, a name, or one of {_FILTERS}."
        )
    if question.is_in_notes and question.is_about_email:
        raise _not_understood(
            "Notes have no sender, subject or files.",
            "Leave in:notes out, or what asks about emails.",
        )
    return question


def _parts(text: str) -> Iterator[_Part]:
    text = text.replace("\0", " ").strip()
    place = 0
    while place < len(text):
        found = _PART.match(text, place)
        assert found is not None  # noqa: S101 - every alternative may be empty, so it always matches
        place = max(found.end(), place + 1)
        phrase = found["phrase"]
        yield _Part(
            written=found[0].strip(),
            filter=(found["filter"] or "").casefold(),
            value=(found["word"] if phrase is None else phrase) or "",
            is_phrase=phrase is not None,
        )


def _add(question: Question, part: _Part) -> Question:
    if not part.filter:
        term = _term(part)
        return replace(question, anywhere=(*question.anywhere, term)) if term else question
    if part.filter in _PLACES:
        return _add_term(question, part)
    if part.filter == "status":
        raise _not_understood(
            "What has a status is in the outbox, not here.",
            "Open the outbox: drafts, queued, sent and failed emails have a list each.",
        )
    if part.filter not in _SETTINGS:
        raise _not_understood(
            f'There is no filter "{part.filter}:".',
            f'Use {_FILTERS}, or put "{part.written}" in quotes.',
        )
    return _SETTINGS[part.filter](question, part)


def _add_term(question: Question, part: _Part) -> Question:
    term = _term(part)
    if term is None:
        raise _not_understood(
            f'"{part.written}" says nothing to look for.',
            f"Write it without a blank, as {part.filter}:anna.",
        )
    return _PLACES[part.filter](question, term)


def _term(part: _Part) -> Term | None:
    is_beginning = part.value.endswith("*") and not part.is_phrase
    words = tuple(fold_words(part.value).split())
    if is_beginning and words and _is_too_short(words[-1]):
        raise _not_understood(
            f'"{part.written}" begins too many words.',
            f"Give at least {_SHORTEST_BEGINNING} letters before the *.",
        )
    return Term(words, is_beginning, _address(part.value)) if words else None


def _is_too_short(beginning: str) -> bool:
    return len(beginning) < _SHORTEST_BEGINNING and not SPACELESS.match(beginning)


def _address(value: str) -> str:
    local, _, domain = value.partition("@")
    is_one = local and "." in domain and "@" not in domain and "*" not in value
    return value.lower() if is_one and value.isascii() else ""


def _with_attachment(question: Question, part: _Part) -> Question:
    if fold_words(part.value) not in {"attachment", "attachments", "file", "files"}:
        raise _not_understood(f'"{part.written}" is not known.', "Use has:attachment.")
    return replace(question, has_attachment=True)


def _in_mailbox(question: Question, part: _Part) -> Question:
    if not part.value:
        raise _not_understood(
            f'"{part.written}" names no mailbox.', "Write it without a blank, as mailbox:anna."
        )
    return replace(question, mailboxes=(*question.mailboxes, part.value.casefold()))


def _in_place(question: Question, part: _Part) -> Question:
    if part.value.casefold() == _NOTES:
        return replace(question, is_in_notes=True)
    directions = {"sent": Direction.OUTGOING, "inbox": Direction.INCOMING}
    direction = directions.get(part.value.casefold())
    if direction is None or (question.direction and question.direction != direction):
        raise _not_understood(
            f'"{part.written}" is not known, or contradicts another.',
            "Use in:inbox, in:sent or in:notes.",
        )
    return replace(question, direction=direction.value)


def _with_end(question: Question, part: _Part) -> Question:
    return replace(question, before=_day(part))


def _with_begin(question: Question, part: _Part) -> Question:
    return replace(question, after=_day(part))


def _day(part: _Part) -> date:
    found = _DAY.fullmatch(part.value.replace("/", "-"))
    try:
        if found:
            return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        pass  # there is no such day: said below, in the same words as for any other nonsense
    raise _not_understood(
        f'"{part.written}" is not a day.', f"Write it as {part.filter}:2026-11-30, 2026-11 or 2026."
    )


def _not_understood(message: str, way_out: str = "") -> Invalid:
    return Invalid(message, way_out=way_out, field="q")


_PLACES: dict[str, Callable[[Question, Term], Question]] = {
    "from": lambda question, term: replace(question, sender=(*question.sender, term)),
    "to": lambda question, term: replace(question, recipient=(*question.recipient, term)),
    "with": lambda question, term: replace(question, anyone=(*question.anyone, term)),
    "subject": lambda question, term: replace(question, subject=(*question.subject, term)),
}
_SETTINGS: dict[str, Callable[[Question, _Part], Question]] = {
    "has": _with_attachment,
    "in": _in_place,
    "mailbox": _in_mailbox,
    "before": _with_end,
    "after": _with_begin,
}
