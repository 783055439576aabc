"""Answering: who gets it, what it quotes, where it comes from, and that nobody answers what they may not read."""

from __future__ import annotations

import base64
import re
from dataclasses import asdict

import pytest

from factories import a_contact, a_mailbox, a_message, rewrite
from letterbook.kit.refusals import Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.mailboxes.signatures import signature_for
from letterbook.mime.html import html_to_text
from letterbook.mime.parsing import parse_message
from letterbook.mime.quoting import split_quoted
from letterbook.outgoing import fitting
from letterbook.outgoing.drafts import DraftText, edit_draft
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.replying import draft_forward, draft_reply


def people(**roles):
    """Participants from `role="Name <address>, …"`."""
    found = []
    for role, text in roles.items():
        for one in text.split(", "):
            name, _, address = one.rpartition(" ")
            found.append({"role": role, "name": name, "address": address.strip("<>")})
    return found


@pytest.fixture
def received(mailbox, alice):
    """A function that stores an email to alice with these people and this subject."""

    def receive(subject="The proofs", text="Here they are.", **roles):
        message = a_message(mailbox, a_contact(alice), text=text)
        rewrite(message, participants=people(**roles), subject=subject)
        message.refresh_from_db()
        return message

    return receive


def addressed(email):
    return [(row.kind, row.name, row.address) for row in email.recipients.order_by("position")]


def test_an_answer_goes_to_the_sender_and_quotes_what_it_answers(alice, mailbox, received, at):
    """C10, S92."""
    message = received(**{"from": "Anna Lind <anna@x.example>"}, to="<alice@haldenrowe.example>")
    reply = draft_reply(alice, message, to_all=False, mailbox=mailbox, at=at)
    assert addressed(reply) == [("to", "Anna Lind", "anna@x.example")]
    assert (reply.subject, reply.answers, reply.status) == ("Re: The proofs", message, "draft")
    assert '<blockquote class="gmail_quote" type="cite"' in reply.html
    assert "Here they are." in reply.html
    assert split_quoted(html_to_text(reply.html)).own == ""


def test_an_answer_to_all_leaves_oneself_out_and_keeps_the_colleague(
    alice, bob, mailbox, received, at
):
    """C10."""
    a_mailbox(bob, address="bob@haldenrowe.example")
    message = received(
        **{"from": "<anna@x.example>"},
        to="<Alice@HaldenRowe.example>, <press@haldenrowe.example>, <bob@haldenrowe.example>",
        cc="Carl <carl@x.example>, <anna@x.example>",
    )
    reply = draft_reply(alice, message, to_all=True, mailbox=mailbox, at=at)
    assert addressed(reply) == [
        ("to", "", "anna@x.example"),
        ("cc", "", "bob@haldenrowe.example"),
        ("cc", "Carl", "carl@x.example"),
    ]


def test_reply_to_is_where_the_answer_goes_and_the_person_sees_it(alice, mailbox, received, at):
    """C10: a list's or an attacker's Reply-To is obeyed in plain sight."""
    message = received(
        **{"from": "<anna@x.example>"}, reply_to="<list@y.example>", to="<alice@haldenrowe.example>"
    )
    reply = draft_reply(alice, message, to_all=False, mailbox=mailbox, at=at)
    assert addressed(reply) == [("to", "", "list@y.example")]


def test_answering_ones_own_email_goes_to_the_same_people_again(alice, mailbox, received, at):
    message = received(
        **{"from": "<alice@haldenrowe.example>"}, to="<anna@x.example>", cc="<carl@x.example>"
    )
    assert addressed(draft_reply(alice, message, to_all=True, mailbox=mailbox, at=at)) == [
        ("to", "", "anna@x.example"),
        ("cc", "", "carl@x.example"),
    ]


def test_the_answer_comes_from_the_address_that_was_written_to(alice, mailbox, received, at):
    """S25."""
    message = received(**{"from": "<anna@x.example>"}, to="<press@haldenrowe.example>")
    reply = draft_reply(alice, message, to_all=False, mailbox=mailbox, at=at)
    assert reply.from_address == "press@haldenrowe.example"


@pytest.mark.parametrize(
    "subject",
    ["Re: Proofs", "AW: Proofs", "RE[2]: Proofs", "SV: Proofs", "Odp: Proofs", "回复\uff1aProofs"],
)
def test_an_answer_to_an_answer_is_not_answered_twice_in_the_subject(
    alice, mailbox, received, at, subject
):
    message = received(subject=subject, **{"from": "<anna@x.example>"})
    assert draft_reply(alice, message, to_all=False, mailbox=mailbox, at=at).subject == subject


