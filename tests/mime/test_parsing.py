from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.parsing import (
    NoSuchPart,
    Unparsable,
    parse_message,
    read_attachment,
    read_headers,
    read_html,
    read_text,
)


def email(headers: str = "", body: str = "Hello", *, charset: str = "utf-8") -> bytes:
    return f"From: Ann <ann@example.com>\n{headers}\n{body}".encode(charset)


def multipart(*parts: str, kind: str = "mixed", headers: str = "") -> bytes:
    body = "".join(f"--x\n{part}\n" for part in parts)
    return email(f"{headers}Content-Type: multipart/{kind}; boundary=x\n", f"{body}--x--\n")


def file_part(
    disposition: str, *, content_type: str = "application/pdf", body: bytes = b"%PDF"
) -> str:
    encoded = base64.b64encode(body).decode()
    return (
        f"Content-Type: {content_type}\nContent-Disposition: {disposition}\n"
        f"Content-Transfer-Encoding: base64\n\n{encoded}"
    )


def test_what_an_email_says_is_read():
    """S39: subject, people, dates, ids, text, HTML and attachments."""
    raw = multipart(
        "Content-Type: text/plain\n\nHi Bob,\n\nyes.\n\nOn Mon, 3 May 2021, Bob wrote:\n> Ready?\n-- \nAnn",
        file_part('attachment; filename="plan.pdf"'),
        headers="To: Bob <bob@example.com>, cy@example.com\nCc: dee@example.com\nBcc: eve@example.com\n"
        "Reply-To: desk@example.com\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMessage-ID: <m3@example.com>\n"
        "In-Reply-To: <m2@example.com>\nReferences: <m1@example.com>\n <m2@example.com>\n"
        "Date: Mon, 3 May 2021 12:00:00 +0200\nList-Id: Friends <friends.example.com>\n",
    )
    message = parse_message(raw)
    assert message.subject == "Grüße"
    assert (message.from_.name, message.from_.email) == ("Ann", "ann@example.com")
    assert [each.email for each in message.to] == ["bob@example.com", "cy@example.com"]
    assert [each.email for each in (*message.cc, *message.bcc, *message.reply_to)] == [
        "dee@example.com",
        "eve@example.com",
        "desk@example.com",
    ]
    assert message.date == datetime(2021, 5, 3, 10, tzinfo=UTC)
    assert (message.message_id, message.in_reply_to) == ("m3@example.com", "m2@example.com")
    assert message.references == ("m1@example.com", "m2@example.com")
    assert message.list_id == "friends.example.com"
    assert message.own_text == "Hi Bob,\n\nyes."
    assert message.snippet == "Hi Bob, yes."
    assert not message.has_html
    assert message.warnings == ()
    (attachment,) = message.attachments
    assert (attachment.filename, attachment.content_type, attachment.size) == (
        "plan.pdf",
        "application/pdf",
        4,
    )
    assert read_attachment(raw, attachment.number).content == b"%PDF"


def test_a_number_that_is_no_attachment_is_refused():
    with pytest.raises(NoSuchPart):
        read_attachment(email(), 0)


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"\0\0\0"])
def test_only_emptiness_is_unparsable(raw):
    with pytest.raises(Unparsable):
        parse_message(raw)


@given(st.binary(min_size=1))
def test_any_bytes_are_read_or_unparsable(raw):
    assert_storable(raw)


HEADER_NAMES = [
    "From",
    "To",
    "Subject",
    "Date",
    "Content-Type",
    "References",
    "Content-Transfer-Encoding",
    "X",
]


@given(
    st.lists(st.tuples(st.sampled_from(HEADER_NAMES), st.binary(max_size=60)), max_size=8),
    st.binary(max_size=200),
)
def test_any_headers_and_body_are_read(headers, body):
    assert_storable(
        b"".join(b"%b: %b\n" % (name.encode(), value) for name, value in headers) + b"\n" + body
    )


def assert_storable(raw: bytes) -> None:
    try:
        message = parse_message(raw)
    except Unparsable:
        return
    texts = [message.subject, message.text, message.own_text, message.snippet, message.message_id]
    texts += [message.date_header, message.list_id, *message.references, message.in_reply_to]
    texts += [
        message.from_.name,
        message.from_.email,
        *(each.filename for each in message.attachments),
    ]
    for text in texts:
        assert "\0" not in text
        text.encode()
    assert len(message.snippet) <= 200
    assert len(message.digest) == 16
    for attachment in message.attachments:
        assert len(read_attachment(raw, attachment.number).content) == attachment.size
    read_headers(raw)


