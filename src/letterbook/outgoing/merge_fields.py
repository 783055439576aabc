"""Merge fields such as {{ contact.first_name | "there" }}: found and replaced, never executed.

There is no language behind them: a name, and words for when there is nothing to put in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape, unescape

from letterbook.mime.characters import single_line

# An editor may put tags around a field but not into it; what it writes between the braces may be escaped.
_FIELD = re.compile(r"\{\{([^{}<>]{1,400})\}\}")
# As typed, and as an editor or a language turns them: “ ” „ « » and the single ones.
_QUOTE = "[\"'\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb]"
_INSIDE = re.compile(
    rf"\s*(?P<name>[a-z_]+\.[a-z_]+)\s*(?:\|\s*{_QUOTE}(?P<otherwise>.*){_QUOTE}\s*)?",
    re.IGNORECASE | re.DOTALL,
)
# As other programs write them, "first_name" or "First Name": no field here, and nothing to send to a customer either.
_MEANT = re.compile(r"\s*([^\W\d][\w .-]{0,60}?)\s*(?:\|.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Merged:
    """A text with its fields filled, and the names of those that had nothing to be filled with."""

    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    otherwise: str | None


def merge_text(text: str, values: Mapping[str, str]) -> Merged:
    """Return a text of one line with its fields filled; a value's line breaks become spaces."""
    return _merge(text, values, written=single_line)


def merge_html(html: str, values: Mapping[str, str]) -> Merged:
    """Return HTML with its fields filled; a value is text, whatever it looks like."""
    return _merge(html, values, written=lambda value: escape(single_line(value)))


def fields_in(text: str) -> tuple[str, ...]:
    """Return what stands in double braces in a text, each once: a field's name, or what was meant for one."""
    found = (_named(one) for one in _FIELD.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name))


def _named(found: re.Match[str]) -> str:
    field = _read(found)
    meant = _MEANT.fullmatch(unescape(found[1]).replace("\xa0", " "))
    return field.name if field else meant[1] if meant else ""


def _merge(text: str, values: Mapping[str, str], *, written: Callable[[str], str]) -> Merged:
    missing: dict[str, None] = {}

    # One pass: what a value brings along is never looked at again.
    def fill(found: re.Match[str]) -> str:
        field = _read(found)
        if field is None:
            return found[0]
        value = values.get(field.name) or field.otherwise
        if value is None:
            missing[field.name] = None
            return found[0]
        return written(value)

    return Merged(_FIELD.sub(fill, text), tuple(missing))


def _read(found: re.Match[str]) -> _Field | None:
    inside = _INSIDE.fullmatch(unescape(found[1]).replace("\xa0", " "))
    return _Field(inside["name"].lower(), inside["otherwise"]) if inside else None
