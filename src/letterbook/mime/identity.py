"""Who an email is: its Message-ID, what it answers, and a digest that only equal emails share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from letterbook.mime.characters import storable

MAX_MESSAGE_ID = 500
MAX_REFERENCES = 100
MOST_WRITTEN = 25
_ID = re.compile(rb"<([^<>]*)>")
# What `str.split` takes for white space in ASCII.
_BLANKS = b" \t\n\x0b\x0c\r\x1c\x1d\x1e\x1f"


def message_ids(values: Iterable[bytes]) -> list[str]:
    """Return the Message-IDs in these raw headers, in order, without brackets and white space."""
    found: list[str] = []
    for value in values:
        bracketed = _ID.findall(value)
        found += [_clean(each) for each in (bracketed or value.split()[:1000])]
    return [each for each in found if each]


def first_message_id(values: Iterable[bytes]) -> str:
    """Return the first Message-ID in these raw headers, or "" where there is none."""
    return next(iter(message_ids(values)), "")


def reference_chain(references: Iterable[bytes], in_reply_to: str) -> tuple[str, ...]:
    """Return what an email answers, oldest first, each once, at most MAX_REFERENCES of them."""
    # The last mention counts: an id repeated at the end is the nearer ancestor.
    chain = list(dict.fromkeys(message_ids(references)))
    if in_reply_to and in_reply_to not in chain:
        chain.append(in_reply_to)
    if len(chain) > MAX_REFERENCES:
        # The first names the thread, the last ones the nearest ancestors.
        chain = [*chain[:10], *chain[10 - MAX_REFERENCES :]]
    return tuple(chain)


def references_of_answer(chain: Sequence[str], answered: str) -> tuple[str, ...]:
    """Return the References of an answer: what the answered email answers, then itself, at most MOST_WRITTEN."""
    whole = tuple(dict.fromkeys([*(one for one in chain if one != answered), answered]))
    # The first names the thread, the last ones the nearest ancestors.
    return whole if len(whole) <= MOST_WRITTEN else (whole[0], *whole[1 - MOST_WRITTEN :])


class Digest:
    """Sixteen bytes fed field by field, so that no two different lists of fields look alike."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)

    def add(self, content: bytes | str) -> None:
        """Add one field, with its length before it."""
        encoded = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
        self._hash.update(len(encoded).to_bytes(8, "big"))
        self._hash.update(encoded)

    def add_text(self, text: str) -> None:
        """Add a text without its white space, which mail servers and mailing lists change."""
        self.add(_without_blanks(text))

    def value(self) -> bytes:
        """Return the digest."""
        return self._hash.digest()


def _without_blanks(text: str) -> bytes:
    # Of bytes this takes a sixth of the time, and no list of all words, which weighs ten times as much as the text.
    encoded = text.encode("utf-8", "replace").translate(None, _BLANKS)
    return encoded if text.isascii() else "".join(encoded.decode().split()).encode()


def _clean(value: bytes) -> str:
    text = storable("".join(value.decode("utf-8", "replace").split()).strip("<>"))
    if len(text) <= MAX_MESSAGE_ID:
        return text
    # Too long for an index: keep the beginning for people, and a hash so that two long ones differ.
    tail = blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{text[: MAX_MESSAGE_ID - len(tail) - 1]}-{tail}"
