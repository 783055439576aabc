"""The bytes that leave: what they are made of, that they are the same every time, and that Gmail gets exactly them."""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import a_contact, a_message, rewrite
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mailboxes.addresses import keep_sending_addresses
from letterbook.mailboxes.models import SendAsAddress
from letterbook.mailboxes.opening import open_mailbox
from letterbook.mime.addresses import address_key
from letterbook.mime.composing import Composition
from letterbook.mime.mime_writing import attachment_part
from letterbook.mime.parsing import parse_message, read_html
from letterbook.outgoing import freezing
from letterbook.outgoing.attaching import (
    attach_file,
    attach_picture,
    find_file,
    pictures_of,
    remove_file,
)
from letterbook.outgoing.drafts import DraftText, duplicate, edit_draft
from letterbook.outgoing.fitting import LARGEST_FILES, room_for_files, sent_size
from letterbook.outgoing.freezing import freeze
from letterbook.outgoing.models import Actor
from letterbook.outgoing.queueing import queue_email
from letterbook.outgoing.replying import draft_reply
from letterbook.providers.fake_gmail.mailbox import FakeSendAs
from letterbook.search.finding import search

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def frozen_bytes(draft, at):
    return bytes(freeze(draft, date=at, at=at).raw)


def independently(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


@pytest.fixture
def illustrated(alice, write, at):
    """A draft whose text shows one of its two pictures, with a file beside it; as (draft, shown, unused)."""
    draft = write()
    shown, unused = (
        attach_picture(alice, draft, filename=name, content=PNG, at=at)
        for name in ("Maß.png", "b.png")
    )
    attach_file(
        alice, draft, filename="Angebot.pdf", content_type="application/pdf", content=b"%PDF", at=at
    )
    html = f'<p>See</p><img src="cid:{shown.content_id}" alt="a plan">'
    return (
        edit_draft(alice, draft, text=DraftText(to="a@x.example", html=html), version=1, at=at),
        shown,
        unused,
    )


def test_an_alias_whose_domain_has_other_letters_can_be_sent_from(write, mailbox, at):
    """S26: IDN, on the sender's side too."""
    address = "alice@bücher.example"
    SendAsAddress.objects.create(
        team=mailbox.team,
        mailbox=mailbox,
        address=address,
        key=address_key(address),
        is_verified=True,
    )
    sent = independently(frozen_bytes(write(from_address=address), at))
    assert sent["From"].addresses[0].addr_spec == "alice@xn--bcher-kva.example"
    assert sent["Message-ID"].endswith("@xn--bcher-kva.example>")


def test_a_blind_recipient_stands_in_the_one_header_that_gmail_takes_out(write, at):
    """S3: nowhere else, neither in what the others get nor in the text."""
    raw = frozen_bytes(
        write(to="a@x.example", cc="b@x.example", bcc="Vera <vera@hidden.example>"), at
    )
    sent = independently(raw)
    headers = {name: str(value) for name, value in sent.items()}
    assert headers.pop("Bcc") == "Vera <vera@hidden.example>"
    assert (headers["To"], headers["Cc"]) == ("a@x.example", "b@x.example")
    del sent["Bcc"]
    assert b"vera" not in sent.as_bytes().lower()


def test_a_picture_in_the_text_travels_with_it_and_one_taken_out_again_does_not(illustrated, at):
    """S21."""
    draft, shown, _ = illustrated
    raw = frozen_bytes(draft, at)
    found = parse_message(raw).attachments
    assert [(one.filename, one.is_inline) for one in found] == [
        ("Maß.png", True),
        ("Angebot.pdf", False),
    ]
    assert found[0].content_id == shown.content_id
    assert f'src="cid:{shown.content_id}"' in (read_html(raw) or "")
    assert "a plan" in parse_message(raw).text


def test_a_picture_that_was_removed_leaves_no_hole(alice, illustrated, at):
    draft, shown, _ = illustrated
    remove_file(alice, draft, attachment_id=shown.pk, at=at)
    assert "cid:" not in (read_html(frozen_bytes(draft, at)) or "")


def test_a_text_shows_no_picture_but_its_own(alice, illustrated, write, at):
    """A20: a content id of another email shows nothing."""
    other = write()
    html = f'<img src="cid:{illustrated[1].content_id}"><img src="cid:../../etc/passwd">'
    edited = edit_draft(alice, other, text=DraftText(html=html), version=1, at=at)
    assert "cid" not in edited.html


def test_a_copy_of_an_email_shows_its_pictures_too(alice, illustrated, at):
    """S24."""
    draft, shown, _ = illustrated
    copy = duplicate(alice, draft, at=at)
    assert set(pictures_of(copy)) == set(pictures_of(draft))
    assert parse_message(frozen_bytes(copy, at)).attachments[0].content_id == shown.content_id


@pytest.mark.parametrize("content", [b"", b"<svg onload=x()>", b"GIF8 no", b"RIFF1234WAVE"])
def test_only_what_mail_programs_show_is_a_picture(alice, draft, at, content):
    """C7."""
    with pytest.raises(Invalid, match="no picture"):
        attach_picture(alice, draft, filename="a.png", content=content, at=at)


def test_a_file_is_handed_to_those_who_may_read_the_email(alice, bob, charlie, illustrated, at):
    """D1."""
    draft, shown, _ = illustrated
    assert bytes(find_file(alice, draft, attachment_id=shown.pk).content) == PNG
    for member in (bob, charlie):
        with pytest.raises(NotFound):
            find_file(member, draft, attachment_id=shown.pk)


def test_the_same_email_is_the_same_bytes(illustrated, at, monkeypatch):
    """S5: but for the send key, which names the queueing."""
    draft, _, _ = illustrated
    made: list[Composition] = []
    compose = freezing.compose
    monkeypatch.setattr(freezing, "compose", lambda one: made.append(one) or compose(one))
    first, second = frozen_bytes(draft, at), frozen_bytes(draft, at)
    assert compose(made[0]) == first
    key = re.compile(rb"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|=_[0-9a-f]{32}")
    pictures = [one.content_id.encode() for one in made[0].attachments if one.content_id]
    assert all(first.count(one) == second.count(one) == 2 for one in pictures)
    assert key.sub(b"", first) == key.sub(b"", second)


def test_gmail_gets_every_byte_of_a_rich_email(sending, alice):
    """S5, S21, S22, S92."""
    subject = "Grüße 🎉 " * 150
    draft = sending.write(
        subject=subject.strip(), to='"Lind, Änna" <a@x.example>', bcc="v@x.example"
    )
    at = sending.clock()
    picture = attach_picture(alice, draft, filename="a.png", content=PNG, at=at)
    attach_file(
        alice, draft, filename="Übersicht.pdf", content_type="application/pdf", content=PNG, at=at
    )
    html = (
        "<h2>Offer</h2><p><b>bold</b> <i>and</i> <u>not</u></p><ol><li>one</li></ol><ul><li>a</li></ul>"
        '<p><a href="https://e.example/a?b=1" target="_blank" rel="noopener noreferrer nofollow">link</a></p>'
        "<blockquote>said</blockquote>"
        "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"
        f'<img src="cid:{picture.content_id}" alt="plan">'
    )
    text = DraftText(
        to='"Lind, Änna" <a@x.example>', bcc="v@x.example", subject=draft.subject, html=html
    )
    sending.queue(edit_draft(alice, draft, text=text, version=1, at=at))
    sending.work()
    sending.check(draft)
    (accepted,) = sending.accepted
    raw = bytes(draft.frozen.get().raw)
    assert accepted.raw_sha256 == hashlib.sha256(raw).hexdigest()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    read = independently(raw)
    assert read["Subject"] == subject.strip()
    assert read.get_body(("html",)).get_content().strip() == html
    (inline,) = [part for part in read.walk() if part["Content-ID"]]
    assert (inline["Content-ID"], inline.get_content()) == (f"<{picture.content_id}>", PNG)


def test_a_long_subject_is_folded_when_it_leaves_and_found_by_its_last_word(sending):
    """S22: as it was written, by whoever reads the bytes or searches the history."""
    a_contact(sending.member, "Anna", "anna@lindwerk.example")
    subject = f"{'Angebot für Anna ' * 70}zuletzt"
    email_ = sending.queue(subject=subject)
    sending.work()
    sending.check(email_)
    raw = bytes(email_.frozen.get().raw)
    headers = raw.partition(b"\r\n\r\n")[0]
    assert len(subject) > 998
    assert max(map(len, headers.split(b"\r\n"))) <= 78
    assert independently(raw)["Subject"] == subject
    for question in ("subject:zuletzt", '"für Anna zuletzt"'):
        assert [hit.email.id for hit in search(sending.member, question).hits] == [
            email_.message_id
        ]


def test_five_megabytes_of_rich_text_are_sent(sending):
    """S21."""
    html = f"<p><b>{'word ' * 20}</b> Grüße</p>" * 42_000
    assert len(html) > 5_000_000
    email_ = sending.queue(html=html)
    sending.work()
    sending.check(email_)
    assert email_.status == "sent"
    assert (read_html(bytes(email_.frozen.get().raw)) or "").strip() == html


@pytest.fixture
def answer(alice, mailbox, at):
    """Freeze an answer to an email with these headers, and return the answer's own."""

    def freeze_one(headers):
        raw = f"From: a@x.example\r\nMessage-ID: <last@x.example>\r\n{headers}\r\nHello".encode()
        message = a_message(mailbox, a_contact(alice), raw=raw)
        rewrite(message, message_id="last@x.example")
        reply = draft_reply(alice, message, to_all=False, at=at)
        return parse_message(frozen_bytes(reply, at))

    return freeze_one


def test_an_answer_refers_to_the_whole_conversation(answer):
    """S29, S92: RFC 5322, 3.6.4."""
    found = answer(
        "References: <first@x.example> <second@x.example>\r\nIn-Reply-To: <second@x.example>\r\n"
    )
    assert found.in_reply_to == "last@x.example"
    assert found.references == ("first@x.example", "second@x.example", "last@x.example")


def test_a_long_conversation_is_referred_to_by_its_beginning_and_its_end(answer):
    """B4."""
    chain = " ".join(f"<{number}@x.example>" for number in range(90))
    found = answer(f"References: {chain}\r\n")
    assert len(found.references) == 25
    assert (found.references[0], found.references[-2:]) == (
        "0@x.example",
        ("89@x.example", "last@x.example"),
    )


def test_a_way_out_is_offered_where_a_template_asks_for_it(alice, write, at):
    """S92: RFC 2369; one click only where a page could answer it."""
    draft = write()
    assert b"List-Unsubscribe" not in frozen_bytes(draft, at)
    text = DraftText(to="a@x.example", html="x", asks_unsubscribe=True)
    asked = edit_draft(alice, draft, text=text, version=1, at=at)
    found = independently(frozen_bytes(asked, at))
    assert found["List-Unsubscribe"] == "<mailto:alice@haldenrowe.example?subject=unsubscribe>"
    assert "List-Unsubscribe-Post" not in found
    kept = edit_draft(alice, asked, text=DraftText(to="a@x.example", html="y"), version=2, at=at)
    assert kept.asks_unsubscribe
    assert duplicate(alice, kept, at=at).asks_unsubscribe


def test_an_address_in_quotes_and_one_in_other_letters_are_sent_to(sending):
    """S26."""
    email_ = sending.queue(to='"john,doe"@example.com, Ann <ann@bücher.example>')
    sending.work()
    sending.check(email_)
    assert email_.status == "sent"
    keys = [one.key for one in parse_message(bytes(email_.frozen.get().raw)).to]
    assert keys == ['"john,doe"@example.com', "ann@xn--bcher-kva.example"]


def test_nobody_is_sent_more_than_gmail_takes(alice, draft, at):
    """S21: a text with pictures inside is counted too."""
    attach_file(alice, draft, filename="a", content_type="", content=bytes(LARGEST_FILES), at=at)
    text = DraftText(to="a@x.example", html="<p>" + "Grüße " * 900_000)
    edit_draft(alice, draft, text=text, version=1, at=at)
    with pytest.raises(Invalid, match=r"has 59\.1 MB; Gmail takes 36\.7 MB"):
        queue_email(draft, by=Actor.person(alice), member=alice, at=at)
    draft.refresh_from_db()
    assert (draft.status, draft.frozen.count()) == ("draft", 0)


def test_the_files_that_fit_beside_a_text_fit_into_what_is_sent(alice, write, at):
    """S21: what is promised before a file is sent up is true of the bytes that leave."""
    for html in ("<p>Short.</p>", "<p>" + "Grüße " * 900_000):
        draft = write(html=html)
        room = room_for_files(draft)
        attach_file(alice, draft, filename="a", content_type="", content=bytes(room), at=at)
        with pytest.raises(Invalid, match="may have"):
            attach_file(alice, draft, filename="b", content_type="", content=bytes(1), at=at)
        queue_email(draft, by=Actor.person(alice), member=alice, at=at)
        left = 36_700_160 - len(bytes(draft.frozen.get().raw))
        assert 0 <= left < 300_000 or (room == LARGEST_FILES and left > 2_000_000)


@given(st.binary(max_size=5_000))
def test_a_file_is_on_its_way_as_large_as_it_is_said_to_be(content):
    headers = len(attachment_part("a", "text/x", b""))
    assert (
        abs(len(attachment_part("a", "text/x", content)) - headers - sent_size(len(content))) <= 4
    )


def test_answers_go_where_the_owner_of_an_alias_wants_them(sending):
    """S25, S92: as Gmail would do with what is written there."""
    box = sending.gmail.mailbox(sending.mailbox.address)
    for address, reply_to in (
        ("press@haldenrowe.example", "desk@haldenrowe.example"),
        ("self@haldenrowe.example", "SELF@haldenrowe.example"),
        ("odd@haldenrowe.example", "no address\r\nBcc: x@y.example"),
    ):
        box.send_as.append(FakeSendAs(address, "Press", reply_to=reply_to))
    with closing(open_mailbox(sending.mailbox, clock=sending.clock)) as provider:
        keep_sending_addresses(sending.mailbox, provider.list_send_as())
    for who, wanted in (("press", ["desk@haldenrowe.example"]), ("self", []), ("odd", [])):
        draft = sending.write(from_address=f"{who}@haldenrowe.example")
        parsed = parse_message(frozen_bytes(draft, sending.clock()))
        assert [one.email for one in parsed.reply_to] == wanted
