from __future__ import annotations

import email
import email.policy
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.addresses import Address
from letterbook.mime.composing import Attachment, BadHeader, Composition, check_subject, compose
from letterbook.mime.html import html_to_text
from letterbook.mime.parsing import parse_message, read_attachment, read_html
from letterbook.mime.plain_version import plain_version

PLAIN = Composition(
    from_=Address("Ann Lee", "ann@example.com"),
    to=(Address("Bob", "bob@example.com"),),
    cc=(),
    bcc=(),
    subject="Plan",
    html="<div>Hello <strong>Bob</strong></div>",
    message_id="m1.abc@example.com",
    date=datetime(2021, 5, 3, 10, tzinfo=UTC),
)

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200)
NAMES = TEXT.map(lambda name: " ".join(name.split()))


def composed(**fields) -> bytes:
    return compose(replace(PLAIN, **fields))


def independently(raw: bytes):
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_an_email_is_what_was_written():
    """S5, S92: both versions, all headers, as any program reads them."""
    raw = composed(
        cc=(Address("", "cy@example.com"),),
        bcc=(Address("", "dee@example.com"),),
        in_reply_to="m0@example.com",
        references=("m-1@example.com", "m0@example.com"),
        headers=(("X-Kind", "letter"), ("Reply-To", "Desk <desk@example.com>")),
    )
    message = parse_message(raw)
    assert message.subject == "Plan"
    assert (message.from_, message.to[0]) == (PLAIN.from_, PLAIN.to[0])
    assert [each.email for each in (*message.cc, *message.bcc, *message.reply_to)] == [
        "cy@example.com",
        "dee@example.com",
        "desk@example.com",
    ]
    assert (message.message_id, message.in_reply_to) == ("m1.abc@example.com", "m0@example.com")
    assert message.references == ("m-1@example.com", "m0@example.com")
    assert message.date == PLAIN.date
    assert message.text == "Hello Bob"
    other = independently(raw)
    assert other.get_body(("html",)).get_content().strip() == PLAIN.html
    assert other["X-Kind"] == "letter"
    assert other.defects == []


def test_equal_compositions_give_equal_bytes():
    files = (Attachment("a.txt", "text/plain", b"x"),)
    assert composed(attachments=files) == composed(attachments=files)
    assert composed(message_id="other@example.com") != composed()


@given(subject=TEXT.map(str.strip), name=NAMES, html=TEXT)
def test_any_words_come_back_unchanged(subject, name, html):
    """S4, C2: round trip through our parser and through an independent one."""
    raw = composed(
        subject=subject,
        to=(Address(name, "bob@example.com"), Address("", "cy@example.com")),
        html=f"<p>{html}",
    )
    assert_well_formed(raw)
    other = independently(raw)
    assert [each.addr_spec for each in other["To"].addresses] == [
        "bob@example.com",
        "cy@example.com",
    ]
    assert [each.email for each in parse_message(raw).to] == ["bob@example.com", "cy@example.com"]
    assert "".join(parse_message(raw).subject.split()) == "".join(visible(subject).split())
    assert (read_html(raw) or "").strip() == f"<p>{html}".strip()
    assert other.get_body(("html",)).get_content().strip("\n") == f"<p>{html}"


