"""What somebody types is understood, or refused with the part that is not."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.kit.refusals import Invalid
from letterbook.search.language import Question, Term, read_question


def term(*words: str, **more: object) -> Term:
    return Term(words, **more)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Catalogue", Question(anywhere=(term("catalogue"),))),
        ("José MÜLLER", Question(anywhere=(term("jose"), term("muller")))),
        ('"Spring Edition"', Question(anywhere=(term("spring", "edition"),))),
        ("cata*", Question(anywhere=(term("cata", is_beginning=True),))),
        ("anna & boris", Question(anywhere=(term("anna"), term("boris")))),
        ("12:30", Question(anywhere=(term("12", "30"),))),
        ("https://x.example/a", Question(anywhere=(term("https", "x", "example", "a"),))),
        ("from:Anna", Question(sender=(term("anna"),))),
        ('from:"Anna Lind"', Question(sender=(term("anna", "lind"),))),
        ("From:anna to:boris", Question(sender=(term("anna"),), recipient=(term("boris"),))),
        (
            "with:Anna@Lind.Example",
            Question(anyone=(term("anna", "lind", "example", address="anna@lind.example"),)),
        ),
        ("subject:offer", Question(subject=(term("offer"),))),
        ("has:attachment in:sent", Question(has_attachment=True, direction="out")),
        ("in:inbox in:inbox", Question(direction="in")),
        ("mailbox:Anna mailbox:b@x.example", Question(mailboxes=("anna", "b@x.example"))),
        ("in:Notes with:anna", Question(is_in_notes=True, anyone=(term("anna"),))),
        (
            "after:2025 before:2026-11-30 x",
            Question(anywhere=(term("x"),), after=date(2025, 1, 1), before=date(2026, 11, 30)),
        ),
    ],
)
def test_a_search_text_is_understood(text, question):
    assert read_question(text) == question


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("form:anna", "form:"),
        ("from:", "from:"),
        ('subject:"!!"', "subject:"),
        ("has:wings", "has:wings"),
        ("in:drafts", "in:drafts"),
        ("in:sent in:inbox", "in:inbox"),
        ("in:notes subject:offer", "Notes"),
        ("in:notes in:sent", "Notes"),
        ("in:notes mailbox:anna", "Notes"),
        ("mailbox:", "mailbox:"),
        ("before:yesterday", "before:yesterday"),
        ("after:2026-02-30", "after:2026-02-30"),
        ("a*", "a*"),
        ('"spring', "phrase"),
        ("", "nothing to look for"),
        ("?!", "nothing to look for"),
        ("x" * 1001, "1000"),
        ("x " * 31, "30"),
    ],
)
def test_what_cannot_be_understood_is_named(text, named):
    with pytest.raises(Invalid) as refused:
        read_question(text)
    assert named in refused.value.message
    assert refused.value.field == "q"


@given(st.text(max_size=200))
def test_any_text_is_a_question_or_refused(text):
    try:
        question = read_question(text)
    except Invalid:
        return
    assert question != Question()


@given(st.lists(st.from_regex(r"[a-z]{3,8}", fullmatch=True), min_size=1, max_size=10))
def test_bare_words_are_looked_for_in_their_order(words):
    assert [one.words for one in read_question(" ".join(words)).anywhere] == [(w,) for w in words]


def test_a_status_is_looked_for_in_the_outbox():
    """S84: drafts, queued and failed emails are no history yet; whoever asks for them here is told where they are."""
    with pytest.raises(Invalid) as refused:
        read_question("catalogue status:failed")
    assert "outbox" in refused.value.way_out