@pytest.mark.parametrize(
    ("header", "content", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"caf\xe9 \x93q\x94", "café “q”"),
        ("text/plain; charset=gb2312", "汉字镕".encode("gb18030"), "汉字镕"),
        ("text/plain; charset=iso-2022-jp", "日本".encode("iso2022_jp"), "日本"),
        ("text/plain; charset=ks_c_5601-1987", "한국".encode("cp949"), "한국"),
        ("text/plain; charset=us-ascii", "é".encode(), "é"),
        ("text/plain", b"caf\xe9", "café"),
        ("text/plain; charset=utf-7", b"+ADw-script+AD4-", "+ADw-script+AD4-"),
        ("text/plain; charset=x-user-defined", b"caf\xe9", "café"),
        ("text/plain; charset=base64", b"aGk=", "aGk="),
        ("text/plain; charset=utf-8", b"a\0b\xff", "a\ufffdb\ufffd"),
        ("text/html", b'<meta charset="windows-1251"><p>\xcf\xf0\xe8', "При"),
    ],
)
def test_text_is_decoded_by_what_its_label_means(header, content, text):
    """A25, B18, B21: charsets, wrong labels, UTF-7 never."""
    raw = b"From: a@example.com\nContent-Type: " + header.encode() + b"\n\n" + content
    assert parse_message(raw).text == text


def test_eight_bit_headers_and_torn_encoded_words_are_read():
    """B18: raw bytes in a header; a letter torn over two encoded words."""
    raw = b"From: J\xc3\xbcrg <j@example.com>\nSubject: =?utf-8?b?w6?= =?utf-8?b?nDqQ==?=\n\nx"
    assert parse_message(raw).from_.name == "Jürg"
    torn = b"From: a@example.com\nSubject: =?utf-8?q?=C3?=\n =?utf-8?q?=A9t=C3=A9?= end\n\nx"
    assert parse_message(torn).subject == "été end"


def test_html_is_shown_and_its_text_is_searched():
    """A29: where there is only HTML, the text is what a person sees of it."""
    raw = email(
        "Content-Type: text/html\n",
        "<style>p{}</style><p>Hello <b>Bob</b><br>bye</p><p style='display:none'>spy</p>",
    )
    assert parse_message(raw).text == "Hello Bob\nbye"
    assert "<b>Bob</b>" in (read_html(raw) or "")


def test_of_two_versions_the_plain_one_is_text_and_the_other_html():
    raw = multipart(
        "Content-Type: text/plain\n\nplain words",
        "Content-Type: text/html\n\n<p>rich words",
        kind="alternative",
    )
    assert parse_message(raw).text == "plain words"
    assert read_text(raw) == "plain words"
    assert read_html(raw) == "<p>rich words"


def test_an_empty_plain_version_does_not_hide_the_html():
    raw = multipart(
        "Content-Type: text/plain\n\n \n", "Content-Type: text/html\n\n<p>rich", kind="alternative"
    )
    assert parse_message(raw).text == "rich"


def test_a_footer_after_the_message_belongs_to_text_and_html():
    raw = multipart(
        "Content-Type: text/html\n\n<p>main", "Content-Type: text/plain\n\nlist <footer>"
    )
    assert parse_message(raw).text == "main\n\nlist <footer>"
    assert "list &lt;footer&gt;" in (read_html(raw) or "")


def test_a_picture_beside_the_html_is_inline():
    picture = "Content-Type: image/png; name=logo.png\nContent-ID: <logo@x>\nContent-Transfer-Encoding: base64\n\naGk="
    raw = multipart("Content-Type: text/html\n\n<img src=cid:logo@x>", picture, kind="related")
    (attachment,) = parse_message(raw).attachments
    assert (attachment.filename, attachment.content_id, attachment.is_inline) == (
        "logo.png",
        "logo@x",
        True,
    )


def test_flowed_lines_are_joined_again():
    """B17: format=flowed, and DelSp."""
    flowed = email("Content-Type: text/plain; format=flowed\n", "one \ntwo\n> quoted \nthree")
    assert parse_message(flowed).text == "one two\n> quoted \nthree"
    unspaced = email("Content-Type: text/plain; format=flowed; delsp=yes\n", "one \ntwo")
    assert parse_message(unspaced).text == "onetwo"


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("Thu, 32 Foo", None),
        ("Sat, 01 Jan 0000 00:00:00 +0000", None),
        ("", None),
        ("Mon, 3 May 2021 12:00:00 -0000", datetime(2021, 5, 3, 12, tzinfo=UTC)),
        ("3 May 21 12:00 EST", datetime(2021, 5, 3, 17, tzinfo=UTC)),
    ],
)
def test_an_absurd_date_is_no_date(date, expected):
    """B12: the provider's time is used instead."""
    assert parse_message(email(f"Date: {date}\n")).date == expected


