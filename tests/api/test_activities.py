"""Activities over REST: every type, what they were before, on top, taken out and put back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import START, a_contact, a_mailbox, a_message
from letterbook.mailboxes.models import Sharing


@pytest.fixture
def anna(alice):
    return a_contact(alice)


def history(program, contact, **query):
    return program.get("/activities", contact_id=str(contact.pk), **query).json()["items"]


def test_a_call_and_a_task_say_what_a_note_does_not(hers, bob, anna):
    """S68: how long a call took; by when a task is to be done, by whom, and that it is done."""
    on = {"contact_id": str(anna.pk)}
    call = {"type": "call", "text": "Said yes.", "minutes": 14, "occurred_at": START.isoformat()}
    assert hers.post("/activities", on | call).json()["minutes"] == 14
    task = {"type": "task", "text": "Send the proof", "due_on": "2026-12-01"}
    made = hers.post("/activities", on | task | {"assignee_id": str(bob.user_id)}).json()
    assert (made["due_on"], made["assignee"]["name"], made["done_at"]) == (
        "2026-12-01",
        "Bob Rowe",
        None,
    )
    done = hers.ask("PATCH", f"/activities/{made['id']}", {"is_done": True}).json()
    assert done["done_at"]
    assert done["text"] == "Send the proof"
    assert [line["type"] for line in history(hers, anna, type="task")] == ["task"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"type": "visit", "text": "x"}, "type"),
        ({"type": "email", "text": "x"}, "type"),
        ({"type": "note", "text": "x", "minutes": 3}, "minutes"),
        ({"type": "call", "text": "x", "is_done": True}, "is_done"),
        ({"type": "task", "text": "x", "assignee_id": "01a20a6a-eb76-71ab-8bc4-b11116e5060d"}, "assignee_id"),
    ],
)  # fmt: skip
def test_what_a_type_does_not_have_is_refused_by_its_field(hers, anna, given, field):
    answer = hers.post("/activities", {"contact_id": str(anna.pk)} | given)
    assert answer.status_code == 422
    assert field in answer.content.decode()
    assert history(hers, anna) == []


def test_what_an_activity_was_can_be_read_with_who_changed_it(hers, his, anna):
    """S73: versioned."""
    note = hers.post("/activities", {"contact_id": str(anna.pk), "text": "Prefers calls."}).json()
    hers.ask("PATCH", f"/activities/{note['id']}", {"text": "Prefers letters."})
    his.ask("PUT", f"/activities/{note['id']}/pin")
    pinned, edited = his.get(f"/activities/{note['id']}/changes").json()
    assert (pinned["user"]["name"], pinned["was"]) == ("Bob Rowe", {"pinned_at": None})
    assert (edited["user"]["name"], edited["was"]) == ("Alice Halden", {"text": "Prefers calls."})
    [line] = history(his, anna)
    assert line["is_pinned"]


def test_what_was_deleted_is_put_back(hers, his, anna):
    """S72: undo."""
    note = hers.post("/activities", {"contact_id": str(anna.pk), "text": "Prefers calls."}).json()
    path = f"/activities/{note['id']}"
    assert hers.ask("DELETE", path).status_code == 204
    assert hers.get(path).status_code == his.get(f"{path}/changes").status_code == 404
    assert his.post(f"{path}/restoration").status_code == 404
    assert hers.post(f"{path}/restoration").json()["text"] == "Prefers calls."
    assert len(history(his, anna)) == 1


def test_a_history_is_narrowed_by_the_same_words_as_on_the_page(hers, his, alice, anna):
    """A team-mate who may not read an email is not told by a filter that it has files."""
    box = a_mailbox(alice, sharing=Sharing.METADATA)
    a_message(box, anna, subject="Proof", files=("proof.pdf",), at=START)
    a_message(box, anna, subject="Later", at=START + timedelta(days=3))
    narrowed = {
        "has_files": {"has_files": "true"},
        "since": {"since": (START + timedelta(days=1)).isoformat()},
        "mailbox": {"mailbox_id": str(box.pk)},
        "nobody's": {"person_id": str(box.pk)},
    }
    counts = {
        name: (len(history(hers, anna, **query)), len(history(his, anna, **query)))
        for name, query in narrowed.items()
    }
    assert counts == {"has_files": (1, 0), "since": (1, 1), "mailbox": (2, 2), "nobody's": (0, 0)}


def test_a_note_is_kept_to_oneself_and_shown_to_the_team_later(hers, his, anna):
    """S73: who sees it is a field like the others; its earlier words stay its writer's."""
    given = {"contact_id": str(anna.pk), "text": "Hesitates.", "is_private": True}
    path = f"/activities/{his.post('/activities', given).json()['id']}"
    assert hers.get(path).status_code == hers.get(f"{path}/changes").status_code == 404
    assert history(hers, anna) == []
    shown = his.ask("PATCH", path, {"text": "Decides on Monday.", "is_private": False}).json()
    assert shown["is_private"] is False
    assert hers.get(path).json()["text"] == "Decides on Monday."
    assert hers.get(f"{path}/changes").json() == []
    assert hers.ask("PATCH", path, {"is_private": True}).status_code == 403


def test_a_note_is_moved_to_another_contact(hers, charlie, alice, anna):
    """S73: its contact link; another team's contact is none."""
    path = f"/activities/{hers.post('/activities', {'contact_id': str(anna.pk), 'text': 'x'}).json()['id']}"
    otto, elsewhere = a_contact(alice, "Otto"), a_contact(charlie)
    assert hers.ask("PATCH", path, {"contact_id": str(elsewhere.pk)}).status_code == 422
    assert hers.ask("PATCH", path, {"contact_id": None, "text": "y"}).json()["contact_id"] == str(
        anna.pk
    )
    assert hers.ask("PATCH", path, {"contact_id": str(otto.pk)}).json()["contact_id"] == str(
        otto.pk
    )
    assert (history(hers, anna), len(history(hers, otto))) == ([], 1)
