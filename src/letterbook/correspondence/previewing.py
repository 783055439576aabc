"""What can be shown of a file that came with an email, without opening it in a program of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass
from enum import StrEnum

from letterbook.correspondence.draw_pdf import MOST_SECONDS
from letterbook.kit.refusals import NotFound
from letterbook.mime.attachments import AttachmentContent
from letterbook.mime.charsets import decode_text
from letterbook.mime.parsing import ParsedMessage, Unparsable, parse_message
from letterbook.mime.pictures import picture_type

MAX_TEXT = 500_000
MAX_PAGES = 50
_TEXT_TYPES = {"application/json", "application/xml", "application/ics", "application/x-yaml"}
_TEXT_NAMES = (".txt", ".md", ".csv", ".tsv", ".log", ".json", ".xml", ".ics", ".vcf", ".yaml")
_UNKNOWN_TYPE = "application/octet-stream"
# Each takes up to a gigabyte while it draws.
_drawing = threading.BoundedSemaphore(2)


class Kind(StrEnum):
    """How a file can be shown."""

    PICTURE = "picture"
    PDF = "pdf"
    TEXT = "text"
    HTML = "html"
    EMAIL = "email"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as it can be shown; `trouble` says why not more of it is."""

    kind: Kind
    text: str = ""
    page_count: int = 0
    email: ParsedMessage | None = None
    trouble: str = ""


def kind_of(content_type: str, filename: str) -> Kind:
    """Return how a file with this type and name could be shown; its bytes may say otherwise."""
    name = filename.lower()
    if content_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}:
        return Kind.PICTURE
    if content_type == "application/pdf" or (
        content_type == _UNKNOWN_TYPE and name.endswith(".pdf")
    ):
        return Kind.PDF
    if content_type == "message/rfc822" or name.endswith(".eml"):
        return Kind.EMAIL
    if content_type == "text/html":
        return Kind.HTML
    is_text = content_type.startswith("text/") or content_type in _TEXT_TYPES
    return Kind.TEXT if is_text or name.endswith(_TEXT_NAMES) else Kind.NONE


def preview_of(file: AttachmentContent) -> Preview:
    """Return what can be shown of a file. Whatever is in it, this takes bounded time and raises nothing."""
    kind = kind_of(file.content_type, file.filename)
    if kind == Kind.PICTURE and picture_type(file.content) is None:
        return Preview(Kind.NONE, trouble="It says it is a picture, and is none.")
    if kind == Kind.PDF:
        return _pdf(file.content)
    if kind == Kind.EMAIL:
        return _email(file.content)
    if kind == Kind.TEXT:
        beginning = decode_text(file.content[:MAX_TEXT], "")
        is_cut = len(file.content) > MAX_TEXT
        return Preview(kind, text=beginning, trouble="Its beginning is shown." if is_cut else "")
    return Preview(kind)


def draw_page(file: AttachmentContent, number: int) -> bytes:
    """Return a page of a PDF file, counted from 0, as a PNG; raise `NotFound` where it cannot be drawn."""
    if kind_of(file.content_type, file.filename) == Kind.PDF and number < MAX_PAGES:
        drawn = _ask(file.content, str(number))
        if drawn is not None:
            return drawn
    raise NotFound("This page cannot be shown.", way_out="Download the file.")


def _pdf(content: bytes) -> Preview:
    answer = _ask(content, "count")
    if answer is None:
        return Preview(Kind.NONE, trouble="It is damaged, or locked with a password.")
    number = int(answer)
    more = f"Its first {MAX_PAGES} pages are shown, of {number:,}." if number > MAX_PAGES else ""
    return Preview(Kind.PDF, page_count=min(number, MAX_PAGES), trouble=more)


def _email(content: bytes) -> Preview:
    try:
        return Preview(Kind.EMAIL, email=parse_message(content))
    except Unparsable:
        return Preview(Kind.NONE, trouble="It says it is an email, and cannot be read as one.")


def _ask(content: bytes, what: str) -> bytes | None:
    command = [sys.executable, "-m", "letterbook.correspondence.draw_pdf", what]
    with _drawing:
        try:
            # Nothing of ours is in its environment: no key, no password, no address of the database.
            done = subprocess.run(  # noqa: S603 - our own program; what came by email is its input only
                command,
                input=content,
                env={"LANG": "C.UTF-8"},
                capture_output=True,
                timeout=MOST_SECONDS,
                check=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
    return done.stdout