def test_old_mail_with_addresses_that_nothing_reaches_can_be_answered_all_the_same(
    alice, mailbox, received, at
):
    """B5, C2: quotes and commas in a name, an address without a domain."""
    message = received(
        **{"from": 'O"Hara, Anna <anna@x.example>'},
        to="Undisclosed <undisclosed>, <carl@x.example>",
    )
    reply = draft_reply(alice, message, to_all=True, mailbox=mailbox, at=at)
    assert [address for _, _, address in addressed(reply)] == ["anna@x.example", "carl@x.example"]


@pytest.mark.parametrize("sharing", [Sharing.PRIVATE, Sharing.METADATA, Sharing.SUBJECT])
def test_nobody_answers_and_so_quotes_what_they_may_not_read(
    alice, bob, charlie, received, mailbox, at, sharing
):
    """Rule 3."""
    mailbox.sharing = sharing
    mailbox.save()
    message = received(**{"from": "<anna@x.example>"})
    for member in (bob, charlie):
        with pytest.raises(NotFound):
            draft_reply(member, message, to_all=False, mailbox=a_mailbox(member), at=at)


PICTURE = b"\x89PNG\r\n\x1a\n and some more"
WITH_FILES = b"""From: Anna Lind <anna@x.example>\r
To: alice@haldenrowe.example\r
Bcc: Vera <vera@hidden.example>\r
Subject: The proofs\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=a\r
\r
--a\r
Content-Type: multipart/related; boundary=b\r
\r
--b\r
Content-Type: text/html\r
\r
<p>See <img src="cid:logo@x"> and <b>read</b><img src="https://evil.example/px"><script>x()</script></p>\r
--b\r
Content-Type: image/png\r
Content-ID: <logo@x>\r
Content-Transfer-Encoding: base64\r
\r
%s\r
--b\r
Content-Type: image/png\r
Content-ID: <unused@x>\r
\r
nobody shows this\r
--b--\r
--a\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="Proofs.pdf"\r
\r
%%PDF of the proofs\r
--a--\r
""" % base64.b64encode(PICTURE)


@pytest.fixture
def with_files(mailbox, alice):
    """An email to alice with a picture in its text, a picture nobody sees, and a file."""
    message = a_message(mailbox, a_contact(alice), raw=WITH_FILES)
    parsed = parse_message(WITH_FILES)
    rewrite(
        message,
        participants=people(
            **{"from": "Anna Lind <anna@x.example>"}, to="<alice@haldenrowe.example>"
        ),
        subject=parsed.subject,
        attachments=[asdict(one) for one in parsed.attachments],
        bcc_keys=["vera@hidden.example"],
    )
    message.refresh_from_db()
    return message


def test_what_is_passed_on_brings_its_text_its_files_and_the_pictures_it_shows(
    alice, mailbox, with_files, at
):
    """S92: as mail programs do it; nobody is addressed yet, and it answers nothing."""
    draft = draft_forward(alice, with_files, at=at)
    assert (draft.subject, draft.answers, draft.recipients.count()) == ("Fwd: The proofs", None, 0)
    text = html_to_text(draft.html)
    assert "---------- Forwarded message ---------\nFrom: " in text
    assert "To: alice@haldenrowe.example\n" in text
    assert re.search(r"Date: \d{1,2} November 2026 at \d\d:\d\d\n", text)
    assert "<b>read</b>" in draft.html
    assert "evil" not in draft.html
    assert "script" not in draft.html
    file, picture = draft.attachments.order_by("content_id")
    assert (file.filename, file.content_id) == ("Proofs.pdf", "")
    assert bytes(file.content) == b"%PDF of the proofs"
    assert bytes(picture.content) == PICTURE
    assert f'<img src="cid:{picture.content_id}">' in draft.html


def test_who_got_it_blind_is_not_passed_on(alice, with_files, at):
    """S3."""
    assert "vera" not in draft_forward(alice, with_files, at=at).html
    assert "vera" not in draft_reply(alice, with_files, to_all=True, at=at).html


def test_an_answer_shows_the_pictures_of_what_it_quotes_and_leaves_its_files_out(
    alice, with_files, at
):
    """S92."""
    reply = draft_reply(alice, with_files, to_all=False, at=at)
    (picture,) = reply.attachments.all()
    assert f'"cid:{picture.content_id}"' in reply.html
    assert bytes(picture.content) == PICTURE
    text = DraftText(to="anna@x.example", html=reply.html)
    assert (
        f'"cid:{picture.content_id}"' in edit_draft(alice, reply, text=text, version=1, at=at).html
    )


