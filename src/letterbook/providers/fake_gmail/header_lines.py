"""Headers as the bytes they are, so that a message changes only where Gmail changes it."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses

_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*(?:\r?\n[ \t].*)*)(?:\r?\n|\Z)")


def head_of(raw: bytes) -> bytes:
    """Return the header block, up to the empty line."""
    if raw.startswith((b"\r\n", b"\n")):
        return b""
    end = _END.search(raw)
    return raw[: end.start()] if end else raw


def fields_of(raw: bytes) -> list[tuple[str, str]]:
    """Return every header field, unfolded, in order."""
    return [(name.decode("ascii"), _unfold(value)) for name, value in _FIELD.findall(head_of(raw))]


def _unfold(value: bytes) -> str:
    text = value.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()
    return re.sub(r"\r?\n(?=[ \t])", "", text).strip()


def without(raw: bytes, *names: str) -> bytes:
    """Return `raw` without the header fields of these names; every other byte stays."""
    unwanted = {name.lower().encode() for name in names}
    head = head_of(raw)
    kept = _FIELD.sub(lambda one: b"" if one[1].lower() in unwanted else one[0], head)
    if kept == head:
        return raw
    rest = raw[len(head) :]
    # The last field has no line end of its own inside the block.
    return kept.removesuffix(b"\n").removesuffix(b"\r") + rest if kept else rest.lstrip(b"\r\n")


def with_first(raw: bytes, *fields: tuple[str, str]) -> bytes:
    """Return `raw` with these fields put in front, as each relay does."""
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in fields) + raw


def replaced(raw: bytes, name: str, value: str) -> bytes:
    """Return `raw` with one field `name` that says `value`, in front."""
    return with_first(without(raw, name), (name, value))


def readable(value: str) -> str:
    """Return a header's text with its encoded words decoded, or as it is when they are broken."""
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value


def addresses_in(*values: str) -> list[str]:
    """Return the bare addresses in header values, in lower case."""
    return [address.casefold() for _, address in getaddresses(list(values)) if "@" in address]
