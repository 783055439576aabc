"""What was found is marked in the text as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.search.language import Term, read_question
from letterbook.search.marking import EXCERPT_LENGTH, mark, mark_excerpt


def marked(text: str, question: str) -> list[str]:
    return [one.text for one in mark(text, read_question(question).anywhere) if one.is_mark]


@pytest.mark.parametrize(
    ("text", "question", "marks"),
    [
        ("The Catalogue, and catalogues", "catalogue", ["Catalogue"]),
        ("The Catalogue, and catalogues", "cata*", ["Catalogue", "catalogues"]),
        ("Grüße von José", "jose grusse", ["Grüße", "José"]),
        ("re\u0301sume\u0301", "resume", ["re\u0301sume\u0301"]),
        ("spring edition of spring", '"spring edition"', ["spring edition"]),
        ("spring   edition", '"spring edition" edition', ["spring   edition"]),
        ("anna@lind.example wrote", "anna@lind.example", ["anna@lind.example"]),
        ("東京で会議", "会議", ["会議"]),
        ("nothing here", "catalogue", []),
        ("<b>bold</b>", "bold", ["bold"]),
    ],
)
def test_words_are_marked_as_they_were_written(text, question, marks):
    assert marked(text, question) == marks
    assert "".join(one.text for one in mark(text, read_question(question).anywhere)) == text


def test_an_excerpt_shows_the_place_that_matches():
    text = "long before " * 50 + "the proof is here " + "long after " * 50
    excerpt = mark_excerpt(text, read_question("proof").anywhere)
    assert [one.text for one in excerpt if one.is_mark] == ["proof"]
    assert excerpt[0].text == "… "
    assert excerpt[-1].text == " …"
    assert sum(len(one.text) for one in excerpt) <= EXCERPT_LENGTH + 4


def test_an_excerpt_leaves_out_the_marks_of_quoting():
    text = "Anna wrote:\n> > The second proof\n>> is here.\n>\n5 > 4 as ever."
    excerpt = mark_excerpt(text, read_question("proof").anywhere)
    assert (
        "".join(one.text for one in excerpt)
        == "Anna wrote: The second proof is here. 5 > 4 as ever."
    )


def test_an_excerpt_without_a_match_is_the_beginning():
    assert mark_excerpt("Hello\n\nthere", ())[0].text == "Hello there"
    assert mark_excerpt("", ()) == ()


@given(st.text(max_size=600), st.text(min_size=1, max_size=8))
def test_marking_never_changes_the_text(text, word):
    terms = (Term((word.casefold(),), is_beginning=True),)
    assert "".join(one.text for one in mark(text, terms)) == text
    excerpt = (
        "".join(one.text for one in mark_excerpt(text, terms)).removeprefix("… ").removesuffix(" …")
    )
    assert excerpt in " ".join(text.split())
