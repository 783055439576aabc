"""Sharing single contacts and conversations otherwise, asking, answering and who read it, by program."""

from __future__ import annotations

import pytest

from factories import a_contact, a_mailbox, a_message
from letterbook.mailboxes.models import Sharing


@pytest.fixture
def box(alice):
    return a_mailbox(alice, sharing=Sharing.SUBJECT)


@pytest.fixture
def message(alice, box):
    return a_message(box, a_contact(alice), text="The very text.")


def test_a_program_shares_otherwise_and_back(message, hers, his):
    path, thread = f"/threads/{message.thread_id}/sharing", f"/threads/{message.thread_id}"
    assert hers.get(path).json() == {"level": None, "usual": ["subject"]}
    assert hers.ask("PUT", path, {"level": "full"}).json()["level"] == "full"
    assert his.get(thread).json()["messages"][0]["text"] == "The very text."
    assert his.get(path).status_code == 404
    contact = f"/contacts/{message.activities.get().contact_id}/sharing"
    assert hers.ask("PUT", contact, {"level": "private"}).status_code == 200
    assert hers.ask("PUT", path, {"level": None}).json()["level"] is None
    assert his.get(thread).status_code == 404
    assert hers.ask("PUT", path, {"level": "public"}).status_code == 422


def test_a_program_asks_and_another_answers(message, box, hers, his, bob):
    """S90."""
    asking = f"/threads/{message.thread_id}/request"
    [asked] = his.ask("PUT", asking, {}).json()["items"]
    assert his.ask("PUT", asking, {}).json()["items"] == [asked]
    assert [one["id"] for one in hers.get("/access-requests").json()["items"]] == [asked["id"]]
    assert his.get("/access-requests").json()["items"] == []
    answer = f"/access-requests/{asked['id']}/answer"
    assert his.ask("PUT", answer, {"answer": "always"}).status_code == 404
    assert hers.ask("PUT", answer, {"answer": "thread"}).json()["answer"] == "thread"
    assert his.get(f"/messages/{message.pk}").json()["text"] == "The very text."
    [read] = hers.get(f"/mailboxes/{box.pk}/openings").json()["items"]
    assert (read["user"]["name"], read["how"]) == ("Bob Rowe", "api")
    [admission] = hers.get(f"/mailboxes/{box.pk}/admissions").json()["items"]
    assert (admission["user"]["id"], admission["reads"]) == (str(bob.user_id), "conversation")
    assert hers.ask("DELETE", f"/admissions/{admission['id']}").status_code == 204
    assert his.get(f"/messages/{message.pk}").json()["text"] == ""


def test_a_program_chooses_the_labels_that_hide(message, box, hers, his):
    message.copies.update(labels=["L1"])
    hidden = hers.ask("PUT", f"/mailboxes/{box.pk}/hiding-labels", {"labels": ["L1"]})
    assert hidden.json() == {"labels": ["L1"]}
    assert his.get(f"/messages/{message.pk}").status_code == 404
