from __future__ import annotations

import re
import time

import pytest
from corpora import mbox_sample
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.html import safe_html
from letterbook.mime.html_folding import find_folds, fold_html
from letterbook.mime.html_text import html_to_text
from letterbook.mime.parsing import ParsedMessage, parse_message, read_html
from letterbook.mime.quoting import split_quoted

OLD = "the mill stands at the river"
HEADERS = "<b>From:</b> Ann<br><b>Sent:</b> Monday<br><b>To:</b> Bob<br><b>Subject:</b> Mill"
QUOTATIONS = {
    "Gmail": f'<div class="gmail_quote"><div class="gmail_attr">On Mon, 3 May 2021, Ann wrote:<br></div>'
    f'<blockquote class="gmail_quote">{OLD}</blockquote></div>',
    "Thunderbird": f'<div class="moz-cite-prefix">On 03/05/2021 12:00, Ann wrote:<br></div>'
    f'<blockquote type="cite">{OLD}</blockquote>',
    "Apple": f'<div><br><blockquote type="cite"><div>On 3 May 2021, Ann wrote:</div>{OLD}</blockquote></div>',
    "Outlook": f'<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0 0 0"><p>{HEADERS}'
    f"</p></div></div><p>{OLD}</p>",
    "Outlook on the web": f'<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">{HEADERS}</div><div>{OLD}</div>',
    "Outlook without marks": f"<p>{HEADERS}</p><p>{OLD}</p>",
    "a forward": f"<div>---------- Forwarded message ---------<br>{HEADERS}</div><p>{OLD}</p>",
    "words alone": f"<p>Am 03.05.21 um 12:00 schrieb Ann:</p><p>{OLD}</p>",
}


def seen_folded(html: str) -> tuple[str, str]:
    """Return what a browser shows of an email before anything is unfolded, and what it folds."""
    safe = safe_html(fold_html(html), inline_image_url=lambda _: None).html
    inside = re.findall(r"<details>.*?</details>", safe, re.DOTALL)
    return html_to_text(re.sub(r"<details>.*?</details>", "", safe, flags=re.DOTALL)), "".join(
        inside
    )


@pytest.mark.parametrize("program", QUOTATIONS)
def test_what_an_answer_quotes_below_is_folded(program):
    shown, folded = seen_folded(f"<html><body><p>Yes, do.</p>{QUOTATIONS[program]}</body></html>")
    assert shown.strip() == "Yes, do."
    assert OLD in folded
    assert "<summary>Quoted text</summary>" in folded


@pytest.mark.parametrize("program", ["Gmail", "Thunderbird", "Apple"])
def test_an_answer_below_what_it_quotes_is_left_open(program):
    html = f"<p>See below.</p>{QUOTATIONS[program]}<p>Yes, do.</p>"
    assert fold_html(html) == html


def test_answers_between_quoted_lines_are_left_open():
    html = (
        "<p>Hi</p><blockquote>One?</blockquote><p>Yes.</p><blockquote>Two?</blockquote><p>No.</p>"
    )
    assert fold_html(html) == html


def test_what_follows_the_last_answer_is_folded():
    shown, folded = seen_folded(
        f"<p>Hi</p><blockquote>One?</blockquote><p>Yes.</p><blockquote>{OLD}</blockquote>"
    )
    assert "One?" in shown
    assert OLD in folded


@pytest.mark.parametrize("program", QUOTATIONS)
def test_an_email_that_only_passes_another_on_is_left_open(program):
    assert fold_html(QUOTATIONS[program]) == QUOTATIONS[program]


@pytest.mark.parametrize(
    "signature",
    [
        '<div class="gmail_signature"><div>Ann</div><div>Lindwerk</div></div>',
        '<pre class="moz-signature">-- \nAnn</pre>',
        '<div id="Signature"><p>Ann</p></div>',
        "<div>-- <br>Ann</div>",
    ],
)
def test_a_signature_is_folded_by_itself(signature):
    shown, folded = seen_folded(f"<p>Yes, do.</p>{signature}{QUOTATIONS['Gmail']}")
    assert shown.strip() == "Yes, do."
    assert folded.index("<summary>Signature</summary>") < folded.index("Ann")
    assert folded.count("<details>") == 2