def test_the_sender_is_never_blank():
    """B5: two From headers, an empty one, none at all."""
    two = parse_message(b"From: \nFrom: b@example.com\nFrom: c@example.com\n\nx")
    assert two.from_.email == "b@example.com"
    assert "several senders" in two.warnings[0]
    other = parse_message(b"From: nobody\nSender: list@example.com\n\nx")
    assert other.from_.email == "list@example.com"
    assert "taken from Sender" in other.warnings[0]
    none = parse_message(b"From: MAILER DAEMON <>\n\nx")
    assert (none.from_.name, none.from_.email) == ("MAILER DAEMON", "")
    assert none.warnings == ("Nothing in this email says who sent it.",)


def test_a_name_that_shows_another_address_is_warned_about():
    """B6: the real address is kept and the lie is told."""
    message = parse_message(b'From: "ceo@corp.example" <x@evil.example>\n\nx')
    assert message.from_.email == "x@evil.example"
    assert "another address" in message.warnings[0]


@pytest.mark.parametrize("domain", ["xn--pypal-4ve.example", "p\u0430ypal.example"])
def test_a_domain_that_can_look_like_another_is_warned_about(domain):
    """B8: homographs."""
    assert "look like others" in parse_message(f"From: a@{domain}\n\nx".encode()).warnings[0]


def test_an_encoded_line_break_splits_no_header():
    """B7, C1: NUL and line breaks inside encoded words."""
    message = parse_message(
        b"From: =?utf-8?q?a=0D=0ABcc:_x=40y.example=00?= <m@evil.example>\nSubject: =?utf-8?q?a=0Ab?=\n\nx"
    )
    assert message.bcc == ()
    assert "\n" not in message.from_.name + message.subject


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied\n",
        "Precedence: bulk\n",
        "Precedence: list\n",
        "X-Autoreply: yes\n",
        "Return-Path: <>\n",
        "Content-Type: multipart/report; boundary=x\n",
    ],
)
def test_what_a_machine_wrote_is_recognised(headers):
    """C11: so that no machine answers it."""
    assert parse_message(email(headers)).is_automatic
    assert parse_message(b"From: MAILER-DAEMON@example.com\n\nx").is_automatic


def test_a_person_on_a_mailing_list_is_no_machine():
    message = parse_message(
        email("Precedence: list\nList-Id: <l.example.com>\nAuto-Submitted: no\n")
    )
    assert not message.is_automatic
    assert message.list_id == "l.example.com"


def test_message_ids_are_bounded_and_stay_distinct():
    """B13: missing, and 64 KB long."""
    assert parse_message(email()).message_id == ""
    first, second = (
        parse_message(email(f"Message-ID: <{'x' * 65_000}{end}@e>\n")).message_id for end in "ab"
    )
    assert len(first) == len(second) == 500
    assert first != second
    assert parse_message(email("Message-ID: <a b\n c@e>\n")).message_id == "abc@e"


def test_references_keep_the_first_and_the_last():
    """B4, B15: 100 000 ids, repeated ids, loops."""
    many = " ".join(f"<{number}@e>" for number in range(100_000))
    message = parse_message(email(f"References: {many}\nIn-Reply-To: <last@e>\n"))
    assert len(message.references) == 100
    assert (message.references[0], message.references[-2:]) == ("0@e", ("99999@e", "last@e"))
    loop = parse_message(email("References: <a@e> <b@e> <a@e>\nIn-Reply-To: <b@e>\n"))
    assert loop.references == ("a@e", "b@e")


@pytest.mark.parametrize(
    ("headers", "answered"),
    [
        ("In-Reply-To: <b@e>\nReferences: <a@e> <c@e>\n", "b@e"),
        ("References: <a@e> <b@e>\n", "b@e"),
        ("Message-ID: <b@e>\nReferences: <a@e> <b@e>\n", "a@e"),
        ("Message-ID: <b@e>\nReferences: <b@e>\n", ""),
        ("", ""),
    ],
)
def test_what_an_email_answers_is_the_nearest_that_it_names(headers, answered):
    """Some programs write References alone; no email answers itself."""
    assert parse_message(email(headers)).answered_id == answered


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('attachment; filename="../../x.pdf"', "x.pdf"),
        ('attachment; filename="C:\\\\y.pdf"', "y.pdf"),
        ("attachment; filename*0*=utf-8''caf%C3%A9; filename*1=.pdf", "café.pdf"),
        ('attachment; filename="one.pdf"; filename="two.pdf"', "one.pdf"),
        ("attachment; filename=\"a.pdf\"; filename*=utf-8''b.pdf", "b.pdf"),
        ('attachment; filename="."', "attachment-2.pdf"),
        ('attachment; filename="CON"', "_CON"),
        ('attachment; filename="=?utf-8?q?caf=C3=A9.pdf?="', "café.pdf"),
        ('attachment; filename="invoice.pdf\u202eexe"', "invoice.pdfexe"),
        ('attachment; filename="a\r\n\tSet-Cookie: x.pdf"', "a Set-Cookie_ x.pdf"),
        ("attachment", "attachment-2.pdf"),
    ],
)
def test_a_file_name_is_safe_anywhere(disposition, filename):
    """B9, B10: one name for display, check and download."""
    raw = multipart("Content-Type: text/plain\n\nx", file_part(disposition))
    (attachment,) = parse_message(raw).attachments
    assert attachment.filename == read_attachment(raw, attachment.number).filename == filename


