"""What a contact answers when somebody of the team writes to them."""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from letterbook.demo.cast import TEXTS, Person, agency, contacts_by_address
from letterbook.demo.letters import Letter
from letterbook.demo.signing import signed
from letterbook.demo.wording import Wording, draw_figures
from letterbook.mime.parsing import ParsedMessage, parse_message

_AWAY = (
    "Thank you for your email. I am away until {day+6} and read nothing until then. "
    "If it cannot wait, please write to a colleague of mine; they know where I keep things."
)


@dataclass(frozen=True, slots=True)
class _Answer:
    words: tuple[str, ...]
    texts: tuple[str, ...]


def choose_answerer(recipients: Sequence[str]) -> Person | None:
    """Return the first recipient who is one of the cast, and so can answer."""
    known = contacts_by_address()
    return next((known[one] for one in recipients if one in known), None)


def answer_letter(raw: bytes, contact: Person, *, at: datetime, chance: random.Random) -> Letter:
    """Return the contact's answer to an email of the team, in the same thread and quoting it."""
    parsed = parse_message(raw)
    asked = _as_letter(parsed, contact, at=parsed.date or at)
    wording = Wording(draw_figures(chance), at.date(), chance)
    words = wording.fill(_AWAY if contact.is_away else chance.choice(_texts_for(parsed)))
    to = (asked.sender,)
    return Letter(
        message_id=_message_id(parsed.message_id, contact),
        at=at,
        sender=contact,
        to=to,
        cc=tuple(one for one in (*asked.to, *asked.cc) if one not in {contact, asked.sender}),
        subject=_answering(parsed.subject, contact),
        text=words if contact.is_away else signed(
            words, contact, to=to, number=len(parsed.references), is_from_phone=False, chance=chance
        ),
        answers=asked,
        kind="away" if contact.is_away else "letter",
    )  # fmt: skip


@cache
def _answers() -> tuple[_Answer, ...]:
    read = tomllib.loads((TEXTS / "answers.toml").read_text(encoding="utf-8"))
    return tuple(_Answer(tuple(one["words"]), tuple(one["texts"])) for one in read["answers"])


def _texts_for(parsed: ParsedMessage) -> tuple[str, ...]:
    said = f"{parsed.subject} {parsed.own_text}".casefold()
    return next(one.texts for one in _answers() if any(word in said for word in one.words))


def _as_letter(parsed: ParsedMessage, contact: Person, *, at: datetime) -> Letter:
    known = {one.person.address: one.person for one in agency().colleagues}
    known |= contacts_by_address()
    to = [known[one.key] for one in parsed.to if one.key in known]
    cc = [known[one.key] for one in parsed.cc if one.key in known]
    return Letter(
        message_id=parsed.message_id,
        at=at,
        sender=known[parsed.from_.key],
        to=tuple(to) or (contact,),
        cc=tuple(cc),
        subject=parsed.subject,
        text=parsed.own_text,
        earlier=parsed.references,
    )


def _answering(subject: str, contact: Person) -> str:
    if contact.is_away:
        return f"Automatic reply: {subject}"
    return subject if subject.casefold().startswith("re:") else f"Re: {subject}"


def _message_id(answered: str, contact: Person) -> str:
    digest = hashlib.sha256(f"{answered} {contact.address}".encode()).hexdigest()
    return f"{digest[:10]}.{digest[10:24]}@mail.{contact.address.partition('@')[2]}"
