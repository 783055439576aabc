"""What only one mailbox may tell is cut out of a source; nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.parsing import parse_message
from letterbook.mime.without_traces import without_traces

BODY = b"\r\nBcc: this line is text\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"Bcc: vera@hidden.example\r\n",
        b"BCC : vera@hidden.example,\r\n\tvera@hidden.example\r\n",
        b"Resent-Bcc: vera@hidden.example\r\n",
        b"Delivered-To: vera@hidden.example\r\nX-Original-To: vera@hidden.example\r\n",
        b"Received: from a by b for <vera@hidden.example>;\r\n  Mon, 2 Nov 2026 08:00:00 +0000\r\n",
    ],
)
def test_bcc_and_the_marks_of_delivery_are_cut_out(line):
    before, after = b"From: a@b.example\r\n", b"Subject: Hello\r\n and more\r\n"
    assert without_traces(before + line + after + BODY) == before + after + BODY
    assert without_traces(line + before + after + BODY) == before + after + BODY
    assert without_traces(before + after + line) == before + after


def test_a_mailbox_files_separator_and_old_line_ends_hide_nothing():
    raw = b"From a@b Mon Nov  2\nBcc: vera@hidden.example\nSubject: S\n\ntext"
    assert without_traces(raw) == b"From a@b Mon Nov  2\nSubject: S\n\ntext"
    assert b"vera" not in without_traces(raw.replace(b"\n", b"\r"))


_LINES = st.sampled_from(
    [
        b"Bcc: v@h.example",
        b" v@h.example",
        b"bcc:",
        b"\tx",
        b"Subject: S",
        b"broken line",
        b"",
        b"From x",
    ]
)


@given(st.lists(_LINES, max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_what_is_left_never_names_anybody_in_bcc_to_our_own_reader(lines, end):
    assert (
        parse_message(without_traces(end.join([b"From: a@b.example", *lines, b"", b"Text"]))).bcc
        == ()
    )
