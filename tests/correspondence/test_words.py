"""What is indexed and what is asked are folded alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.correspondence.words import MAX_WORD, fold_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Crème  BRÛLÉE!", "creme brulee"),
        ("Straße und ẞ", "strasse und ss"),
        ("anna.lind+x@lindwerk.example", "anna lind x lindwerk example"),
        ("İstanbul ΟΔΟΣ Ёлка", "istanbul οδοσ елка"),
        ("snake_case and-hyphen 3.14", "snake case and hyphen 3 14"),
        ("\x00\x07\u202eevil\u200b", "evil"),
        ("日本語 mail", "日 本 語 mail"),
        ("한국어", "한국어"),
        ("ﬁne ①", "fine 1"),
        ("", ""),
    ],
)
def test_words_lose_case_accents_and_punctuation(text, words):
    assert fold_words(text) == words


def test_a_word_is_cut_where_nobody_types_on():
    assert fold_words("x" * 5000 + " tail") == "x" * MAX_WORD + " tail"


@given(st.text())
def test_folding_twice_changes_nothing_and_leaves_words_and_single_blanks(text):
    folded = fold_words(text)
    assert fold_words(folded) == folded
    assert all(word.isalnum() and len(word) <= MAX_WORD for word in folded.split(" ") if folded)