def test_a_signature_above_own_words_is_left_open():
    html = '<p>Yes.</p><div class="gmail_signature">Ann</div><p>One thing more.</p>'
    assert fold_html(html) == html


@pytest.mark.parametrize(
    "html",
    [
        "<p>From: the top of the hill</p><p>we saw it.</p>",
        "<p>On 3 May we met.</p><p>It was good.</p>",
        "<ul><li>-- one</li><li>two</li></ul>",
        "",
        "<blockquote>",
    ],
)
def test_what_only_looks_like_a_quotation_is_left_open(html):
    assert fold_html(html) == html


PIECES = ["<p>", "</p>", "<blockquote>", "</blockquote>", "<td>", "x", "On 3 May, A wrote:", "<hr>"]
PIECES += [
    "<style>",
    "</style>",
    "<div class=gmail_quote>",
    "</div>",
    "-- ",
    "<",
    "<!--",
    "From: a",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_folding_only_adds_folds(pieces):
    html = "".join(pieces)
    added = r"<details><summary>(?:Quoted text|Signature)</summary>|</details>"
    assert re.sub(added, "", fold_html(html)) == html


@pytest.mark.parametrize(
    "piece", ["<blockquote>x", "<div>", "From: a<br>", "<p>-- </p>", "<", "<div class=gmail_quote>"]
)
def test_folding_is_bounded(piece):
    started = time.process_time()
    fold_html("<p>own</p>" + piece * (1_900_000 // len(piece)))
    assert time.process_time() - started < 4


# --- real threads: an answer's quotation is known by the emails it answers --------------------------------------------


def only_letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def long_lines(text: str) -> list[str]:
    return [found for line in text.split("\n") if len(found := only_letters(line)) >= 25]


def answers_above(sample: list[bytes]) -> list[tuple[str, str, ParsedMessage]]:
    """Return (HTML, text of what it answers, answer) of each answer with no own line below its first quoted one."""
    read = [(raw, parse_message(raw)) for raw in sample]
    by_id = {message.message_id: message for _, message in read}
    found = []
    for raw, message in read:
        answered = [by_id[one] for one in message.references if one in by_id]
        if not message.has_html or not answered:
            continue
        html, old = read_html(raw) or "", only_letters("\n".join(one.text for one in answered))
        own = only_letters(split_quoted(message.text).own)
        lines = long_lines(html_to_text(html))
        quoted = [number for number, line in enumerate(lines) if line in old]
        if len(quoted) > 1 and not any(
            line in own for line in lines[quoted[0] :] if line not in old
        ):
            found.append((html, old, message))
    return found


@pytest.mark.corpus
def test_real_answers_fold_what_they_quote_and_nothing_else():
    """A fold is right when at most a tenth of the lines that the answered emails hold is left open."""
    answers = answers_above(mbox_sample("usrp-users", every=1, most=700))
    right = own_lines = folded_own_lines = 0
    for html, old, message in answers:
        open_lines = long_lines(html_to_text(find_folds(html).own(html)))
        quoted = [line for line in long_lines(html_to_text(html)) if line in old]
        right += sum(line in old for line in open_lines) <= len(quoted) / 10
        shown = only_letters(html_to_text(fold_html(html)))
        assert all(line in shown for line in quoted)
        own = [line for line in long_lines(split_quoted(message.text).own) if line not in old]
        own_lines += len(own)
        folded_own_lines += sum(line not in "".join(open_lines) for line in own)
    assert len(answers) > 100
    assert right / len(answers) >= 0.95
    assert folded_own_lines / own_lines <= 0.1
