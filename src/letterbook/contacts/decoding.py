"""The text of a file that was exported somewhere: UTF-8, UTF-16 or Windows-1252."""

from __future__ import annotations

import codecs
import re

from letterbook.mime.characters import storable

_SAMPLE = 4096
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A picture, a spreadsheet, a zip or a PDF tells it in its first bytes; a text has no such signs there.
_NO_TEXT = re.compile(rb"%PDF|GIF8|.{0,15}[\x01-\x08\x0e-\x1f]", re.DOTALL)


def is_text(content: bytes) -> bool:
    """Whether the file is one that a person could read in a text editor."""
    return content.startswith(_UTF16_MARKS) or not _NO_TEXT.match(content)


def decode_text(content: bytes) -> str:
    """Return the file's text; a byte that no encoding explains becomes a replacement sign."""
    if content.startswith(_UTF16_MARKS):
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
