"""Writing the body: text, HTML, pictures and files as MIME parts, the same bytes every time."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from hashlib import blake2b
from urllib.parse import quote

from letterbook.mime.attachments import safe_filename
from letterbook.mime.characters import storable
from letterbook.mime.header_writing import encoded_words

MAX_PLAIN_LINE = 200
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,90}")
_PICTURE = re.compile(
    r'(<img\b[^>]*?\bsrc=")data:(image/(?:png|gif|jpeg|webp));base64,([A-Za-z0-9+/=\s]+)"'
)
_ODD = re.compile(r"[^\n\t\x20-\x7e]|^From |[ \t]$|^\.", re.MULTILINE)
_SIMPLE_NAME = re.compile(r"[A-Za-z0-9 ._()+-]{1,60}")


def text_part(text: str, *, subtype: str) -> bytes:
    """Return a text part in UTF-8, in an encoding that any server passes on unchanged."""
    text = storable(text).replace("\r\n", "\n").replace("\r", "\n")
    encoding, encoded = _encoded(text)
    lines = (
        f'Content-Type: text/{subtype}; charset="utf-8"',
        f"Content-Transfer-Encoding: {encoding}",
    )
    return _part(lines, encoded)


def html_part(html: str, pictures: Sequence[bytes], *, seed: str) -> bytes:
    """Return the HTML as a part with its pictures beside it; those inside it become such, as mail programs expect."""
    beside = list(pictures)

    def refer(found: re.Match[str]) -> str:
        content = _decoded_picture(found[3])
        content_id = (
            f"picture{len(beside) + 1}.{blake2b(content, digest_size=8).hexdigest()}@inline"
        )
        extension = found[2].rpartition("/")[2].replace("jpeg", "jpg")
        name = f"{content_id.partition('.')[0]}.{extension}"
        beside.append(picture_part(content_id, name, found[2], content))
        return f'{found[1]}cid:{content_id}"'

    part = text_part(_PICTURE.sub(refer, html), subtype="html")
    return multipart("related", [part, *beside], seed=seed) if beside else part


def picture_part(content_id: str, filename: str, content_type: str, content: bytes) -> bytes:
    """Return a picture as a part that the HTML beside it shows by its content id."""
    name = safe_filename(filename, fallback="picture")
    lines = (
        f"Content-Type: {_checked_type(content_type)};\r\n {_written_name(name)}",
        f"Content-ID: <{content_id}>",
        f"Content-Disposition: inline;\r\n {_written_filename(name)}",
        "Content-Transfer-Encoding: base64",
    )
    return _part(lines, _base64(content))


def attachment_part(filename: str, content_type: str, content: bytes) -> bytes:
    """Return a file as a part: its type checked, its name encoded (RFC 2231), and again as old programs read it."""
    name = safe_filename(filename, fallback="attachment")
    lines = (
        f"Content-Type: {_checked_type(content_type)};\r\n {_written_name(name)}",
        f"Content-Disposition: attachment;\r\n {_written_filename(name)}",
        "Content-Transfer-Encoding: base64",
    )
    return _part(lines, _base64(content))


def multipart(subtype: str, parts: Sequence[bytes], *, seed: str) -> bytes:
    """Return the parts as one, between boundaries that depend on nothing but the seed and the parts."""
    boundary = _boundary(f"{subtype} {seed}", parts)
    delimiter = b"--" + boundary
    body = b"".join(b"%b\r\n%b\r\n" % (delimiter, part) for part in parts)
    lines = (f'Content-Type: multipart/{subtype};\r\n boundary="{boundary.decode("ascii")}"',)
    return _part(lines, body + delimiter + b"--\r\n")


def _part(lines: Sequence[str], body: bytes) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("ascii") + b"\r\n" + body


def _boundary(seed: str, parts: Sequence[bytes]) -> bytes:
    number = 0
    while True:
        boundary = f"=_{blake2b(f'{seed} {number}'.encode(), digest_size=16).hexdigest()}".encode()
        if not any(boundary in part for part in parts):
            return boundary
        number += 1


def _encoded(text: str) -> tuple[str, bytes]:
    content = text.encode()
    if text.isascii() and _is_harmless(text):
        return "7bit", content.replace(b"\n", b"\r\n")
    if len(content) > len(text) * 4 // 3:
        return "base64", _base64(content.replace(b"\n", b"\r\n"))
    return "quoted-printable", binascii.b2a_qp(content, istext=True).replace(b"\n", b"\r\n")


def _is_harmless(text: str) -> bool:
    """Return whether the lines can travel as they are: short, no control characters, no "From "."""
    return not _ODD.search(text) and max(map(len, text.split("\n"))) <= MAX_PLAIN_LINE


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def _decoded_picture(encoded: str) -> bytes:
    return base64.b64decode(re.sub(r"[^A-Za-z0-9+/]", "", encoded) + "===", validate=False)


def _checked_type(content_type: str) -> str:
    # A message or multipart may not be base64 (RFC 2046), and a file's bytes may not be changed.
    lowered = content_type.strip().lower()
    is_usable = _TYPE.fullmatch(lowered) and not lowered.startswith(("message/", "multipart/"))
    return lowered if is_usable else "application/octet-stream"


def _written_name(name: str) -> str:
    """Return the name as programs take it that do not know RFC 2231."""
    return f'name="{name if _SIMPLE_NAME.fullmatch(name) else encoded_words(name)}"'


def _written_filename(name: str) -> str:
    if _SIMPLE_NAME.fullmatch(name):
        return f'filename="{name}"'
    pieces = [""]
    for letter in name:
        encoded = quote(letter, safe="")
        if len(pieces[-1]) + len(encoded) > 54:
            pieces.append("")
        pieces[-1] += encoded
    pieces[0] = f"utf-8''{pieces[0]}"
    if len(pieces) == 1:
        return f"filename*={pieces[0]}"
    return ";\r\n ".join(f"filename*{number}*={piece}" for number, piece in enumerate(pieces))
