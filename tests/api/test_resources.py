"""What programs do with the API, as they would do it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from factories import a_contact, a_mailbox, a_message
from letterbook.contacts.bulk import delete_chosen
from letterbook.contacts.models import Contact
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.status import Status


def test_a_program_keeps_contacts_and_reads_their_history(alice, hers):
    """S54, S67: mail that is stored already joins the timeline of a contact that is added."""
    old = a_contact(alice, "Boris", "boris@kontor.example")
    a_message(
        a_mailbox(alice), old, a_contact(alice, "Gone", "anna@lindwerk.example"), subject="Offer"
    )
    Contact.objects.filter(name="Gone").delete()
    made = hers.post("/contacts", {"name": "Anna Lind", "addresses": ["Anna@Lindwerk.example"]})
    assert made.status_code == 201
    contact = made.json()
    assert contact["addresses"] == [
        {"address": "Anna@Lindwerk.example", "is_primary": True, "unsubscribed_at": None}
    ]
    [line] = hers.get(f"/contacts/{contact['id']}/timeline").json()["items"]
    assert (line["type"], line["email"]["subject"], line["email"]["access"]) == (
        "email",
        "Offer",
        "full",
    )
    changed = hers.ask("PATCH", f"/contacts/{contact['id']}", {"company": "Lindwerk"})
    assert (changed.json()["company"], changed.json()["name"]) == ("Lindwerk", "Anna Lind")
    assert [one["id"] for one in hers.get("/contacts", q="lind").json()["items"]] == [contact["id"]]


def test_deleting_a_contact_waits_an_hour_as_on_the_page(alice, hers, his, at):
    """S57: a program has the same hour to call it off; asking twice asks for nothing more."""
    contact = a_contact(alice)
    path = f"/contacts/{contact.pk}"
    asked = hers.ask("DELETE", path)
    assert asked.status_code == 202
    deletion = asked.json()
    assert deletion["due_at"] > deletion["done_at"]
    assert his.ask("DELETE", path).json()["id"] == deletion["id"]
    assert hers.get(path).status_code == 200
    his.ask("DELETE", f"/contact-changes/{deletion['id']}")
    assert delete_chosen(UUID(deletion["id"]), at=at) == 0
    again = hers.ask("DELETE", path).json()
    assert again["id"] != deletion["id"]
    assert delete_chosen(UUID(again["id"]), at=at) == 1
    assert hers.get(path).status_code == 404


def test_an_address_belongs_to_one_contact(alice, hers):
    a_contact(alice, "Anna", "anna@lindwerk.example")
    refused = hers.post("/contacts", {"name": "Another", "addresses": ["anna@lindwerk.example"]})
    problem = refused.json()
    assert (refused.status_code, problem["status"]) == (409, 409)
    assert problem["type"] == "urn:letterbook:problem:address-taken"
    assert problem["detail"]
    assert problem["way_out"]


def test_pages_follow_one_another(alice, hers):
    contact, mailbox = a_contact(alice), a_mailbox(alice)
    for _ in range(5):
        a_message(mailbox, contact)
    for path, query in [
        (f"/contacts/{contact.pk}/timeline", {}),
        ("/search", {"q": "catalogue"}),
        ("/activities", {"contact_id": contact.pk}),
    ]:
        seen, cursor = [], ""
        while True:
            page = hers.get(path, limit=2, cursor=cursor, **query).json()
            seen += [one.get("id") or one["email"]["id"] for one in page["items"]]
            if not (cursor := page["next_cursor"]):
                break
        assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 201}, "limit"),
        ({"limit": 0}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "\0"}, "cursor"),
    ],
)
def test_an_impossible_page_names_what_is_wrong(hers, query, field):
    for path in ("/contacts", "/outgoing-emails"):
        refused = hers.get(path, **query)
        assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_a_note_is_written_changed_and_taken_out(alice, hers):
    """S72, S73: gone from the timeline, not to come back."""
    contact = a_contact(alice)
    note = hers.post(
        "/activities", {"contact_id": str(contact.pk), "text": "Prefers calls."}
    ).json()
    assert (note["type"], note["user"]["name"]) == ("note", "Alice Halden")
    changed = hers.ask("PATCH", f"/activities/{note['id']}", {"text": "Prefers letters."})
    assert changed.json()["text"] == "Prefers letters."
    [line] = hers.get(f"/contacts/{contact.pk}/timeline").json()["items"]
    assert (line["text"], line["email"]) == ("Prefers letters.", None)
    assert hers.ask("DELETE", f"/activities/{note['id']}").status_code == 204
    assert hers.get(f"/contacts/{contact.pk}/timeline").json()["items"] == []


def test_what_an_email_says_cannot_be_changed(alice, hers):
    contact = a_contact(alice)
    message = a_message(a_mailbox(alice), contact)
    activity = message.activities.get()
    body = {"text": "Something else"}
    assert hers.ask("PATCH", f"/activities/{activity.pk}", body).status_code == 409
    assert message.activities.get() == activity


def test_a_file_is_saved_never_shown_by_the_browser(alice, hers):
    """F6: an HTML file of a stranger's is bytes."""
    raw = (
        b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n"
        b'Content-Disposition: attachment; filename="page.html"\r\n\r\n<script>alert(1)</script>'
    )
    message = a_message(a_mailbox(alice), a_contact(alice), raw=raw)
    answer = hers.get(f"/messages/{message.pk}/attachments/0")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert hers.get(f"/messages/{message.pk}/source").content == raw
    assert hers.get(f"/messages/{message.pk}/attachments/7").status_code == 404


