"""What was typed or pasted into an address field, taken into one piece per address."""

from __future__ import annotations

import re
from collections.abc import Iterator

_QUOTED = r"\"(?:[^\"\\\n]|\\.)*+\""
_ANGLED = rf"<(?:{_QUOTED}|[^<>\"\n])*+>"
_SEPARATED = re.compile(rf"((?:{_QUOTED}|{_ANGLED}|[^,;\n])++)|([,;\n])")
# The name of a group, "Friends: a@x, b@y;", is nobody's address.
_GROUP = re.compile(r"\s*+(?:\"[^\"\n]{0,200}\"|[^\"@<>:\n]{0,200})\s*:\s*")
_MAILTO = re.compile(r"\s*+<?mailto:", re.IGNORECASE)
_ENDS = re.compile(rf"(?:{_QUOTED}|[^\"<>])*+{_ANGLED}")
_SURNAME = re.compile(r"\s*[^\W\d_a-z][\w'\u2019.-]*(?: [^\W\d_][\w'\u2019.-]*){0,2}\s*")
_FIRST_NAME = re.compile(r"\s*[^\W\d_a-z][^<>@,;\"]{0,60}<[^<>]+@[^<>]+>\s*")
_BULLET = re.compile(r"\s*+(?:[-*\u2022\u00b7]\s+|\d{1,3}[.)]\s+)")


def split_typed(text: str) -> list[str]:
    """Return one piece per address: commas, semicolons and lines separate, and so do brackets and spaces between them.

    A group's name is left out, and so are the marks of a list. "Lind, Anna <a@x.example>" is one piece.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces = [_bare(piece) for piece in _with_surnames(lines)]
    return [found for piece in pieces for found in _apart(piece) if found]


def _with_surnames(lines: str) -> Iterator[str]:
    """Yield what stands between separators; a surname and the comma behind it stay with the first name."""
    held = ""
    for found in _SEPARATED.finditer(lines):
        piece, separator = found[1], found[2]
        if separator:
            if held and separator != ",":
                yield held
                held = ""
            continue
        if held and _FIRST_NAME.fullmatch(piece):
            yield f'"{held.strip()}, {piece[: piece.index("<")].strip()}" {piece[piece.index("<") :]}'
            held = ""
            continue
        if held:
            yield held
        held = piece if _SURNAME.fullmatch(piece) else ""
        if not held:
            yield piece
    if held:
        yield held


def _bare(piece: str) -> str:
    if bullet := _BULLET.match(piece):
        piece = piece[bullet.end() :]
    if mailto := _MAILTO.match(piece):
        return piece[mailto.end() :].partition("?")[0].rstrip("> ")
    if group := _GROUP.match(piece):
        piece = piece[group.end() :]
    return piece.strip()


def _apart(piece: str) -> list[str]:
    """Return the addresses of a piece that only brackets, or only spaces, keep apart."""
    bracketed, position = [], 0
    while found := _ENDS.match(piece, position):
        bracketed.append(found[0].strip())
        position = found.end()
    if len(bracketed) > 1 and position == len(piece):
        return bracketed
    name, tab, last = piece.rpartition("\t")
    if tab and "@" in last and not set(name) & set('@<>"'):
        return [f'"{" ".join(name.split())}" <{last.strip()}>']  # two columns of a table
    words = piece.split()
    if len(words) > 1 and '"' not in piece and all(word.count("@") == 1 for word in words):
        return words
    return [piece]
