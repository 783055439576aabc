"""Templates, answers, forwards and cautions as a program uses them."""

from __future__ import annotations

import pytest

from factories import a_contact, a_message, rewrite
from letterbook.outgoing.models import OutgoingEmail

RAW = b"From: Anna <anna@lindwerk.example>\r\nTo: alice@haldenrowe.example\r\nCc: bob@x.example\r\n\r\nHello"


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.fixture
def message(mailbox, anna):
    found = a_message(mailbox, anna, subject="Proof", raw=RAW)
    found.participants.append({"role": "cc", "name": "", "address": "bob@x.example"})
    rewrite(found, participants=found.participants)
    return found


def test_a_template_is_made_once_changed_and_filled(hers, anna):
    """S92."""
    given = {"name": "Hello", "html": "<p>Dear {{ contact.first_name }}, {{ contact.company }}</p>"}
    first, again = (hers.post("/templates", given, key="k") for _ in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    path = f"/templates/{first.json()['id']}"
    assert (
        hers.ask("PATCH", path, {"subject": "For {{ contact.name }}"}).json()["html"]
        == given["html"]
    )
    filled = hers.get(f"{path}/filled", contact_id=str(anna.pk)).json()
    assert filled == {
        "subject": "For Anna Lind",
        "html": "<p>Dear Anna, {{ contact.company }}</p>",
        "missing": ["contact.company"],
    }
    assert [one["name"] for one in hers.get("/templates").json()] == ["Hello"]
    assert hers.post("/templates", given).status_code == 409
    assert hers.ask("DELETE", path).status_code == 204
    assert hers.get("/templates").json() == []


def test_an_answer_is_begun_once_and_left_to_be_written(hers, message):
    """S25, S26."""
    path = f"/messages/{message.pk}/replies"
    first, again = (hers.post(path, {"to_all": True}, key="k").json() for _ in range(2))
    assert first["id"] == again["id"]
    assert (first["status"], first["subject"], first["answers"]) == (
        "draft",
        "Re: Proof",
        str(message.pk),
    )
    assert [one["address"] for one in (*first["to"], *first["cc"])] == [
        "anna@lindwerk.example",
        "bob@x.example",
    ]
    assert OutgoingEmail.objects.get().origin == "api"
    assert [one["address"] for one in hers.post(path).json()["cc"]] == []


def test_an_email_is_passed_on_from_the_mailbox_one_names(hers, alice, connect, message):
    second = connect(alice, "alice@second.example")
    forward = hers.post(f"/messages/{message.pk}/forwards", {"mailbox_id": str(second.pk)}).json()
    assert (forward["subject"], forward["mailbox_id"]) == ("Fwd: Proof", str(second.pk))
    assert (forward["to"], forward["answers"]) == ([], None)
    assert "Hello" in forward["html"]


def test_cautions_name_what_to_look_at(hers, mailbox, anna):
    given = {
        "mailbox_id": str(mailbox.pk),
        "to": ["anna@lindwrek.example"],
        "html": "<p>See the attachment.</p>",
    }
    draft = hers.post("/outgoing-emails", given).json()
    found = hers.get(f"/outgoing-emails/{draft['id']}/cautions").json()
    assert [(one["code"], one["field"], one["address"]) for one in found] == [
        ("look_alike", "to", "anna@lindwrek.example"),
        ("empty_subject", "subject", ""),
        ("forgotten_file", "file", ""),
    ]
    assert hers.post(f"/outgoing-emails/{draft['id']}/queueing").json()["status"] == "queued"
