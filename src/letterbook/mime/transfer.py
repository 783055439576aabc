"""Undoing a part's Content-Transfer-Encoding, as far as the bytes allow."""

from __future__ import annotations

import binascii

from letterbook.mime.encoded_words import lenient_base64
from letterbook.mime.parts import Part

# As many lines of 45 bytes as the largest email can hold.
MAX_UUENCODED_LINES = 900_000
_UUENCODED = frozenset({"x-uuencode", "uuencode", "uue", "x-uue"})


def decoded_body(raw: bytes, part: Part) -> tuple[bytes, bool]:
    """Return a part's bytes, and whether they were damaged on the way."""
    encoding = (
        part.first("content-transfer-encoding").strip(b" \t\r\n;\"'").lower().decode("latin-1")
    )
    body = memoryview(raw)[part.start : part.end]
    if encoding == "base64":
        return lenient_base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body), False
    if encoding in _UUENCODED:
        return _uudecoded(bytes(body))
    return bytes(body), False


def _uudecoded(body: bytes) -> tuple[bytes, bool]:
    lines = iter(body.split(b"\n", MAX_UUENCODED_LINES))
    for line in lines:
        if line.startswith(b"begin "):
            break
    decoded, is_damaged = [], False
    for line in lines:
        if line.strip() in {b"end", b"`"}:
            break
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            is_damaged = True
    return b"".join(decoded), is_damaged
