"""Parsing: from the raw bytes of an email to what Letterbook keeps of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from letterbook.kit.pickling import Compact
from letterbook.mime.addresses import Address
from letterbook.mime.attachments import (
    AttachmentContent,
    AttachmentPart,
    NoSuchPart,
    content_id_of,
    content_type_of,
    filename_of,
)
from letterbook.mime.body import Body, read_body, shortened
from letterbook.mime.characters import cut_to_bytes
from letterbook.mime.headers import MAX_DATE, MAX_SUBJECT, Headers, unfolded
from letterbook.mime.identity import Digest, first_message_id, reference_chain
from letterbook.mime.parts import Structure, header_lines, read_structure
from letterbook.mime.quoting import split_quoted
from letterbook.mime.send_keys import SEND_KEY_HEADER, read_send_key
from letterbook.mime.transfer import decoded_body

__all__ = [
    "PARSER_VERSION",
    "AttachmentContent",
    "AttachmentPart",
    "NoSuchPart",
    "ParsedMessage",
    "Unparsable",
    "parse_message",
    "read_ancestors",
    "read_attachment",
    "read_attachments",
    "read_headers",
    "read_html",
    "read_text",
]

PARSER_VERSION: int = 1
MAX_OWN_TEXT = 64 * 1024
MAX_SNIPPET = 200


class Unparsable(Exception):
    """There is nothing in these bytes that could be an email."""


@dataclass(frozen=True, slots=True)
class ParsedMessage(Compact):
    """Everything that is kept of an email beside its raw source."""

    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    subject: str
    from_: Address
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    date: datetime | None
    date_header: str
    text: str
    own_text: str
    snippet: str
    has_html: bool
    attachments: tuple[AttachmentPart, ...]
    is_automatic: bool
    list_id: str
    digest: bytes
    warnings: tuple[str, ...]
    # The key under which it was sent from here; None for what was not.
    send_key: UUID | None = None

    @property
    def answered_id(self) -> str:
        """The Message-ID it answers, or "": without In-Reply-To, the nearest that it refers to."""
        others = (one for one in reversed(self.references) if one != self.message_id)
        return self.in_reply_to or next(others, "")


def parse_message(raw: bytes) -> ParsedMessage:
    """Return what an email says, or raise Unparsable where there is nothing to read."""
    if not raw.strip(b" \t\r\n\0"):
        raise Unparsable("The message is empty.")
    structure = read_structure(raw)
    headers = Headers(structure.root, structure.warnings)
    body = read_body(structure)
    from_, sender = headers.sender()
    whole_text, html = body.text, body.html
    digest = _started_digest(headers, from_, body)
    attachments = _attachments(structure, body, digest)
    in_reply_to = first_message_id(structure.root.headers.get("in-reply-to", ()))
    text = shortened(whole_text)
    own_text = cut_to_bytes(split_quoted(text).own, MAX_OWN_TEXT)
    return ParsedMessage(
        message_id=first_message_id(structure.root.headers.get("message-id", ())),
        in_reply_to=in_reply_to,
        references=reference_chain(structure.root.headers.get("references", ()), in_reply_to),
        subject=headers.line("subject", MAX_SUBJECT),
        from_=from_,
        sender=sender,
        reply_to=headers.addresses("reply-to"),
        to=headers.addresses("to"),
        cc=headers.addresses("cc"),
        bcc=headers.addresses("bcc"),
        date=headers.date(),
        date_header=headers.line("date", MAX_DATE),
        text=text,
        own_text=own_text,
        snippet=_snippet(own_text, text, attachments),
        has_html=html is not None,
        attachments=attachments,
        is_automatic=headers.is_automatic(),
        list_id=headers.list_id,
        digest=digest.value(),
        warnings=tuple(dict.fromkeys(structure.warnings)),
        send_key=read_send_key(structure.root.headers.get(SEND_KEY_HEADER.lower(), ())),
    )


def read_text(raw: bytes) -> str:
    """Return the readable text of an email, whole."""
    return read_body(read_structure(raw)).text


def read_html(raw: bytes) -> str | None:
    """Return the HTML of an email, whole and not safe to show, or None where it has none."""
    return read_body(read_structure(raw)).html


def read_headers(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Return the (name, decoded value) of each header, in the order they came."""
    return tuple((found[1].decode("ascii"), unfolded(found[2])) for found in header_lines(raw))


def read_ancestors(raw: bytes) -> tuple[str, ...]:
    """Return the Message-IDs of what an email answers, oldest first; the beginning of the email is enough."""
    headers = read_structure(raw).root.headers
    in_reply_to = first_message_id(headers.get("in-reply-to", ()))
    return reference_chain(headers.get("references", ()), in_reply_to)


def read_attachment(raw: bytes, number: int) -> AttachmentContent:
    """Return the attachment with this number, decoded, or raise NoSuchPart."""
    structure = read_structure(raw)
    if number not in read_body(structure).attachments:
        raise NoSuchPart(f"This email has no attachment number {number}.")
    return _content(structure, number)


def read_attachments(
    raw: bytes, numbers: Collection[int]
) -> Iterator[tuple[int, AttachmentContent]]:
    """Yield these attachments of an email with their numbers, each decoded only when its turn comes."""
    structure = read_structure(raw)
    for number in read_body(structure).attachments:
        if number in numbers:
            yield number, _content(structure, number)


def _content(structure: Structure, number: int) -> AttachmentContent:
    part = structure.leaves[number]
    content, _ = decoded_body(structure.raw, part)
    return AttachmentContent(filename_of(part, number), content_type_of(part), content)


def _started_digest(headers: Headers, from_: Address, body: Body) -> Digest:
    digest = Digest()
    message_id = first_message_id(headers.root.headers.get("message-id", ()))
    digest.add(message_id)
    digest.add(from_.key)
    digest.add("" if message_id else headers.line("date", MAX_DATE))
    digest.add(headers.line("subject", MAX_SUBJECT))
    # What was sent, not what we make of it: a better reader of HTML must not change who an email is.
    for section in body.sections:
        digest.add_text(section.plain or "")
        digest.add_text(section.html or "")
    return digest


def _attachments(structure: Structure, body: Body, digest: Digest) -> tuple[AttachmentPart, ...]:
    return tuple(_attachment(structure, body, number, digest) for number in body.attachments)


def _attachment(structure: Structure, body: Body, number: int, digest: Digest) -> AttachmentPart:
    part = structure.leaves[number]
    content, is_damaged = decoded_body(structure.raw, part)
    filename = filename_of(part, number)
    if is_damaged:
        structure.warnings.append(f"The attachment {filename} was damaged on its way.")
    digest.add(filename)
    digest.add(len(content).to_bytes(8, "big"))
    digest.add(blake2b(content, digest_size=16).digest())
    return AttachmentPart(
        number=number,
        filename=filename,
        content_type=content_type_of(part),
        size=len(content),
        content_id=content_id_of(part),
        is_inline=number in body.inline,
    )


def _snippet(own_text: str, text: str, attachments: tuple[AttachmentPart, ...]) -> str:
    for candidate in (own_text, text):
        if line := " ".join(candidate[: MAX_SNIPPET * 20].split()):
            return line[:MAX_SNIPPET].rstrip()
    return ", ".join(attachment.filename for attachment in attachments)[:MAX_SNIPPET]
