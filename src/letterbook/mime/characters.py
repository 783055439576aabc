"""Characters that cannot be stored or must not be shown as they came."""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"
_SURROGATES = re.compile("[\ud800-\udfff]")
# C0 and C1 controls, line separators, and the marks that reorder or hide the text around them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_ALL_BUT_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def storable(text: str) -> str:
    """Return the text with NUL and lone surrogates, which PostgreSQL refuses, replaced by U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", REPLACEMENT)
    return text if text.isascii() else _without_surrogates(text)


def single_line(text: str) -> str:
    """Return the text on one line: no control or reordering characters, white space collapsed."""
    if not text.isprintable():
        text = _SURROGATES.sub(REPLACEMENT, _UNSEEN.sub(_blank_or_nothing, text))
    return " ".join(text.split())


def without_controls(text: str) -> str:
    """Return the text as it can be stored, without control characters; its lines and tabs stay."""
    return storable(_ALL_BUT_LINES.sub("", text))


def has_controls(text: str) -> bool:
    """Return whether there is a control character, a line break of any kind or half a character."""
    return _CONTROLS.search(text) is not None


def cut_to_bytes(text: str, limit: int) -> str:
    """Return the longest beginning of the text that takes at most `limit` bytes of UTF-8."""
    text = text[:limit]
    if text.isascii():
        return text
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub(REPLACEMENT, text)
    return text


def _blank_or_nothing(found: re.Match[str]) -> str:
    return " " if found[0] in "\t\n\r\x0b\x0c\x85\u2028\u2029" else ""
