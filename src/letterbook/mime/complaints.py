"""Complaints: a recipient marked an email as spam, and their provider tells its sender (RFC 5965)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from letterbook.mime.addresses import address_key
from letterbook.mime.characters import single_line
from letterbook.mime.encoded_words import decoded_header
from letterbook.mime.parts import Structure, header_lines
from letterbook.mime.returned_mail import Returned
from letterbook.mime.transfer import decoded_body

_TYPE = "message/feedback-report"
# What a recipient says. Others are a mail server's: that signatures failed, that this is no spam after all.
_BY_A_PERSON = frozenset({"abuse", "fraud", "virus", "miscategorized", "other", "opt-out"})
_OUTLOOK = re.compile(
    rb"^X-HmXmrOriginalRecipient:[ \t]*<?([!-;=?-~]{1,120}@[!-;=?-~]{1,180})", re.I | re.M
)
_LONGEST = 64 * 1024
_ADDRESS = re.compile(r"[^\s<>;,\"']{1,120}@[^\s<>;,\"']{1,180}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """Somebody's complaint, and the addresses by which they may be known."""

    kind: str
    addresses: tuple[str, ...]


def read_complaint(structure: Structure, returned: Returned) -> Complaint | None:
    """Return the complaint that an email brings, or None where it brings none."""
    part = next((one for one in structure.leaves if one.content_type == _TYPE), None)
    if part is None:
        return _outlooks_own(structure)
    content, _ = decoded_body(structure.raw, part)
    fields: dict[str, str] = {}
    for line in header_lines(content[:_LONGEST].lstrip(b"\r\n")):
        name = line[1].decode("ascii").lower()
        fields.setdefault(name, single_line(decoded_header(line[2][:1000])))
    kind = fields.get("feedback-type", "").lower()
    if kind not in _BY_A_PERSON:
        return None
    names = ("original-rcpt-to", "removal-recipient", "redacted-address")
    named = [found[0] for name in names if (found := _ADDRESS.search(fields.get(name, "")))]
    addresses = named or list(returned.recipients[:1])
    return Complaint(kind, tuple({address_key(one): one for one in addresses}.values()))


def _outlooks_own(structure: Structure) -> Complaint | None:
    """Outlook.com returns the email as it came, with a header that says who complained."""
    named = _OUTLOOK.search(structure.raw[:_LONGEST])
    return Complaint("abuse", (named[1].decode("ascii"),)) if named else None
