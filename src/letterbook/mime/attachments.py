"""Attachments: which parts are some, and a file name for each that is safe anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from letterbook.kit.pickling import Compact
from letterbook.mime.characters import single_line
from letterbook.mime.parameters import read_parameters
from letterbook.mime.parts import Part

MAX_FILENAME = 200
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_FORBIDDEN = re.compile(r'[<>:"|?*\u200c\u200d\u200e\u200f\u061c]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt",
    "text/calendar": ".ics",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/csv": ".csv",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/pgp-signature": ".asc",
    "application/pkcs7-signature": ".p7s",
}


# What a double click runs, on one system or another: programs, scripts, installers, disks, documents with macros.
_RUNS = re.compile(
    r"\.(?:exe|com|scr|pif|cpl|bat|cmd|ps1|vbs|vbe|jse?|wsf|wsh|hta|msi|msix|jar|lnk|url|reg|chm|iso|img|vhdx?"
    r"|docm|dotm|xls[mb]|xlam|pptm|ppam|one|sh|command|app|dmg|pkg|deb|rpm|apk)[ .]*\Z",
    re.IGNORECASE,
)


def may_run(filename: str) -> bool:
    """Whether opening a file of this name runs what somebody else wrote."""
    return bool(_RUNS.search(filename))


@dataclass(frozen=True, slots=True)
class AttachmentPart(Compact):
    """What is listed of an attachment; `number` is what `read_attachment` asks for."""

    number: int
    filename: str
    content_type: str
    size: int
    content_id: str
    is_inline: bool


@dataclass(frozen=True, slots=True)
class AttachmentContent:
    """An attachment with its bytes."""

    filename: str
    content_type: str
    content: bytes


class NoSuchPart(LookupError):
    """The message has no attachment with this number."""


def disposition(part: Part) -> tuple[str, dict[str, str]]:
    """Return a part's Content-Disposition and its parameters."""
    value = part.first("content-disposition")
    return read_parameters(value) if value else ("", {})


def claimed_filename(part: Part) -> str:
    """Return the one file name that a part claims: Content-Disposition first, then Content-Type."""
    parameters = disposition(part)[1]
    return parameters.get("filename") or part.parameters.get("name") or ""


def content_type_of(part: Part) -> str:
    """Return the content type if it is well-formed, else the one for unknown bytes."""
    known = _CONTENT_TYPE.fullmatch(part.content_type)
    return part.content_type if known else "application/octet-stream"


def content_id_of(part: Part) -> str:
    """Return the Content-ID without its angle brackets."""
    value = part.first("content-id")[:1000].decode("utf-8", "replace")
    return single_line(value).strip("<> ")[:500]


def filename_of(part: Part, number: int) -> str:
    """Return the file name under which a part is shown, checked and downloaded."""
    content_type = content_type_of(part)
    fallback = "message" if content_type == "message/rfc822" else f"attachment-{number + 1}"
    fallback += _EXTENSIONS.get(content_type, "")
    return safe_filename(claimed_filename(part), fallback=fallback)


def safe_filename(name: str, *, fallback: str) -> str:
    """Return the name without path, control and reordering characters, its extension kept."""
    name = re.split(r"[/\\]", single_line(name))[-1]
    name = single_line(_FORBIDDEN.sub("_", name)).strip(". ")
    if not name:
        return fallback
    if _RESERVED.match(name):
        name = "_" + name
    if len(name) <= MAX_FILENAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 20:
        return name[:MAX_FILENAME].strip(". ")
    return stem[: MAX_FILENAME - len(extension) - 1].strip(". ") + dot + extension