def test_a_draft_is_written_edited_queued_and_taken_back(mailbox, hers):
    """S11, S12, S28: the same machine through the API."""
    draft = hers.post(
        "/outgoing-emails",
        {
            "mailbox_id": str(mailbox.pk),
            "to": ['"Lind, Anna" <anna@lindwerk.example>'],
            "subject": "Offer",
            "asks_unsubscribe": True,
        },
    ).json()
    assert (draft["status"], draft["version"], draft["status_changes"][0]["actor"]) == (
        "draft",
        1,
        "api",
    )
    path = f"/outgoing-emails/{draft['id']}"
    changed = hers.ask("PATCH", path, {"version": 1, "html": "<p>Terms</p>"}).json()
    assert (changed["version"], changed["subject"], changed["to"]) == (
        2,
        "Offer",
        [{"name": "Lind, Anna", "address": "anna@lindwerk.example", "contact_id": None}],
    )  # fmt: skip
    assert changed["asks_unsubscribe"]
    assert hers.ask("PATCH", path, {"version": 1, "html": "lost"}).status_code == 409
    assert hers.post(f"{path}/queueing").json()["status"] == "queued"
    assert [one["id"] for one in hers.get("/outgoing-emails", status="queued").json()["items"]] == [
        draft["id"]
    ]
    assert hers.ask("DELETE", f"{path}/queueing").json()["status"] == "draft"
    story = [change["new"] for change in hers.get(path).json()["status_changes"]]
    assert story == ["draft", "queued", "draft"]
    assert hers.ask("DELETE", path).status_code == 204


def test_an_email_without_recipients_is_not_queued(mailbox, hers):
    draft = hers.post("/outgoing-emails", {"mailbox_id": str(mailbox.pk)}).json()
    refused = hers.post(f"/outgoing-emails/{draft['id']}/queueing")
    assert (refused.status_code, OutgoingEmail.objects.get().status) == (422, Status.DRAFT)


def test_what_is_wrong_with_a_search_is_named(hers):
    refused = hers.get("/search", q="form:anna")
    assert (refused.status_code, refused.json()["field"]) == (422, "q")
    assert "form:" in refused.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[" * 100_000,
        "null",
        '{"name": NaN}',
        '{"name": "\\ud800"}',
        '{"name": "\\u0000"}',
        '{"name": 1}',
        "[]",
        "\xff",
    ],
)
def test_a_body_that_is_no_good_is_refused_fast(hers, body):
    """F8."""
    refused = hers.post("/contacts", body)
    assert refused.status_code in {400, 422}
    assert refused["Content-Type"] == "application/problem+json"
    assert not Contact.objects.exists()


def test_no_answer_holds_a_token_or_a_grant(mailbox, hers):
    """S30."""
    for path in ("/mailboxes", f"/mailboxes/{mailbox.pk}", "/me"):
        text = hers.get(path).content.decode()
        assert "token" not in text
        assert hers.token not in text


def test_a_program_says_that_an_email_needs_no_answer(alice, hers, his):
    """S77, S91: as *Done* on Today, in one's own mailboxes only, and taken back."""
    anna = a_contact(alice)
    letter = a_message(a_mailbox(alice), anna, at=timezone.now() - timedelta(days=2))
    path = f"/messages/{letter.pk}/waived-answer"
    assert his.ask("PUT", path).status_code == 404
    assert "unanswered" in _kinds_of_advice(hers)
    assert hers.ask("PUT", path).status_code == 204
    assert "unanswered" not in _kinds_of_advice(hers)
    assert hers.ask("DELETE", path).status_code == 204
    assert "unanswered" in _kinds_of_advice(hers)


def _kinds_of_advice(program) -> list[str]:
    return [one["kind"] for one in program.get("/insights/advice").json()["items"]]
