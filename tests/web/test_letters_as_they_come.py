"""What a conversation shows of letters that are more than text: invitations, encryption, folded history."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from factories import a_contact, a_mailbox, a_message, rewrite
from letterbook.mailboxes.models import Sharing
from letterbook.mime.parsing import parse_message

CALENDAR = """BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VEVENT
SUMMARY:Walk through the mill
DTSTART:20260503T080000Z
DTEND:20260503T093000Z
LOCATION:Lock 4
ORGANIZER;CN=Anna Lind:mailto:anna@lindwerk.example
ATTENDEE;CN=Alice;PARTSTAT=ACCEPTED:mailto:alice@haldenrowe.example
END:VEVENT
END:VCALENDAR
"""


def a_letter(content_type, body, *parts):
    """The source of an email of this type; parts are (type, content)."""
    pieces = [f"--B\nContent-Type: {kind}\n\n{content}\n" for kind, content in parts]
    boundary = '; boundary="B"' if parts else ""
    headers = (
        "From: Anna Lind <anna@lindwerk.example>\nTo: alice@haldenrowe.example\nSubject: Hello\n"
        f"Message-ID: <1@lindwerk.example>\nMIME-Version: 1.0\nContent-Type: {content_type}{boundary}\n\n"
    )
    return (headers + body + "".join(pieces) + ("--B--\n" if parts else "")).encode()


def _read_into(message, raw):
    """Keep of a message what is read in its source."""
    read = parse_message(raw)
    rewrite(
        message,
        text=read.text,
        has_html=read.has_html,
        size=len(raw),
        attachments=[
            {
                "number": one.number,
                "filename": one.filename,
                "content_type": one.content_type,
                "size": one.size,
                "is_inline": one.is_inline,
            }
            for one in read.attachments
        ],
    )


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def page_of(client, alice, box):
    """Return what a member's browser shows of an email with this source."""
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")

    def show(raw, *, to=alice):
        message = a_message(box, anna, raw=raw)
        _read_into(message, raw)
        client.force_login(to.user)
        page = client.get(reverse("conversation", args=[message.thread_id])).content.decode()
        return " ".join(re.sub(r"<[^>]+>", " ", page).split())

    return show


def an_invitation(method="REQUEST"):
    plain = ("text/plain", "Please come.")
    return a_letter(
        "multipart/alternative", "", plain, ("text/calendar", CALENDAR.format(method=method))
    )


def test_an_invitation_is_shown_with_what_when_where_and_who(page_of):
    """S39: an invitation is shown as one, its times on the viewer's clock."""
    text = page_of(an_invitation())
    assert "Invitation Walk through the mill" in text
    assert "Sunday 3 May 2026, 08:00 to 09:30 Lock 4 Asked by Anna Lind" in text
    assert "(accepts)" in text
    assert "Please come." in text


@pytest.mark.parametrize(
    ("method", "title"),
    [("CANCEL", "Cancelled"), ("REPLY", "accepts"), ("PUBLISH", "Calendar event")],
)
def test_what_becomes_of_an_invitation_is_said(page_of, method, title):
    assert re.search(rf"{title} Walk through the mill", page_of(an_invitation(method)))


def test_an_email_that_is_a_calendar_entry_and_nothing_else_is_shown_as_one(page_of):
    text = page_of(a_letter("text/calendar", CALENDAR.format(method="REQUEST")))
    assert "Invitation Walk through the mill" in text
    assert "The calendar entry as it came" in text


def test_a_broken_invitation_is_a_file(page_of):
    parts = ("text/plain", "Please come."), ("text/calendar", "BEGIN:NOTHING")
    text = page_of(a_letter("multipart/mixed", "", *parts))
    assert "attachment-2.ics" in text
    assert "Invitation" not in text


def test_an_invitation_is_shown_only_to_those_who_may_read_the_email(page_of, box, bob):
    """S89: what is not shared is not told by the invitation either."""
    box.sharing = Sharing.SUBJECT
    box.save()
    assert "Walk through the mill" not in page_of(an_invitation(), to=bob)


@pytest.mark.parametrize(
    ("content_type", "parts", "words"),
    [
        (
            "multipart/signed; protocol=application/pkcs7-signature",
            [("text/plain", "Yes."), ("application/pkcs7-signature; name=smime.p7s", "x")],
            "signed with S/MIME. The signature was not checked",
        ),
        (
            "application/pkcs7-mime; name=smime.p7m",
            [],
            "encrypted or wrapped with S/MIME. Letterbook holds no",
        ),
        (
            "multipart/encrypted; protocol=application/pgp-encrypted",
            [("application/pgp-encrypted", "Version: 1"), ("application/octet-stream", "x")],
            "encrypted with PGP. Letterbook holds no keys",
        ),
        (
            "multipart/signed; protocol=application/pgp-signature",
            [("text/plain", "Yes."), ("application/pgp-signature", "x")],
            "signed with PGP. The signature was not checked",
        ),
        (
            "multipart/mixed",
            [("text/plain", "Yes."), ("application/ms-tnef; name=winmail.dat", "x")],
            "winmail.dat",
        ),
        (
            "multipart/mixed",
            [("text/plain", "Yes."), ("application/octet-stream; name=Invoice.pdf.EXE", "x")],
            "Opening Invoice.pdf.EXE runs what somebody else wrote",
        ),
    ],
)
def test_how_an_email_is_protected_is_said_and_its_parts_are_files(
    page_of, content_type, parts, words
):
    assert words in page_of(a_letter(content_type, "x" if not parts else "", *parts))


@pytest.mark.parametrize(
    ("opening", "words"),
    [
        ("-----BEGIN PGP MESSAGE-----", "encrypted with PGP"),
        ("-----BEGIN PGP SIGNED MESSAGE-----", "signed with PGP"),
        ("> -----BEGIN PGP MESSAGE-----", ""),
    ],
)
def test_pgp_within_the_text_is_recognised_where_it_is_not_quoted(page_of, opening, words):
    text = page_of(a_letter("text/plain", f"Hello\n{opening}\n\nabc"))
    assert ("This email is" in text) == bool(words)
    assert words in text


def test_the_signature_of_a_plain_letter_is_folded(page_of):
    text = page_of(a_letter("text/plain", "Yes, do.\n-- \nAnna\nLindwerk"))
    assert "Signature" in text
    assert (
        text.index("Yes, do.")
        < text.index("Signature")
        < text.index("Lindwerk", text.index("Signature"))
    )


def test_a_letter_of_a_signature_alone_is_shown(page_of):
    assert "Signature" not in page_of(a_letter("text/plain", "-- \nAnna"))


def test_the_history_of_an_html_letter_is_folded_in_its_frame(client, alice, box):
    html = '<p>Yes, do.</p><div class="gmail_quote"><blockquote>Shall I?</blockquote></div>'
    message = a_message(box, raw=a_letter("text/html", html))
    client.force_login(alice.user)
    frame = client.get(reverse("letter-frame", args=[message.pk])).content.decode()
    assert "<p>Yes, do.</p><details><summary>Quoted text</summary>" in frame
