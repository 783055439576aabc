"""Writing headers: checked, encoded (RFC 2047) and folded here, line by line.

Python's own folding turns long Message-IDs into encoded words, which changes what an email answers.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable

import idna

from letterbook.mime.addresses import Address
from letterbook.mime.characters import has_controls

MAX_SUBJECT = 2_000
MAX_LINE = 76
# With this many bytes an encoded word and the name before it stay within a line of 76 characters.
_WORD_BYTES = 39

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,76}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SPECIAL = re.compile(r'(["\\])')
_EMAIL = re.compile(
    r"(?:[^\s<>()\[\],;:\"\\@]{1,64}|\"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e]){1,62}\")"
    r"@[^\s<>()\[\],;:\"\\@]{1,253}"
)
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,900}")


class BadHeader(ValueError):
    """Something that no header may hold; the message says what and where."""


def check_subject(text: str) -> str:
    """Return the subject without outer spaces, or raise BadHeader where it holds a line break."""
    subject = check_line(text.strip(" "), what="subject")
    if len(subject) > MAX_SUBJECT:
        raise BadHeader(f"The subject is longer than {MAX_SUBJECT} characters; shorten it.")
    return subject


def check_line(text: str, *, what: str) -> str:
    """Return the text, or raise BadHeader where it holds a line break or a control character."""
    if has_controls(text):
        raise BadHeader(f"The {what} holds a line break or a control character; remove it.")
    return text


def written_token(name: str) -> str:
    """Return a header's name, or raise BadHeader where it is none."""
    if not _TOKEN.fullmatch(name):
        raise BadHeader(
            f"“{name[:60]}” is not the name of a header; use letters, digits and hyphens."
        )
    return name


def folded_text(text: str) -> str:
    """Return unstructured text for a header, encoded where it must be."""
    words = text.split(" ")
    is_plain = text.isascii() and "=?" not in text and all(words) and max(map(len, words)) < 200
    return _folded(words) if is_plain or not text else encoded_words(text)


def folded_addresses(addresses: Iterable[Address]) -> str:
    """Return an address list, one address a line."""
    return ",\r\n ".join(_written_address(address) for address in addresses)


def folded_ids(message_ids: Iterable[str]) -> str:
    """Return Message-IDs in brackets, one a line; what cannot be one is left out."""
    usable = (found for found in message_ids if _MESSAGE_ID.fullmatch(found))
    return "\r\n ".join(f"<{message_id}>" for message_id in usable)


def encoded_words(text: str) -> str:
    """Return the text as RFC 2047 words, no letter torn in two."""
    words: list[bytes] = []
    current = b""
    for letter in text:
        encoded = letter.encode()
        if len(current) + len(encoded) > _WORD_BYTES:
            words.append(current)
            current = b""
        current += encoded
    words.append(current)
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words)


def _folded(words: list[str]) -> str:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > MAX_LINE - 15:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return "\r\n ".join(lines)


def _written_address(address: Address) -> str:
    email = _written_email(address.email)
    name = " ".join(check_line(address.name, what="name").split())
    if not name:
        return email
    return (
        f"{_written_name(name)}\r\n <{email}>"
        if len(name) > 40
        else f"{_written_name(name)} <{email}>"
    )


def _written_name(name: str) -> str:
    if not name.isascii() or "=?" in name or len(name) > 60:
        return encoded_words(name)
    if _ATOMS.fullmatch(name):
        return name
    escaped = _SPECIAL.sub(r"\\\1", name)
    return f'"{escaped}"'


def _written_email(email: str) -> str:
    check_line(email, what="address")
    local, _, domain = email.rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise BadHeader(f"“{email[:80]}” has a domain that cannot exist; check it.") from None
    written = f"{local}@{domain}"
    if not written.isascii() or not _EMAIL.fullmatch(written):
        raise BadHeader(
            f"“{email[:80]}” is not an address that an email can be sent with; check it."
        )
    return written