def test_a_long_file_name_keeps_its_extension():
    raw = multipart(file_part(f'attachment; filename="{"x" * 5000}.pdf"'))
    filename = parse_message(raw).attachments[0].filename
    assert len(filename) == 200
    assert filename.endswith(".pdf")


def test_a_damaged_attachment_is_kept_and_said_to_be_damaged():
    """B11: junk and missing padding."""
    raw = multipart(
        "Content-Type: application/x\nContent-Transfer-Encoding: base64\n\nYWJj!!ZGVmYQ"
    )
    message = parse_message(raw)
    assert read_attachment(raw, message.attachments[0].number).content == b"abcdefa"
    assert "damaged" in message.warnings[0]


def test_a_forwarded_message_is_one_opaque_attachment():
    """B3, B16: messages in messages and winmail.dat are not unpacked."""
    inner = "Subject: inner\n\nContent-Type: message/rfc822\n\n" * 200
    raw = multipart(
        "Content-Type: text/plain\n\nsee below", f"Content-Type: message/rfc822\n\n{inner}"
    )
    message = parse_message(raw)
    assert message.text == "see below"
    assert [each.filename for each in message.attachments] == ["message.eml"]


def test_deep_nesting_and_many_parts_are_bounded_and_said():
    """B1: 500 levels, 10 000 parts."""
    deep = b"From: a@example.com\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(500)
    )
    message = parse_message(deep + b"\n\nbottom")
    assert "nested more than 50 deep" in message.warnings[0]
    assert "bottom" in read_text(deep + b"\n\nbottom")
    wide = multipart(*["Content-Type: text/plain\n\npart"] * 10_000)
    assert "1000 parts" in " ".join(parse_message(wide).warnings)


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@example.com\nContent-Type: multipart/mixed\n\nreadable",
        b"From: a@example.com\nContent-Type: multipart/mixed; boundary="
        + b"y" * 1_000_000
        + b"\n\nreadable",
        b"From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nreadable\n--b--",
        b"From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nreadable",
    ],
)
def test_a_multipart_with_a_bad_boundary_is_readable(raw):
    """B2: missing, reused, of 1 MB, never closed."""
    assert "readable" in parse_message(raw).text


def test_a_broken_line_between_headers_does_not_hide_the_others():
    raw = b"To: b@example.com\nthis is no header\nFrom: a@example.com\nSubject: kept\n\nx"
    message = parse_message(raw)
    assert (message.from_.email, message.subject, message.text) == ("a@example.com", "kept", "x")


def test_headers_are_listed_decoded_in_order():
    raw = b"Received: one\nSubject: =?utf-8?q?=C3=A9?=\nReceived: two\n  folded\n\nx"
    assert read_headers(raw) == (("Received", "one"), ("Subject", "é"), ("Received", "two folded"))


SAME = "Message-ID: <1@e>\nSubject: Plan\n"


@pytest.mark.parametrize(
    "copy",
    [
        email(f"Received: elsewhere\n{SAME}"),
        email(f"{SAME}Bcc: eve@example.com\n"),
        email(f"{SAME}Content-Transfer-Encoding: base64\n", "SGVsbG8="),
        email("Message-ID: <1@e>\nSubject:   Plan\n", "Hello\r\n\r\n"),
        email(f"{SAME}Date: Mon, 3 May 2021 12:00:00 +0200\n"),
    ],
)
def test_two_copies_of_one_email_have_one_digest(copy):
    """S40: however many mailboxes hold it."""
    assert parse_message(copy).digest == parse_message(email(SAME)).digest


@pytest.mark.parametrize(
    "other",
    [
        email(SAME, "Hello again"),
        email("Message-ID: <1@e>\nSubject: Plan B\n"),
        email("Message-ID: <2@e>\nSubject: Plan\n"),
        multipart("Content-Type: text/plain\n\nHello", file_part("attachment"), headers=SAME),
    ],
)
def test_a_reused_message_id_with_other_content_has_another_digest(other):
    """B13: a reused Message-ID merges nothing."""
    assert parse_message(other).digest != parse_message(email(SAME)).digest


def test_without_a_message_id_the_date_tells_two_emails_apart():
    first, second = (email(f"Date: Mon, {day} May 2021 12:00:00 +0200\n") for day in (3, 4))
    assert parse_message(first).digest != parse_message(second).digest