def visible(text: str) -> str:
    return "".join(
        letter
        for letter in text
        if letter not in "\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


@given(name=TEXT, content=st.binary(max_size=300))
def test_any_file_comes_back_unchanged(name, content):
    """C7: names in any language; the bytes untouched."""
    raw = composed(attachments=(Attachment(name, "application/pdf", content),))
    assert_well_formed(raw)
    (attachment,) = parse_message(raw).attachments
    found = read_attachment(raw, attachment.number)
    assert found.content == content
    (other,) = independently(raw).iter_attachments()
    assert other.get_payload(decode=True) == content
    assert other.get_filename() == found.filename


def assert_well_formed(raw: bytes) -> None:
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\n" in line or b"\r" in line for line in lines)


@pytest.mark.parametrize(
    "subject", ["x\r\nBcc: a@evil.example", "x\ny", "x\u2028y", "x\0y", "x" * 2001]
)
def test_a_subject_that_would_be_another_header_is_refused(subject):
    """C1."""
    with pytest.raises(BadHeader, match="subject"):
        check_subject(subject)
    with pytest.raises(BadHeader):
        composed(subject=subject)


@pytest.mark.parametrize(
    "subject",
    ["%0d%0aBcc: x", "=?utf-8?q?a=0D=0ABcc:_x?=", "a   b", "x" * 900, "", "x " * 900 + "x"],
)
def test_an_odd_subject_stays_literal(subject):
    """C1, S22: what looks like an encoded line break is text; long subjects are folded."""
    raw = composed(subject=subject)
    assert_well_formed(raw)
    assert independently(raw)["Subject"] == subject
    assert "Bcc" not in independently(raw)


@pytest.mark.parametrize(
    "fields",
    [
        {"to": (Address("a\r\nBcc: x", "bob@example.com"),)},
        {"to": (Address("", "a\n@example.com"),)},
        {"to": (Address("", "a@b@example.com"),)},
        {"to": (Address("", "josé@example.com"),)},
        {"to": (Address("", "a@example.com, b@example.com"),)},
        {"to": (Address("", "nobody"),)},
        {"message_id": "a\r\nBcc: x"},
        {"message_id": ""},
        {"headers": (("Bcc", "x@evil.example"),)},
        {"headers": (("Content-Type", "text/html"),)},
        {"headers": (("X-A: b\r\nX", "c"),)},
        {"headers": (("X-A", "b\r\nBcc: c"),)},
    ],
)
def test_what_no_header_may_hold_is_refused(fields):
    """C2, C4: no header, no recipient comes in by the back door."""
    with pytest.raises(BadHeader):
        composed(**fields)


def test_a_type_that_is_none_becomes_unknown_bytes():
    """C7: the type is checked; a message or multipart is never sent as one."""
    for content_type in ("text/html\r\nX: y", "message/rfc822", "multipart/mixed", "nonsense"):
        raw = composed(attachments=(Attachment("a.bin", content_type, b"x"),))
        assert parse_message(raw).attachments[0].content_type == "application/octet-stream"


def test_a_domain_in_other_letters_is_sent_in_plain_ones():
    raw = composed(to=(Address("", "ann@bücher.example"),))
    assert parse_message(raw).to[0].email == "ann@xn--bcher-kva.example"
    assert parse_message(raw).to[0].key == Address("", "ann@bücher.example").key


def test_a_picture_in_the_html_travels_beside_it():
    """S21: inline images survive."""
    raw = composed(html='<p>x</p><img src="data:image/png;base64,aGVsbG8=">')
    (picture,) = parse_message(raw).attachments
    assert picture.is_inline
    assert f'src="cid:{picture.content_id}"' in (read_html(raw) or "")
    assert read_attachment(raw, picture.number).content == b"hello"


def test_an_attached_picture_travels_beside_the_text_that_shows_it():
    """S21, S92: mixed(alternative(text, related(html, picture)), file), as mail programs expect it."""
    raw = composed(
        html='<p>x</p><img src="cid:1@p"><img src="data:image/png;base64,aGVsbG8=">',
        attachments=(
            Attachment("Grüße.png", "image/png", b"one", "1@p"),
            Attachment("b.pdf", "application/pdf", b"%PDF"),
            Attachment("c.png", "image/png", b"nobody shows it", "2@p"),
        ),
    )
    assert_well_formed(raw)
    parsed = parse_message(raw)
    assert [(one.filename, one.is_inline) for one in parsed.attachments] == [
        ("Grüße.png", True),
        ("picture2.png", True),
        ("b.pdf", False),
        ("c.png", False),
    ]
    assert parsed.attachments[0].content_id == "1@p"
    other = independently(raw)
    assert [part.get_content_type() for part in other.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "image/png",
        "application/pdf",
        "image/png",
    ]
    assert all(not part.defects for part in other.walk())


@pytest.mark.parametrize("content_id", ["a\r\nBcc: x", "a\nb"])
def test_a_pictures_name_brings_no_header_along(content_id):
    """C1."""
    with pytest.raises(BadHeader):
        composed(
            html=f'<img src="cid:{content_id}">',
            attachments=(Attachment("a.png", "image/png", b"", content_id),),
        )


def test_a_name_is_readable_for_programs_that_do_not_know_how_it_is_written_now():
    """S92: RFC 2231, and the older way beside it."""
    raw = composed(attachments=(Attachment("Grüße an alle 🎉.pdf", "application/pdf", b"x"),))
    assert b"filename*=utf-8''Gr%C3%BC%C3%9Fe" in raw
    assert b'name="=?utf-8?b?' in raw
    (part,) = independently(raw).iter_attachments()
    assert part.get_filename() == "Grüße an alle 🎉.pdf"


ADDRESSES = st.builds(
    lambda name, local, domain: Address(name, f"{local}@{domain}"),
    NAMES,
    st.sampled_from(
        ["anna", "a.b+c", "o'neil", '"john doe"', '"john,doe"', '"a@b, \\"c"', "x" * 64]
    ),
    st.sampled_from(["example.com", "bücher.example", "a-very-long-domain." * 5 + "example"]),
)


@given(
    to=st.lists(ADDRESSES, min_size=1, max_size=4),
    cc=st.lists(ADDRESSES, max_size=3),
    bcc=st.lists(ADDRESSES, max_size=2),
    answered=st.lists(
        st.from_regex(r"[a-zA-Z0-9.$%+-]{1,80}@[a-z0-9.-]{1,40}", fullmatch=True), max_size=5
    ),
)
def test_any_people_and_threads_come_back_unchanged(to, cc, bcc, answered):
    """S3, S26, S29, S92: round trip through our parser and through an independent one."""
    ids = tuple(dict.fromkeys(answered))
    raw = composed(
        to=tuple(to),
        cc=tuple(cc),
        bcc=tuple(bcc),
        references=ids,
        in_reply_to=ids[-1] if ids else "",
    )
    assert_well_formed(raw)
    parsed, other = parse_message(raw), independently(raw)
    for header, written, read in (
        ("To", to, parsed.to),
        ("Cc", cc, parsed.cc),
        ("Bcc", bcc, parsed.bcc),
    ):
        keys = [one.key for one in written]
        assert [one.key for one in read] == keys
        theirs = other[header].addresses if written else ()
        assert [Address("", one.addr_spec).key for one in theirs] == keys
        # The standard library leaves the space between two encoded words of a name in.
        shown = [visible(one.display_name).replace(" ", "") for one in theirs]
        assert shown == [visible(one.name).replace(" ", "") for one in written]
    assert parsed.references == ids
    assert parsed.in_reply_to == (ids[-1] if ids else "")


def test_the_plain_text_is_what_a_person_would_have_typed():
    """S92: lists, links, quotes, a table in columns, the signature."""
    html = (
        '<p>Dear Anna, see <a href="https://e.example/a">the offer</a>:</p>'
        "<table><tbody><tr><th>Size</th><th>Price</th></tr><tr><td>10 x 15</td><td>€ 1.20</td></tr></tbody></table>"
        "<ul><li>one</li><li>two</li></ul>"
        '<div class="gmail_signature"><div>Alice</div></div><blockquote>old</blockquote>'
    )
    assert parse_message(composed(html=html)).text.rstrip() == (
        "Dear Anna, see the offer <https://e.example/a>:\n\n"
        "Size     Price\n-------  ------\n10 x 15  € 1.20\n\n"
        "* one\n* two\n\n-- \nAlice\n\n> old"
    )


def test_a_list_as_an_editor_writes_it_reads_like_one():
    html = (
        '<ol start="3"><li><p>three</p><ul><li><p>deep</p></li></ul></li><li><p>four</p></li></ol>'
        "<p>end</p>"
    )
    assert plain_version(html) == "3. three\n  * deep\n4. four\n\nend"


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td><p>Only</p><p>a frame</p></td></tr></table>",
        "<table><tr><td><table><tr><td>a</td></tr></table></td><td>b</td></tr></table>",
        f"<table><tr><td>{'long ' * 50}</td><td>b</td></tr></table>",
    ],
)
def test_a_table_that_is_only_a_layout_reads_as_text(html):
    assert plain_version(html) == html_to_text(html)


