"""Which words a text is found by: the same folding for what is indexed and for what is asked. Knows no Django."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# PostgreSQL refuses a tsvector of more than 1 MB and a word of more than 2 kB. Nobody types either.
MAX_CHARACTERS = 100_000
MAX_WORD = 100

_NO_WORD = re.compile(r"[\W_]+")
_ASCII_WORDS = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128))
_ASCII_WORDS += bytes([32]) * 128
# Scripts written without spaces: each character counts as a word, so that a phrase finds them anywhere in a line.
_UNSPACED = re.compile(
    "([\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f])"
)


def fold_words(text: str) -> str:
    """Return the words of a text without case, accents, punctuation and control characters, blanks between them."""
    return b" ".join(folded_words(text)).decode()


def folded_words(text: str) -> list[bytes]:
    """Return the same words one by one, encoded: so they are indexed."""
    text = text[:MAX_CHARACTERS]
    if not text.isascii():
        text = _folded(text)
    if not text.isascii():
        return [word[:MAX_WORD].encode() for word in _NO_WORD.sub(" ", text).split()]
    # As bytes this takes a tenth of the time, and most text there is takes this way.
    words = text.encode().translate(_ASCII_WORDS).split()
    if max(map(len, words), default=0) > MAX_WORD:
        words = [word[:MAX_WORD] for word in words]
    return words


def _folded(text: str) -> str:
    plain = _marks().sub("", unicodedata.normalize("NFKD", text)).casefold()
    return _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFC", plain))[:MAX_CHARACTERS]


@cache
def _marks() -> re.Pattern[str]:
    """Accents and other marks that go with the letter before them; of the first plane, or the search is slow."""
    marks = [chr(code) for code in range(0x10000) if unicodedata.category(chr(code))[0] == "M"]
    return re.compile(f"[{''.join(marks)}]")
