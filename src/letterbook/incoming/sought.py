"""What a person gives to find one email by: an address, words of its subject, a Message-ID, a link to it in Gmail."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

_HEX = re.compile(r"[0-9a-f]{15,16}")
_MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")
_PERSON = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_IN_LINK = re.compile(r"(?:msg|thread)-f:(\d{15,20})")
# The last part of a link in Gmail's address bar: a number in the letters that make no words, base 40, of a base64 text.
_TOKEN = re.compile(r"[BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz]{20,60}")
_LETTERS = "BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; what is empty is not known. `gmail_ids` are of messages or of threads."""

    text: str
    gmail_ids: tuple[str, ...] = ()
    message_id: str = ""
    address: str = ""
    subject: str = ""

    @property
    def query(self) -> str:
        """How Gmail is asked for it, in spam and bin too; empty where only an id is known."""
        terms = []
        if self.message_id:
            terms.append(f"rfc822msgid:{_quoted(self.message_id.strip('<>'))}")
        if self.address:
            terms += [f"{role}:{_quoted(self.address)}" for role in ("from", "to", "cc", "bcc")]
        if self.subject:
            terms.append(f'subject:"{_without_quotes(self.subject)}"')
        return f"in:anywhere {{{' '.join(terms)}}}" if terms else ""


def read_sought(text: str) -> Sought:
    """Return what `text` looks for."""
    text = " ".join(text.split())
    if ids := _gmail_ids(text):
        return Sought(text, gmail_ids=ids)
    if found := _MESSAGE_ID.search(text):
        return Sought(text, message_id=found[0])
    if _PERSON.fullmatch(text):
        # A Message-ID without its angle brackets looks just the same.
        return Sought(text, message_id=f"<{text}>", address=text)
    return Sought(text, subject=text)


def _gmail_ids(text: str) -> tuple[str, ...]:
    if numbers := _IN_LINK.findall(text):
        return tuple(dict.fromkeys(f"{int(number):x}" for number in numbers))
    last = re.split(r"[/#?&=]", text.rstrip("/"))[-1]
    if _HEX.fullmatch(last.lower()):
        return (last.lower(),)
    is_link = "mail.google." in text
    return _id_in_token(last) if is_link and _TOKEN.fullmatch(last) else ()


def _id_in_token(token: str) -> tuple[str, ...]:
    number, digits = 0, ""
    for letter in token:
        number = number * len(_LETTERS) + _LETTERS.index(letter)
    while number:
        number, digit = divmod(number, len(_BASE64))
        digits = _BASE64[digit] + digits
    try:
        said = base64.b64decode(digits + "=" * (-len(digits) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ()
    found = re.fullmatch(r"(?:thread-|msg-)?f:(\d{15,20})", said)
    return (f"{int(found[1]):x}",) if found else ()


def _quoted(text: str) -> str:
    text = _without_quotes(text)
    return f'"{text}"' if any(sign in text for sign in " (){}") else text


def _without_quotes(text: str) -> str:
    return text.replace('"', " ").strip()
