"""Keeping one email private, on the pages and through the API, behind the second wall."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.correspondence.sharing.choosing import share_thread
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.tokens import create_token
from written import a_draft, a_failed_email, a_queued_email


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


def form(email, **fields):
    sender = f"{email.mailbox_id}|{email.from_address}"
    typed = {"to": "anna@lindwerk.example", "html": "<p>x</p>", "version": email.version}
    return {"from": sender} | typed | fields


def test_the_composer_asks_and_keeps_the_answer(alice, box):
    """S27: also by the autosave; a form that does not ask leaves it as it was."""
    email, browser = a_draft(alice, box, at=now()), as_member(alice)
    page = words(browser.get(reverse("edit-email", args=[email.pk])))
    assert "Keep this one private" in page
    save = reverse("save-draft", args=[email.pk])
    for fields, is_private in (
        ({"keeps": ["asked", "private"]}, True),
        ({}, True),
        ({"keeps": "asked"}, False),
    ):
        email.refresh_from_db()
        assert browser.post(save, form(email, **fields)).status_code == 200
        email.refresh_from_db()
        assert email.is_private is is_private


def test_an_answer_under_its_conversation_is_kept_private_there(alice, box):
    """S76, S91: without leaving the conversation, and it says so where what it answers is private already."""
    message, browser = a_message(box, a_contact(alice)), as_member(alice)
    conversation = reverse("conversation", args=[message.thread_id])
    browser.post(reverse("reply", args=[message.pk]))
    page = words(browser.get(conversation))
    assert "Keep private" in page
    assert "It is, as what it answers" not in page
    answer = OutgoingEmail.objects.get()
    asked = form(answer, keeps=["asked", "private"])
    browser.post(reverse("save-draft", args=[answer.pk]), asked)
    assert "checked>Keep private" in browser.get(conversation).content.decode()
    answer.refresh_from_db()
    assert answer.is_private
    share_thread(alice, message.thread_id, level=Sharing.PRIVATE, at=now())
    assert "It is, as what it answers" in words(browser.get(conversation))
    alone = words(browser.get(reverse("edit-email", args=[answer.pk])))
    assert "You keep what it answers private" in alone


def test_its_page_says_who_sees_it_and_changes_that(alice, bob, charlie, box):
    """S76: for team-mates it is not there, on no page."""
    queued = a_queued_email(alice, box, at=now(), subject="Between us")
    failed = a_failed_email(alice, box, at=now(), subject="Between us, too")
    for email in (queued, failed):
        story = reverse("outgoing-email", args=[email.pk])
        assert "in full" in words(as_member(alice).get(story))
        assert as_member(bob).get(story).status_code == 200
        keep = reverse("keep-private", args=[email.pk])
        for other in (bob, charlie):
            assert as_member(other).post(keep, {"private": "1"}).status_code in {403, 404}
        as_member(alice).post(keep, {"private": "1"})
        assert "Nobody else in the team sees this email" in words(as_member(alice).get(story))
        assert as_member(bob).get(story).status_code == 404
    for page in ("outbox", "failures", "today"):
        assert "Between us" not in words(as_member(bob).get(reverse(page)))
    desk = words(as_member(alice).get(reverse("failures")))
    assert "Between us, too" in desk
    as_member(alice).post(reverse("keep-private", args=[queued.pk]), {"private": ""})
    assert as_member(bob).get(reverse("outgoing-email", args=[queued.pk])).status_code == 200


def test_programs_ask_for_the_same(alice, bob, box, client):
    at = now()
    tokens = {
        member: {"Authorization": f"Bearer {create_token(member, name='x', at=at)}"}
        for member in (alice, bob)
    }
    given = {
        "mailbox_id": str(box.pk),
        "to": ["anna@lindwerk.example"],
        "subject": "Hi",
        "html": "<p>x</p>",
        "is_private": True,
        "queue": True,
    }
    made = client.post(
        "/api/v1/outgoing-emails", json.dumps(given), "application/json", headers=tokens[alice]
    )
    email = OutgoingEmail.objects.get()
    assert (made.status_code, made.json()["is_private"]) == (201, True)
    path = f"/api/v1/outgoing-emails/{email.pk}"
    assert client.get(path, headers=tokens[bob]).status_code == 404
    shared = client.put(
        f"{path}/privacy", json.dumps({"is_private": False}), "application/json", headers=tokens[alice]
    )  # fmt: skip
    assert shared.json()["is_private"] is False
    assert client.get(path, headers=tokens[bob]).status_code == 200
