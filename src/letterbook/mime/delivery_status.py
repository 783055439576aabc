"""Delivery reports in the form of RFC 3464: one block of fields for each recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from letterbook.mime.characters import single_line
from letterbook.mime.encoded_words import decoded_header
from letterbook.mime.parts import Structure, header_lines
from letterbook.mime.transfer import decoded_body

TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_MOST_BLOCKS = 500
_LONGEST = 256 * 1024
_ADDRESS = re.compile(r"[^\s<>;,\"'()]{1,120}@[^\s<>;,\"'()]{1,180}")
_CODE = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What a mail server reports of one recipient; `addresses` has the one it tried first, then the one written to."""

    addresses: tuple[str, ...]
    action: str
    code: str
    diagnostic: str


def read_statuses(structure: Structure) -> list[RecipientStatus]:
    """Return the recipients of a report with what became of each; none where it has no such part."""
    found: list[RecipientStatus] = []
    for part in structure.leaves:
        # A report whose boundaries are broken is one part, with the fields somewhere in it.
        if part.content_type in TYPES or part.content_type == "multipart/report":
            content, _ = decoded_body(structure.raw, part)
            found += [one for one in map(_read, _blocks(content)) if one is not None]
    return found


def _blocks(content: bytes) -> Iterator[dict[str, str]]:
    text = content[:_LONGEST].replace(b"\r\n", b"\n")
    for block in re.split(rb"\n[ \t]*\n", text)[:_MOST_BLOCKS]:
        fields: dict[str, str] = {}
        for found in header_lines(block.strip(b"\n") + b"\n"):
            fields.setdefault(found[1].decode("ascii").lower(), _line(found[2][:4000]))
        yield fields


def _line(value: bytes) -> str:
    # Japanese servers write their own charset into fields that should be ASCII.
    if b"\x1b$" in value:
        return single_line(value.decode("iso2022_jp", "replace"))
    return single_line(decoded_header(value))


def _read(fields: dict[str, str]) -> RecipientStatus | None:
    names = ("final-recipient", "original-recipient", "x-actual-recipient")
    addresses = [_address(fields[name]) for name in names if name in fields]
    if not any(addresses):
        return None
    diagnostic = fields.get("diagnostic-code", "")
    return RecipientStatus(
        addresses=tuple(dict.fromkeys(one for one in addresses if one)),
        action=fields.get("action", "").lower().partition(" ")[0].strip(";,."),
        code=_code(fields.get("status", "")),
        diagnostic=re.sub(r"^[\w-]+\s*;\s*", "", diagnostic),
    )


def _address(value: str) -> str:
    # "rfc822; <a@b>", and all the ways in which that is written wrongly.
    kind, semicolon, rest = value.partition(";")
    found = _ADDRESS.search(rest if semicolon else kind)
    return found[0].strip(".") if found else ""


def _code(value: str) -> str:
    found = _CODE.search(value)
    return found[1] if found else ""
