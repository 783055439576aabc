"""The text of a file that was exported somewhere: UTF-8, UTF-16 or Windows-1252."""

from __future__ import annotations

import codecs

from letterbook.mime.characters import storable

_SAMPLE = 4096


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
