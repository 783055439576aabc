"""Bytes that are no text in any charset: stored, searchable and shown, each as a replacement character."""

from __future__ import annotations

import pytest
from django.urls import reverse

from browsing import as_member
from factories import a_contact, a_mailbox
from letterbook.correspondence.models import Message
from letterbook.incoming.storing import decide_and_store
from letterbook.providers.mail import ProviderMessage

# U+D800 alone in UTF-8, in an encoded word and in a file's name: no text, though Python can hold it as one.
RAW = (
    b"From: =?utf-8?q?An=ED=A0=80na?= <anna@lindwerk.example>\r\nTo: alice@haldenrowe.example\r\n"
    b"Subject: The =?utf-8?q?pro=ED=A0=80of?=\r\nDate: Mon, 2 Nov 2026 08:00:00 +0000\r\n"
    b"Message-ID: <odd@lindwerk.example>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
    b"the proof \xed\xa0\x80\x00\r\n--b\r\nContent-Type: application/pdf\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''pro%ED%A0%80of.pdf\r\n\r\nx\r\n--b--\r\n"
)


@pytest.fixture
def message(alice, at) -> Message:
    a_contact(alice, address="anna@lindwerk.example")
    fetched = ProviderMessage("m1", "t1", frozenset({"INBOX"}), at, RAW)
    assert decide_and_store(a_mailbox(alice), [fetched], at=at).stored == 1
    return Message.objects.get()


def test_lone_surrogates_are_stored_as_replacement_characters(message):
    """B21, B22: PostgreSQL takes neither a surrogate nor a NUL; nothing of it is quarantined for one."""
    for told in (message.from_name, message.subject, message.text):
        told.encode()
        assert "\0" not in told
        assert "\ufffd" in told


def test_they_are_shown(message, alice):
    """B22: on the page of the conversation, in its frame, and as the name of a file."""
    browser = as_member(alice)
    for path in (
        reverse("message", args=[message.pk]),
        reverse("letter-frame", args=[message.pk]),
        reverse("attachment", args=[message.pk, 1]),
    ):
        assert browser.get(path, follow=True).status_code == 200
    page = browser.get(reverse("message", args=[message.pk]), follow=True).content.decode()
    assert "The pro\ufffd" in page
