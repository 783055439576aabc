"""Files that came with an email, shown before anybody downloads them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from factories import a_contact, a_mailbox, a_message, rewrite
from letterbook.mailboxes.models import Sharing

PNG = b"\x89PNG\r\n\x1a\n"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\ntrailer<</Root 1 0 R>>"
)
FORWARDED = (
    b"From: Anna Lind <anna@lindwerk.example>\nTo: ruth@mill.example\nSubject: The old offer\n"
    b"Date: Mon, 4 May 2026 10:00:00 +0200\nMIME-Version: 1.0\nContent-Type: text/html\n\n"
    b'<p>As agreed</p><img src="https://tracker.example/x.gif"><script>alert(1)</script>\n'
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(client, alice):
    """Return what alice's browser gets for a file of this type; `.email` is the email it came with."""

    def ask(name, content_type, content, *, route="file", more=()):
        raw = (
            b"From: Anna Lind <anna@lindwerk.example>\nTo: alice@haldenrowe.example\nSubject: Files\n"
            b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n--B\n\nHi\n--B\n'
            + f'Content-Type: {content_type}\nContent-Disposition: attachment; filename="{name}"\n\n'.encode()
            + content + b"\n--B--\n"
        )  # fmt: skip
        box = a_mailbox(alice, sharing=Sharing.SUBJECT)
        email = a_message(box, a_contact(alice, "Anna Lind"), raw=raw)
        client.force_login(alice.user)
        response = client.get(reverse(route, args=[email.pk, 1, *more]))
        response.email = email
        return response

    return ask


def test_a_pdf_is_shown_page_by_page_as_pictures(shown, client):
    response = shown("plan.pdf", "application/pdf", PDF)
    page = response.content.decode()
    assert "2 pages" in page
    second = reverse("file-page", args=[response.email.pk, 1, 1])
    assert f'src="{second}"' in page
    picture = client.get(second)
    assert picture["Content-Type"] == "image/png"
    assert picture.content.startswith(PNG)
    assert client.get(reverse("file-page", args=[response.email.pk, 1, 2])).status_code == 404


@pytest.mark.parametrize(
    ("name", "content_type", "content", "words"),
    [
        ("a.pdf", "application/pdf", b"%PDF-1.4 broken", "damaged, or locked with a password"),
        ("a.png", "image/png", b"<svg onload=alert(1)>", "It says it is a picture, and is none."),
        ("a.eml", "message/rfc822", b" ", "cannot be read as one"),
        ("a.zip", "application/zip", b"PK", "This file cannot be shown here."),
        ("a.svg", "image/svg+xml", b"<svg/>", "This file cannot be shown here."),
    ],
)
def test_what_cannot_be_shown_says_so_and_can_be_downloaded(
    shown, name, content_type, content, words
):
    response = shown(name, content_type, content)
    assert response.status_code == 200
    page = response.content.decode()
    assert words in page
    assert reverse("attachment", args=[response.email.pk, 1]) in page


def test_text_is_shown_as_text(shown):
    response = shown("notes.md", "application/octet-stream", "<b>Müller</b>".encode())
    assert "&lt;b&gt;Müller&lt;/b&gt;" in response.content.decode()


def test_a_forwarded_email_is_shown_as_an_email(shown, client):
    """S66: with who wrote it to whom and when; its HTML in a frame that loads nothing."""
    response = shown("offer.eml", "message/rfc822", FORWARDED)
    page = response.content.decode()
    for words in ("The old offer", "Anna Lind &lt;anna@lindwerk.example&gt;", "ruth@mill.example"):
        assert words in page
    frame = client.get(reverse("file-frame", args=[response.email.pk, 1]))
    body = frame.content.decode().partition('<div id="email">')[2]
    assert "As agreed" in body
    assert "tracker" not in body
    assert "script" not in body
    assert "default-src 'none'" in frame["Content-Security-Policy"]


def test_an_html_file_is_shown_sealed(shown):
    frame = shown("page.html", "text/html", b"<h1>Hi</h1><form action=//evil>", route="file-frame")
    body = frame.content.decode().partition('<div id="email">')[2]
    assert "<h1>Hi</h1>" in body
    assert "evil" not in body


def test_only_who_may_read_an_email_sees_its_files(shown, client, bob, charlie):
    email = shown("plan.pdf", "application/pdf", PDF).email
    for member in (bob, charlie):
        client.force_login(member.user)
        for route, more in (("file", ()), ("file-page", (0,)), ("file-frame", ())):
            assert client.get(reverse(route, args=[email.pk, 1, *more])).status_code == 404


def test_files_lead_to_where_they_are_shown_or_are_downloaded(client, alice):
    email = a_message(a_mailbox(alice), a_contact(alice), files=("plan.pdf", "model.step"))
    email.attachments[1]["content_type"] = "model/step"
    rewrite(email, attachments=email.attachments)
    client.force_login(alice.user)
    page = client.get(reverse("conversation", args=[email.thread_id])).content.decode()
    plan, model = (file["number"] for file in email.attachments)
    assert reverse("file", args=[email.pk, plan]) in page
    assert reverse("file", args=[email.pk, model]) not in page
    assert reverse("attachment", args=[email.pk, model]) in page
