"""Composing: from what a person wrote to the exact bytes that are sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from letterbook.mime.addresses import Address, check_addresses
from letterbook.mime.header_writing import (
    BadHeader,
    check_line,
    check_subject,
    folded_addresses,
    folded_ids,
    folded_text,
    written_token,
)
from letterbook.mime.mime_writing import (
    attachment_part,
    html_part,
    multipart,
    picture_part,
    text_part,
)
from letterbook.mime.plain_version import plain_version

__all__ = ["Attachment", "BadHeader", "Composition", "check_subject", "compose", "text_size"]

# What is written from the other fields may not come in a second time by the back door.
_OURS = frozenset(
    [
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "sender",
    ]
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to be sent; with a content id it is a picture that the HTML shows as `cid:`."""

    filename: str
    content_type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Composition:
    """Everything an email is made from; equal compositions give equal bytes."""

    from_: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    subject: str
    html: str
    message_id: str
    date: datetime
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def compose(composition: Composition) -> bytes:
    """Return the email as bytes with CRLF lines, or raise BadHeader for what no header may hold."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in _headers(composition))
    return headers.encode("ascii") + _content(composition)


def text_size(html: str) -> int:
    """Return how many bytes a text has as it is sent: as HTML, and again as plain text."""
    return len(html_part(html, [], seed="")) + len(text_part(plain_version(html), subtype="plain"))


def _headers(composition: Composition) -> Iterator[tuple[str, str]]:
    message_id = folded_ids([composition.message_id])
    if not message_id:
        raise BadHeader("The Message-ID is not one; it is made of plain letters, digits and an @.")
    yield "From", folded_addresses([composition.from_])
    for name, addresses in (
        ("To", composition.to),
        ("Cc", composition.cc),
        ("Bcc", composition.bcc),
    ):
        if addresses:
            yield name, folded_addresses(addresses)
    yield "Subject", folded_text(check_subject(composition.subject))
    yield "Date", format_datetime(composition.date)
    yield "Message-ID", message_id
    if in_reply_to := folded_ids([composition.in_reply_to]):
        yield "In-Reply-To", in_reply_to
    if references := folded_ids(composition.references):
        yield "References", references
    for name, value in composition.headers:
        yield _further_header(name, value)
    yield "MIME-Version", "1.0"


def _further_header(name: str, value: str) -> tuple[str, str]:
    lowered = written_token(name).lower()
    if lowered in _OURS or lowered.startswith("content-"):
        raise BadHeader(f"{name} is written from the email itself and cannot be given again.")
    check_line(value, what=f"header {name}")
    if lowered == "reply-to":
        return name, folded_addresses(check_addresses(value))
    return name, folded_text(value.strip())


def _content(composition: Composition) -> bytes:
    seed, html = composition.message_id, composition.html
    pictures = [one for one in composition.attachments if _is_shown(one, html)]
    versions = [
        text_part(plain_version(html), subtype="plain"),
        html_part(html, [_as_picture(one) for one in pictures], seed=seed),
    ]
    readable = multipart("alternative", versions, seed=seed)
    files = [
        attachment_part(each.filename, each.content_type, each.content)
        for each in composition.attachments
        if not _is_shown(each, html)
    ]
    return multipart("mixed", [readable, *files], seed=seed) if files else readable


def _is_shown(file: Attachment, html: str) -> bool:
    return bool(file.content_id) and f'src="cid:{file.content_id}"' in html


def _as_picture(file: Attachment) -> bytes:
    check_line(file.content_id, what="picture's name")
    return picture_part(file.content_id, file.filename, file.content_type, file.content)
