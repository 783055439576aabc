"""Putting another Message-ID into an email and leaving every other byte as it is."""

from __future__ import annotations

import re

_LINE = re.compile(rb"^Message-ID:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE)


def with_message_id(raw: bytes, message_id: str) -> bytes:
    """Return an email's bytes with this Message-ID, brackets included, in place of the first one."""
    line = b"Message-ID: " + message_id.encode("ascii", "replace")
    return _LINE.sub(lambda _: line, raw, count=1)
