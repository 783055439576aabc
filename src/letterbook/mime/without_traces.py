"""A message without what only one of its mailboxes may tell: who got it by Bcc, and the way by which it came."""

from __future__ import annotations

import re

from letterbook.mime.parts import header_lines

# Delivery writes the recipient's own address into many headers, whose names nobody has ever listed completely.
_TRACES = re.compile(
    rb"bcc|resent-.*|x-.*|received.*|delivered-to|envelope-to|return-path|original-recipient|apparently-to"
    rb"|arc-.*|authentication-results|list-(?:help|unsubscribe.*)|errors-to|feedback-id",
    re.IGNORECASE,
)


def without_traces(raw: bytes) -> bytes:
    """Return a message's source without its Bcc and the headers that its delivery to one mailbox left."""
    if b"\n" not in raw[:100_000]:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # A mailbox file's separator may stand before the headers; it names the sender only.
    position = raw.index(b"\n") + 1 if raw.startswith((b"From ", b">From ")) and b"\n" in raw else 0
    kept = [raw[:position]]
    for found in header_lines(raw, position):
        position = found.end()
        if not _TRACES.fullmatch(found[1]):
            kept.append(found[0])
    return b"".join([*kept, raw[position:]])
