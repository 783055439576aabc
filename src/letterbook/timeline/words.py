"""By which words a search finds what people wrote into a history."""

from __future__ import annotations

from letterbook.correspondence.words import fold_words


def words_of(text: str) -> str:
    """Return the `tsvector` of a text: its folded words, and where they stand."""
    # Folded words hold letters and digits only, so there is nothing to escape.
    return " ".join(f"'{word}':{place}" for place, word in enumerate(fold_words(text).split(), 1))
