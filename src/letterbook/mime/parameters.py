"""The value and parameters of a structured header: `type/subtype; name="value"` (RFC 2045, 2231)."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from letterbook.mime.charsets import decode_text
from letterbook.mime.encoded_words import decode_words, header_text

MAX_VALUE = 20_000
MAX_PARAMETERS = 200

_PARAMETER = re.compile(
    r";?\s*([^\s=;\"]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*+)\"?|([^;]*))|;|[^;]+", re.DOTALL
)
_ESCAPED = re.compile(r"\\([\"\\])")
_MAIN = re.compile(r"[^\s;,\"]+")
_PIECE = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*)?)?\Z")


def read_parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """Return the lower-case main value and the decoded parameters; of two alike the first wins."""
    return _short(value) if len(value) < 60 else _read(value)


@lru_cache(maxsize=1024)
def _short(value: bytes) -> tuple[str, dict[str, str]]:
    return _read(value)


def _read(value: bytes) -> tuple[str, dict[str, str]]:
    text = header_text(value[:MAX_VALUE])
    main = _MAIN.match(text)
    found: dict[str, str] = {}
    if not main:
        return "", found
    is_split = False
    for match in _PARAMETER.finditer(text, main.end()):
        name = match[1]
        if name and len(found) < MAX_PARAMETERS:
            raw = match[3].strip() if match[2] is None else _ESCAPED.sub(r"\1", match[2])
            found.setdefault(name.lower(), raw)
            is_split = is_split or "*" in name
    if is_split:
        found = _joined(found)
    return main[0].lower(), {name: decode_words(text) for name, text in found.items()}


def _joined(found: dict[str, str]) -> dict[str, str]:
    """Put RFC 2231 continuations together; the extended form of a name goes before the plain one."""
    plain = {name: text for name, text in found.items() if "*" not in name}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in found.items():
        if match := _PIECE.match(name):
            is_encoded = match[2] is None or match[3] is not None
            pieces.setdefault(match[1], {}).setdefault(int(match[2] or 0), (text, is_encoded))
    for name, numbered in pieces.items():
        plain[name] = _decoded([numbered[number] for number in sorted(numbered)])
    return plain


def _decoded(pieces: list[tuple[str, bool]]) -> str:
    if not any(is_encoded for _, is_encoded in pieces):
        return "".join(text for text, _ in pieces)
    charset, content = "", b""
    for number, (text, is_encoded) in enumerate(pieces):
        if number == 0 and is_encoded and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        content += unquote_to_bytes(text) if is_encoded else text.encode("utf-8", "replace")
    return decode_text(content, charset)
