"""The signature in its mark: found, replaced while untouched, left alone otherwise."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.html import clean_composed_html
from letterbook.mime.marked_html import (
    begin_html,
    marked_signature,
    quoted_forward,
    quoted_reply,
    replace_signature,
)

OLD, NEW = "<div>Alice</div><div><b>Halden</b> &amp; Rowe</div>", "<div>The desk</div>"


@given(
    st.text("<>/divb ", max_size=30).map(clean_composed_html),
    st.text("<>/divb ", max_size=30).map(clean_composed_html),
)
def test_only_the_untouched_signature_is_replaced_whatever_stands_around_it(before, after):
    html = before + marked_signature(OLD) + after
    assert replace_signature(html, old=OLD, new=NEW) == before + marked_signature(NEW) + after
    assert replace_signature(html, old=OLD, new="") == before + after
    touched = html.replace("Alice", "Alice, in Köln")
    assert replace_signature(touched, old=OLD, new=NEW) == touched


def test_an_editor_may_write_the_same_signature_in_other_tags():
    rewritten = marked_signature("<p>Alice<br><strong>Halden</strong> &amp; Rowe</p>")
    assert replace_signature(rewritten, old=OLD, new=NEW) == marked_signature(NEW)
    with_logo = marked_signature(OLD + '<img src="data:image/png;base64,aGk=">')
    assert replace_signature(with_logo, old=OLD, new=NEW) == with_logo


def test_where_there_is_no_signature_none_comes():
    for html in ("<p>Hi</p>", "", '<div class="other">Alice</div>'):
        assert replace_signature(html, old=OLD, new=NEW) == html


def test_the_marks_survive_being_made_safe():
    html = begin_html(
        signature=OLD, quotation=quoted_reply("<p>Hi</p>", introduction="A <a@x> wrote:")
    )
    assert clean_composed_html(html) == html
    assert "A &lt;a@x&gt; wrote:" in html
    forwarded = quoted_forward("<p>Hi</p>", headers=(("From", "<script>"),))
    assert clean_composed_html(forwarded) == forwarded
    assert (
        clean_composed_html('<div class="gmail_quote x">a</div>')
        == '<div class="gmail_quote">a</div>'
    )
    assert clean_composed_html('<p class="gmail_quote">a</p>') == "<p>a</p>"


@pytest.mark.parametrize(
    "piece", ["<div>", "</div>", '<div class="gmail_signature">', "<", "<div "]
)
def test_finding_the_signature_is_linear(piece):
    started = time.process_time()
    replace_signature(piece * (500_000 // len(piece)), old=OLD, new=NEW)
    assert time.process_time() - started < 2
