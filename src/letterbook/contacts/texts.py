"""Text as it can be stored, and the text of a file that was exported somewhere: UTF-8, UTF-16 or Windows-1252."""

from __future__ import annotations

import codecs
import re

_SAMPLE = 4096
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def decode_text(content: bytes) -> str:
    """Return the file's text; a byte that no encoding explains becomes a replacement sign."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return storable(content.decode("utf-16", "replace"))
    if guessed := _unmarked_utf16(content[:_SAMPLE]):
        return storable(content.decode(guessed, "replace"))
    try:
        return storable(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return storable(content.decode("cp1252", "replace"))


def _unmarked_utf16(sample: bytes) -> str:
    """Latin text in UTF-16 has a NUL in nearly every other byte; in no other encoding does a text have any."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 4 < len(sample):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def storable(text: str) -> str:
    """Return `text` without what PostgreSQL cannot hold: NUL, and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def without_controls(text: str) -> str:
    """Return `text` as it can be stored, without control characters; its lines stay."""
    return _CONTROLS.sub("", storable(text))


def single_line_of(text: str) -> str:
    """Return the same in one line, without blanks too many."""
    return " ".join(without_controls(text).split())
