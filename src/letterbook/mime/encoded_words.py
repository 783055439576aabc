"""RFC 2047: words in a header that say in which charset they are written."""

from __future__ import annotations

import binascii
import re

from letterbook.mime.characters import storable
from letterbook.mime.charsets import decode_text

_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")


def header_text(value: bytes) -> str:
    """Return a raw header value as unfolded text, its encoded words still encoded."""
    return decode_text(value, "").replace("\r", "").replace("\n", "").strip()


def decode_words(text: str) -> str:
    """Return the text with its encoded words decoded; what is not one stays as it is."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    run: list[tuple[str, bytes]] = []
    position = 0
    for found in _WORD.finditer(text):
        between = text[position : found.start()]
        if not run or (between and not between.isspace()):
            pieces += [_joined(run), between]
            run = []
        run.append((found[1].lower(), _word_bytes(found[2], found[3])))
        position = found.end()
    return "".join([*pieces, _joined(run), text[position:]])


def _joined(run: list[tuple[str, bytes]]) -> str:
    # A letter of several bytes is often torn in two by the folding: same charset, joined before decoding.
    texts: list[str] = []
    charset, content = "", b""
    for next_charset, more in run:
        if next_charset != charset and content:
            texts.append(decode_text(content, charset))
            content = b""
        charset, content = next_charset, content + more
    if content:
        texts.append(decode_text(content, charset))
    return "".join(texts)


def _word_bytes(encoding: str, encoded: str) -> bytes:
    raw = encoded.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw.replace(b" ", b"_"), header=True)
    return lenient_base64(raw)[0]


def lenient_base64(content: bytes | memoryview) -> tuple[bytes, bool]:
    """Return what can be read of base64, and whether it was damaged."""
    try:
        return binascii.a2b_base64(content), False
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
        usable = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
        return binascii.a2b_base64(usable + b"=" * (-len(usable) % 4)), True


def decoded_header(value: bytes) -> str:
    """Return a raw header value as storable text with its encoded words decoded."""
    return storable(decode_words(header_text(value)))
