"""Reading the addresses of an incoming header, whatever a sender made of it.

The header is taken apart before its encoded words are decoded: a decoded comma or angle bracket must
not become a second address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from letterbook.mime.characters import single_line
from letterbook.mime.encoded_words import decode_words

MAX_HEADER = 500_000
MAX_ADDRESSES = 5_000
MAX_NAME = 300
MAX_NAME_WORDS = 20
MAX_EMAIL = 320

_TOKEN = re.compile(r'\s+|"((?:[^"\\]|\\.)*+)(?:"|\Z)|<([^<>]*)>|[^\s",;:<>()]+|.', re.DOTALL)
_SIMPLE = re.compile(
    r'\s*(?:(?:"([\w][\w .-]*[\w.])"|([\w][\w .-]*[\w.]))?[ ]*<([\w.+=-]+@[\w.-]*\w)>|([\w.+=-]+@[\w.-]*\w))\s*',
    re.ASCII,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_QUOTED_LOCAL_PART = re.compile(
    r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])+"@[\w.-]+\Z', re.ASCII
)
_TO_ESCAPE = re.compile(r'(["\\])')
_SPACE_OR_CONTROL = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)


def read_mailboxes(header: str) -> list[tuple[str, str]]:
    """Return the (name, address) pairs of a header, at most MAX_ADDRESSES of them."""
    header = header[:MAX_HEADER]
    if found := _read_simple(header):
        return found
    found = _Reader().read(header)
    if not found and "=?" in header:
        # Some senders encode the address itself; only where nothing else was there to be read.
        found = _Reader().read(decode_words(header))
    return found


def _read_simple(header: str) -> list[tuple[str, str]]:
    """Return the pairs of a header in which every address is plain, as nine in ten are, else nothing."""
    found: list[tuple[str, str]] = []
    for piece in header.split(",", MAX_ADDRESSES)[:MAX_ADDRESSES]:
        plain = _SIMPLE.fullmatch(piece)
        if plain is None:
            return []
        name, email = plain[1] or plain[2] or "", plain[3] or plain[4]
        name = " ".join(name.split())
        found.append(("" if name.lower() == email.lower() else name, email))
    return found


class _Reader:
    """Collects words until a separator, then makes a mailbox of them."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.start()

    def start(self) -> None:
        self.words: list[str] = []
        self.bare: list[str] = []
        self.comment: list[str] = []
        self.angle: str | None = None

    def read(self, header: str) -> list[tuple[str, str]]:
        for kind, text in _tokens(header):
            if kind == "separator":
                self.finish(text)
            elif kind == "angle":
                self.take_angle(text)
            elif kind == "comment":
                self.comment.append(text)
            else:
                self.take_word(kind, text)
            if len(self.found) >= MAX_ADDRESSES:
                return self.found[:MAX_ADDRESSES]
        self.finish("")
        return self.found

    def take_angle(self, text: str) -> None:
        email = clean_email(text.rpartition(":")[2])
        if self.angle and email:
            self.finish(",")
        self.angle = email or self.angle

    def take_word(self, kind: str, text: str) -> None:
        if kind == "word" and text.startswith("@") and self.words and len(text) > 1:
            text = _as_local_part(self.words.pop()) + text
        if kind == "word" and "@" in text and clean_email(text):
            self.bare.append(text)
        else:
            self.words.append(text)

    def finish(self, separator: str) -> None:
        if self.angle:
            self.add([*self.bare, *self.words], self.angle)
        elif self.bare:
            for email in self.bare:
                self.add(self.words if len(self.bare) == 1 else [], clean_email(email))
        elif separator == "," and 0 < len(self.words) < MAX_NAME_WORDS:
            self.words[-1] += ","  # "Doe, John <j@d>" without its quotes
            return
        self.start()

    def add(self, words: list[str], email: str) -> None:
        name = clean_name(" ".join(words) or " ".join(self.comment))
        self.found.append(("" if name.casefold() == email.casefold() else name, email))


def clean_email(text: str) -> str:
    """Return the address without space and control characters, or "" for what is none."""
    email = text.strip().removeprefix("mailto:")
    if not _QUOTED_LOCAL_PART.match(email):
        email = _SPACE_OR_CONTROL.sub("", email).strip("'\"<>").removeprefix("mailto:").rstrip(".")
    local, at, domain = email.rpartition("@")
    return email if local and at and domain and len(email) <= MAX_EMAIL else ""


def clean_name(text: str) -> str:
    """Return a name decoded, on one line, without the quotes some senders put around it."""
    name = single_line(decode_words(text[: MAX_NAME * 20])).strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return name.rstrip(",")[:MAX_NAME].strip()


def _as_local_part(word: str) -> str:
    # Some write dots in a row without quotes and some with them: one address.
    if re.fullmatch(r"[^\s\"@(),:;<>\[\]\\]+", word):
        return word
    escaped = _TO_ESCAPE.sub(r"\\\1", word)
    return f'"{escaped}"'


def _tokens(header: str) -> Iterator[tuple[str, str]]:
    last_paren, depth = header.rfind(")"), 0
    comment: list[str] = []
    position = 0
    while found := _TOKEN.match(header, position):
        text, position = found[0], found.end()
        if text[0] == '"' and not _is_closed(found):
            # A quote that never ends: blank it, and every later one, so that the rest can be read.
            position = found.start()
            header = header[:position] + header[position:].replace('"', " ")
        elif text == "(" and found.start() < last_paren:
            depth += 1
        elif text == ")" and depth:
            depth -= 1
            if not depth:
                yield "comment", " ".join(comment)
                comment = []
        elif depth:
            comment.append(text.strip())
        else:
            yield from _outside(found, text)


def _outside(found: re.Match[str], text: str) -> Iterator[tuple[str, str]]:
    if found[1] is not None:
        yield "quoted", _ESCAPED.sub(r"\1", found[1])
    elif found[2] is not None:
        yield "angle", found[2]
    elif text in ",;:":
        yield "separator", text
    elif not text.isspace() and text not in "<>()":
        yield "word", text


def _is_closed(found: re.Match[str]) -> bool:
    return found.end() == found.end(1) + 1
