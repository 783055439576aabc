"""How contacts are found: folded words of name, company and addresses, so that case and accents do not matter.

PostgreSQL's own dictionaries would need extensions and would take addresses apart their own way, so the words are
made here and handed over as ready `tsvector` and `tsquery` values.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.db.models import BooleanField, F, Func, Value

from letterbook.mime.characters import storable

_MAX_WORD = 200
_MAX_ASKED = 200
_MAX_ASKED_WORDS = 8
_PIECE = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Return `text` without accents and case, as it is compared and sorted."""
    if text.isascii():  # most names are, and an import folds half a million words
        return " ".join(storable(text).lower().split())
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    )
    return " ".join(storable(bare).casefold().split())


def searchable_words(texts: Iterable[str], addresses: Iterable[str]) -> str:
    """Return the `tsvector` of a contact: every word, and each address and its domain whole and in pieces."""
    words: set[str] = set()
    for text in texts:
        words.update(fold(text).split())
    for address in addresses:
        whole = fold(address)
        words.update((whole, whole.rpartition("@")[2]))
    pieces = {piece for word in words for piece in _PIECE.findall(word)}
    return " ".join(_quoted(word) for word in sorted(words | pieces) if word)


def matches_words(asked: str) -> Func | None:
    """Return the condition that every word asked for begins a word of the contact, None when nothing is asked."""
    words = fold(asked[:_MAX_ASKED]).split()[:_MAX_ASKED_WORDS]
    if not words:
        return None
    query = " & ".join(_begins_with(word) for word in words)
    return Func(
        F("words"),
        Value(query),
        template="(%(expressions)s::tsquery)",
        arg_joiner=" @@ ",
        output_field=BooleanField(),
    )


def _begins_with(word: str) -> str:
    whole = f"{_quoted(word)}:*"
    pieces = _PIECE.findall(word)
    if pieces in ([], [word]):
        return whole
    # "o'brien" is also found as o and brien, as it may have been written with another sign between them.
    return f"({whole} | ({' & '.join(f'{_quoted(piece)}:*' for piece in pieces)}))"


def _quoted(word: str) -> str:
    escaped = word[:_MAX_WORD].replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
