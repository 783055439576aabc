"""How each person begins and ends an email."""

from __future__ import annotations

import random
from html import escape

from letterbook.demo.cast import Person


def signed(
    words: str,
    sender: Person,
    *,
    to: tuple[Person, ...],
    number: int,
    is_from_phone: bool,
    chance: random.Random,
) -> str:
    """Return the words as the sender would send them; `number` is how many emails came before in the thread."""
    is_brief = number > 2 and chance.random() < 0.45
    parts = [] if is_brief else [_greeting(sender, to)]
    parts.append(words)
    parts.append(_ending(sender, is_brief=is_brief, is_first=number < 2 and not is_from_phone))
    if is_from_phone or sender.style == "phone":
        parts.append("Sent from my phone")
    return "\n\n".join(part for part in parts if part)


def _greeting(sender: Person, to: tuple[Person, ...]) -> str:
    names = " and ".join(person.first_name for person in to)
    return f"{sender.hello} {names},".strip() if sender.hello else f"{names},"


def _ending(sender: Person, *, is_brief: bool, is_first: bool) -> str:
    if is_brief:
        return sender.first_name
    names_itself = sender.bye.startswith((sender.first_name, f"{sender.first_name[0]}.", "Z"))
    ending = sender.bye if names_itself else f"{sender.bye}\n{sender.first_name}"
    if not is_first or sender.style == "phone":
        return ending
    return f"{ending}\n\n-- \n{sender.name}\n{sender.title}, {sender.company}\n{sender.phone}"


def signature_of(sender: Person) -> str:
    """Return what the sender's Gmail puts under a new email."""
    lines = (f"{sender.title}, {sender.company}", sender.phone)
    return f"<div><b>{escape(sender.name)}</b><br>{'<br>'.join(map(escape, lines))}</div>"
