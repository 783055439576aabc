"""Contacts as vCards, as phones and address books export them (versions 3 and 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import vobject

from letterbook.contacts.imported import ImportRow, RefusedRow

_MAX_CARD = 1_000_000
# How a field of a team's own stands in a card: X-LETTERBOOK-FIELD;LABEL=Client since:2024-01-31
OWN_FIELD = "x-letterbook-field"
# The address of the team-mate who looks after them.
OWNER = "x-letterbook-owner"

# vobject reports a broken card with its own error or with whatever its decoding met.
_BROKEN = (
    vobject.base.VObjectError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
)


def looks_like_vcards(text: str) -> bool:
    """Whether this is a file of vCards."""
    return text[:2000].lstrip().upper().startswith("BEGIN:VCARD")


def read_vcards(text: str) -> Iterator[ImportRow | RefusedRow]:
    """Yield every card; one that cannot be read does not take the others with it."""
    for line, card in _cards(text):
        yield _read_card(line, card)


def _cards(text: str) -> Iterator[tuple[int, str]]:
    """Cut before reading: the reader itself would give up everything after the first broken card."""
    begins, lines = 0, list[str]()
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip().upper() == "BEGIN:VCARD":
            if lines:
                yield begins, "\r\n".join(lines)
            begins, lines = number, []
        if begins:
            lines.append(line)
        if line.strip().upper() == "END:VCARD" and lines:
            yield begins, "\r\n".join(lines)
            begins, lines = 0, []
    if lines:
        yield begins, "\r\n".join(lines)


def _read_card(line: int, card: str) -> ImportRow | RefusedRow:
    if len(card) > _MAX_CARD:
        return RefusedRow(line, "This card is larger than a million characters.")
    # Pictures are most of a card and not wanted; without them reading is quick.
    try:
        contents = vobject.readOne(_without_pictures(card)).contents
    except _BROKEN:
        contents = None
    if contents is None:
        return RefusedRow(line, "This card cannot be read.")
    return _row(line, contents)


def _without_pictures(card: str) -> str:
    return re.sub(
        r"^(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)[;:].*(?:\r\n[ \t].*)*\r\n",
        "",
        card,
        flags=re.I | re.M,
    )


# Any: vobject has no types.
def _row(line: int, contents: dict[str, Any]) -> ImportRow:
    return ImportRow(
        line=line,
        fields={
            "name": _text(contents, "fn") or _text(contents, "n"),
            "job_title": _text(contents, "title"),
            "company": _text(contents, "org"),
            "phone": _text(contents, "tel").removeprefix("tel:"),
            "note": _text(contents, "note"),
            "time_zone": _time_zone(contents),
        },
        owner=_text(contents, OWNER),
        addresses=tuple(
            text.removeprefix("mailto:")
            for one in contents.get("email", ())
            if (text := str(one.value).strip())
        ),
        tags=tuple(_categories(contents)),
        others={
            name: text
            for one in contents.get(OWN_FIELD, ())
            if (name := "".join(one.params.get("LABEL", ()))) and (text := str(one.value).strip())
        },
    )


def _categories(contents: dict[str, Any]) -> Iterator[str]:
    for one in contents.get("categories", ()):
        values = one.value if isinstance(one.value, list) else str(one.value).split(",")
        yield from (text for value in values if (text := str(value).strip()))


def _time_zone(contents: dict[str, Any]) -> str:
    """The card's time zone where it is one by name; an offset from UTC is none."""
    text = _text(contents, "tz")
    return text if "/" in text else ""


def _text(contents: dict[str, Any], name: str) -> str:
    """The first of a card's properties of this name, as one line; of an organisation its name without its units."""
    for one in contents.get(name, ()):
        value = one.value[0] if isinstance(one.value, list) and one.value else one.value
        if text := str(value).strip():
            return text if name == "note" else " ".join(text.split())
    return ""