@pytest.mark.parametrize(
    "piece",
    [
        "<table>",
        "<tr><td>",
        "<table><tr><td>a</td><td>b</td></tr></table>",
        '<div class="gmail_signature">',
        "<li><p>",
        "<",
        " ",
    ],
)
def test_making_the_plain_text_is_linear(piece):
    """A24."""
    started = time.process_time()
    plain_version(piece * (1_000_000 // len(piece)))
    plain_version("<table>" + piece * (500_000 // len(piece)) + "</table>")
    assert time.process_time() - started < 5


def test_the_plain_text_of_a_long_email_is_not_cut():
    """S21."""
    html = "".join(f"<p>line {number}</p>" for number in range(250_000))
    assert plain_version(html).endswith("line 249999")


def test_a_long_text_and_many_references_survive():
    """S21: 5 MB of HTML."""
    html = "<p>" + "Grüße " * 800_000 + "</p>"
    ids = tuple(f"{number}.{'x' * 200}@example.com" for number in range(60))
    raw = composed(html=html, references=ids)
    assert_well_formed(raw)
    assert (read_html(raw) or "").strip() == html
    assert parse_message(raw).references == ids


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hi</p><blockquote><p>a</p><p>b</p></blockquote><p>x</p>", "Hi\n\n> a\n>\n> b\n\nx"),
        ("<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>", "> a\n>\n> > b"),
    ],
)
def test_a_quotation_begins_with_its_words_and_not_with_an_empty_line(html, text):
    """S92: what mail programs make of “>” alone is an empty quotation."""
    assert plain_version(html) == text