@pytest.mark.parametrize("subject", ["Fwd: Proofs", "FW: Proofs", "WG: Proofs", "TR : Proofs"])
def test_what_was_passed_on_before_is_not_marked_twice(alice, received, at, subject):
    message = received(subject=subject, **{"from": "<anna@x.example>"})
    assert draft_forward(alice, message, at=at).subject == subject
    assert draft_reply(alice, message, to_all=False, at=at).subject == f"Re: {subject}"


def test_an_answer_comes_from_the_mailbox_that_has_the_email(alice, received, at):
    """S25."""
    second = a_mailbox(alice, address="alice@second.example")
    message = received(**{"from": "<anna@x.example>"}, to="<alice@second.example>")
    assert (
        draft_reply(alice, message, to_all=False, at=at).mailbox.address
        == "alice@haldenrowe.example"
    )
    message.copies.update(mailbox=second)
    assert draft_reply(alice, message, to_all=False, at=at).mailbox == second


def test_who_has_no_mailbox_cannot_answer_and_learns_why(bob, received, at):
    message = received(**{"from": "<anna@x.example>"})
    with pytest.raises(NotAllowed, match="Connect one"):
        draft_reply(bob, message, to_all=False, at=at)


@pytest.fixture
def signatures(mailbox):
    """Signatures of alice's own address and of the press desk's."""
    desk = mailbox.send_as.get(address="press@haldenrowe.example")
    desk.signature_html = "<div>The <i>press</i> desk</div><script>x()</script>"
    desk.save()
    mailbox.send_as.create(
        team_id=mailbox.team_id,
        address=mailbox.address,
        key=mailbox.address_key,
        name="Alice",
        signature_html="<div>Alice Halden</div>",
        is_default=True,
        is_verified=True,
    )


def test_the_signature_of_the_address_that_was_written_to_stands_once_above_the_quotation(
    alice, mailbox, signatures, received, at
):
    """S92."""
    message = received(**{"from": "<anna@x.example>"}, to="<press@haldenrowe.example>")
    html = draft_reply(alice, message, to_all=False, at=at).html
    assert html.count("The <i>press</i> desk") == 1
    assert '<div class="gmail_signature"><div>The <i>press</i> desk</div></div>' in html
    assert html.index("press</i> desk") < html.index("Here they are.")
    assert "The press desk" in html_to_text(draft_forward(alice, message, at=at).html)


def test_another_sender_brings_another_signature_unless_one_wrote_into_it(
    alice, mailbox, signatures, received, at
):
    """S25, S92."""
    message = received(**{"from": "<anna@x.example>"}, to="<press@haldenrowe.example>")
    reply = draft_reply(alice, message, to_all=False, at=at)
    text = DraftText(to="anna@x.example", html=reply.html)
    edited = edit_draft(alice, reply, text=text, version=1, at=at)
    assert edited.from_address == mailbox.address
    assert signature_for(mailbox, edited.from_address) == "<div>Alice Halden</div>"
    assert '<div class="gmail_signature"><div>Alice Halden</div></div>' in edited.html
    assert "desk" not in edited.html
    mine = edited.html.replace("Alice Halden</div>", "Alice, on the road</div>")
    again = DraftText(to="anna@x.example", html=mine, from_address="press@haldenrowe.example")
    kept = edit_draft(alice, edited, text=again, version=2, at=at)
    assert "Alice, on the road" in kept.html
    assert "desk" not in kept.html


def test_a_stranger_passes_nothing_on(bob, charlie, with_files, mailbox, at):
    """Rule 3."""
    mailbox.sharing = Sharing.SUBJECT
    mailbox.save()
    for member in (bob, charlie):
        a_mailbox(member)
        with pytest.raises(NotFound):
            draft_forward(member, with_files, at=at)


def test_an_answer_leaves_out_pictures_as_large_as_files(alice, with_files, at):
    """S92: an answer is never refused for what it quotes."""
    large = [{**kept, "size": 11 * 1024 * 1024} for kept in with_files.attachments]
    rewrite(with_files, attachments=large)
    with_files.refresh_from_db()
    reply = draft_reply(alice, with_files, to_all=False, at=at)
    assert reply.attachments.count() == 0
    assert "cid:" not in reply.html
    assert "<b>read</b>" in reply.html


def test_files_that_are_too_large_to_be_passed_on_are_refused_and_nothing_is_left(
    alice, with_files, at, monkeypatch
):
    monkeypatch.setattr(fitting, "LARGEST_FILES", 20)
    with pytest.raises(Invalid, match="All files of an email together"):
        draft_forward(alice, with_files, at=at)
    assert not OutgoingEmail.objects.exists()
