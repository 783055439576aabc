"""The email that a report is about: where it begins inside the report, and what its headers say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from letterbook.mime.addresses import address_key, read_addresses
from letterbook.mime.encoded_words import header_text
from letterbook.mime.identity import message_ids
from letterbook.mime.parts import Part, Structure, header_lines
from letterbook.mime.send_keys import SEND_KEY_HEADER, read_send_key
from letterbook.mime.transfer import decoded_body

_RETURNED_TYPES = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
    | {"message/global", "message/partial"}
)
_FIELD = rb"[!-9;-~]{2,60}[ \t]*:[^\n]*\n(?:[ \t]+[^\s][^\n]*\n){0,30}"
# Somebody's headers begin where several follow one another and one of them is a mail server's.
_HEADERS = re.compile(rb"^(?=[A-Za-z-]{2,60}:)(?:" + _FIELD + rb"){3,80}", re.MULTILINE)
_OF_A_SERVER = re.compile(
    rb"^(?:received|return-path|message-id|dkim-signature|mime-version|x-mailer):", re.I | re.M
)
_SEPARATOR = re.compile(
    r"^[ \t>]*(?:[-=*_]{2,}[^\n]{0,30}\b(?:original|returned|copy of|below this line|undelivered"
    r"|message header|headers of|beginning of message|nachricht|origina[le])\b"
    r"|(?:original message follows|included is a copy of|message header follows"
    r"|the following is a copy)\b)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_MOST_HEADERS = 200
_LONGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Returned:
    """What a report returns of the email it is about: what it may be known by, its people's keys, its source."""

    message_ids: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    source: bytes = b""


def find_returned(structure: Structure) -> Returned:
    """Return what is known of the email that a report returns; nothing where it returns none."""
    for part in structure.leaves:
        if part.content_type in _RETURNED_TYPES:
            content, _ = decoded_body(structure.raw, part)
            found = _read(content.lstrip(b"\r\n"))
            if found.message_ids or found.recipients:
                return found
    for part in structure.leaves:
        if part.content_type.startswith("text/"):
            content, _ = decoded_body(structure.raw, part)
            if headers := _headers_in(content):
                return _read(headers)
    return Returned()


def is_returned(part: Part) -> bool:
    """Whether this part is the returned email, or its headers."""
    return part.content_type in _RETURNED_TYPES


def before_returned(text: str) -> str:
    """Return what a report says itself, before it repeats the email it is about."""
    ends = [len(text)]
    if separator := _SEPARATOR.search(text):
        ends.append(separator.start())
    content = text.encode("utf-8", "replace")
    if start := _start_of_headers(content):
        ends.append(len(content[:start].decode("utf-8", "replace")))
    return text[: min(ends)]


def _headers_in(content: bytes) -> bytes:
    content = content[:_LONGEST].replace(b"\r\n", b"\n")
    start = _start_of_headers(content)
    return content[start:] if start is not None else b""


def _start_of_headers(content: bytes) -> int | None:
    content = content[:_LONGEST]
    for found in _HEADERS.finditer(content):
        if _OF_A_SERVER.search(found[0]):
            return found.start()
    return None


def _read(content: bytes) -> Returned:
    headers: dict[str, list[bytes]] = {}
    for number, found in enumerate(header_lines(content[:_LONGEST])):
        if number >= _MOST_HEADERS:
            break
        headers.setdefault(found[1].decode("ascii").lower(), []).append(found[2])
    senders = _keys(headers, ("from", "sender", "return-path", "x-envelope-from"))
    return Returned(
        message_ids=tuple(dict.fromkeys([*_ids(headers), *_own_ids(headers, senders)])),
        senders=senders,
        recipients=_keys(headers, ("to", "cc", "bcc", "x-original-to", "delivered-to")),
        source=content[:_LONGEST],
    )


def _ids(headers: dict[str, list[bytes]]) -> Iterable[str]:
    for name in ("message-id", "x-google-original-message-id", "resent-message-id"):
        yield from message_ids(headers.get(name, ()))[:5]


def _own_ids(headers: dict[str, list[bytes]], senders: Sequence[str]) -> Iterable[str]:
    """The Message-ID an email had when it left here, before a provider gave it another."""
    key = read_send_key(headers.get(SEND_KEY_HEADER.lower(), ()))
    if key is not None:
        yield from (f"{key.hex}@{sender.rpartition('@')[2]}" for sender in senders[:1])


def _keys(headers: dict[str, list[bytes]], names: Sequence[str]) -> tuple[str, ...]:
    values = [value for name in names for value in headers.get(name, ())[:20]]
    found = [one for value in values for one in read_addresses(header_text(value))]
    return tuple(dict.fromkeys(address_key(one.email) for one in found))
