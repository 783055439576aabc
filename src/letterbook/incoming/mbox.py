"""Taking an mbox apart while it is read, so that memory holds one message and not the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

_BLOCK = 1024 * 1024
# A separator is judged with its whole line and the beginning of the next one in sight.
_IN_SIGHT = 4096
# What is kept of the bytes before, to see whether the line before was blank.
_CONTEXT = 4
_ENVELOPE = re.compile(rb"[^\r\n]*")
_HEADER_NEXT = re.compile(rb"\r?\n(?:[!-9;-~]+[ \t]*:|>From )")
_DATE = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2}"
    rb"|\d{1,2} +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))\b.*\d\d:\d\d"
)
_HINT_OF_DATE = re.compile(rb"\d\d:\d\d|\b(?:19|20)\d\d\b")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""


@dataclass(frozen=True, slots=True)
class MboxMessage:
    """One message of an mbox with the line that separates it from the one before."""

    envelope: str
    raw: bytes


def split_mbox(stream: Readable) -> Iterator[MboxMessage]:
    """Return the messages of an mbox in order, their `>From ` lines unquoted (mboxrd)."""
    pieces: list[bytes] = []
    window, seen = b"", 0
    while block := stream.read(_BLOCK):
        window += block
        places, sure = _find_separators(window, seen, in_sight=_IN_SIGHT)
        for place in places:
            pieces.append(window[seen:place])
            yield from _message(pieces)
            pieces, seen = [], place
        pieces.append(window[seen:sure])
        window, seen = window[max(0, sure - _CONTEXT) :], min(sure, _CONTEXT)
    for place in _find_separators(window, seen, in_sight=0)[0]:
        pieces.append(window[seen:place])
        yield from _message(pieces)
        pieces, seen = [], place
    yield from _message([*pieces, window[seen:]])


def _find_separators(window: bytes, seen: int, *, in_sight: int) -> tuple[list[int], int]:
    """Return where messages begin after `seen`, and up to where this is sure before more is read."""
    places: list[int] = []
    place = seen if _begins_a_line(window, seen) else _next_from(window, seen)
    while place >= 0:
        if in_sight and place > len(window) - in_sight:
            return places, place
        if window.startswith(b"From ", place) and _is_separator(window, place):
            places.append(place)
        place = _next_from(window, place)
    last_line = window.rfind(b"\n") + 1
    is_cut = in_sight and b"From ".startswith(window[last_line:])
    return places, max(seen, last_line) if is_cut else len(window)


def _begins_a_line(window: bytes, place: int) -> bool:
    return place == 0 or window[place - 1 : place] == b"\n"


def _next_from(window: bytes, place: int) -> int:
    found = window.find(b"\nFrom ", place)
    return found + 1 if found >= 0 else -1


def _is_separator(window: bytes, start: int) -> bool:
    """Two of three: a date in the line, a blank line before it, a header after it."""
    envelope = _ENVELOPE.match(window, start)
    end = envelope.end() if envelope else start
    is_after_blank = start == 0 or window[max(0, start - 3) : start].endswith((b"\n\n", b"\n\r\n"))
    has_header_next = _HEADER_NEXT.match(window, end) is not None
    if _DATE.search(window, start, end):
        return is_after_blank or has_header_next
    hint = _HINT_OF_DATE.search(window, start, end)
    return is_after_blank and has_header_next and hint is not None


def _message(pieces: list[bytes]) -> Iterator[MboxMessage]:
    whole = b"".join(pieces)
    # A message may be large: at no time are there more than two of it.
    pieces.clear()
    if not whole or whole.isspace():
        return
    start = (whole.find(b"\n") + 1 or len(whole)) if whole.startswith(b"From ") else 0
    envelope, raw = whole[:start], whole[start : _end_of_message(whole)]
    del whole
    if b">From " in raw:
        raw = _QUOTED_FROM.sub(rb"\1", raw)
    yield MboxMessage(envelope.decode("utf-8", "replace").strip(), raw)


def _end_of_message(whole: bytes) -> int:
    """The blank line before the next separator belongs to the mbox, not to the message."""
    for ending in (b"\r\n\r\n", b"\n\n"):
        if whole.endswith(ending):
            return len(whole) - len(ending) // 2
    return len(whole)
