"""The calls that our client does not make, for whoever drives the fake directly; each judged by Google's document."""

from __future__ import annotations

import base64

import httpx
import pytest
from gmail_oracle import JudgedTransport
from halden_rowe import ANN, BOB

from letterbook.providers.fake_gmail.in_process import FakeTransport

OURS = "<7f3a@letterbook.haldenrowe.example>"


@pytest.fixture
def gmail(world, way):
    """Ask Gmail anything as ann: `gmail("GET", "messages", params=...)`."""
    base_url, open_way = way
    judge = JudgedTransport(open_way())
    scopes = ["https://mail.google.com/"]
    headers = {"Authorization": f"Bearer {world.grant(ANN, scopes=scopes).access_token}"}
    root = base_url or "https://gmail.googleapis.com"
    with httpx.Client(transport=judge, headers=headers) as client:
        yield lambda method, path, *, user="me", upload="", **more: client.request(
            method, f"{root}{upload}/gmail/v1/users/{user}/{path}", **more
        )


def encoded(raw):
    return base64.urlsafe_b64encode(raw).decode()


def test_a_message_can_be_sent_without_a_draft_and_then_twice(world, gmail, email):
    """Two identical sends are two emails: Gmail has no idempotency key."""
    for _ in range(2):
        answer = gmail("POST", "messages/send", json={"raw": encoded(email(Message_ID=OURS))})
        assert answer.json()["labelIds"] == ["SENT"]
    assert len(world.accepted) == 2


def test_a_message_can_be_uploaded_as_it_is(world, gmail, email):
    answer = gmail(
        "POST",
        "messages/send",
        upload="/upload",
        params={"uploadType": "multipart"},
        headers={"Content-Type": "multipart/related; boundary=b"},
        content=b"--b\r\nContent-Type: application/json\r\n\r\n{}\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + email() + b"\r\n--b--\r\n",
    )
    assert (answer.status_code, len(world.accepted)) == (200, 1)


def test_an_inserted_message_is_dated_now_and_an_imported_one_by_its_header(world, gmail, email):
    raw = encoded(email(Date="Mon, 06 May 2019 10:00:00 +0000"))
    stored = {
        path: gmail("POST", path, json={"raw": raw, "labelIds": ["INBOX"]}).json()["id"]
        for path in ("messages", "messages/import")
    }
    years = {path: int(shown(gmail, one)["internalDate"]) for path, one in stored.items()}
    assert years == {
        "messages": world.now().timestamp() * 1000,
        "messages/import": 1_557_136_800_000,
    }
    assert world.accepted == []


def shown(gmail, message_id, **params):
    return gmail("GET", f"messages/{message_id}", params=params).json()


def test_labels_are_changed_and_what_clients_may_not_set_is_refused(world, gmail, email):
    message_id = world.inject(ANN, email(), labels=["INBOX"])
    label = gmail("POST", "labels", json={"name": "Orders"}).json()["id"]
    gmail("POST", f"messages/{message_id}/modify", json={"addLabelIds": [label, "STARRED"]})
    gmail("POST", f"messages/{message_id}/modify", json={"removeLabelIds": ["INBOX"]})
    assert shown(gmail, message_id)["labelIds"] == [label, "STARRED"]
    for wrong in ("SENT", "DRAFT", "Label_99"):
        answer = gmail("POST", f"messages/{message_id}/modify", json={"addLabelIds": [wrong]})
        assert answer.status_code == 400
    assert gmail("GET", f"labels/{label}").json()["messagesTotal"] == 1
    listed = gmail("GET", "labels").json()["labels"]
    assert {"id": label, "name": "Orders", "type": "user"} in listed


def test_a_message_goes_to_the_trash_and_comes_back_and_is_deleted(world, gmail, email):
    message_id = world.inject(ANN, email(), labels=["INBOX"])
    assert gmail("POST", f"messages/{message_id}/trash").json()["labelIds"] == ["TRASH"]
    assert "messages" not in gmail("GET", "messages").json()
    everything = gmail("GET", "messages", params={"includeSpamTrash": "true"}).json()
    assert [one["id"] for one in everything["messages"]] == [message_id]
    gmail("POST", f"messages/{message_id}/untrash")
    assert "labelIds" not in shown(gmail, message_id)
    assert gmail("DELETE", f"messages/{message_id}").status_code == 204
    assert gmail("GET", f"messages/{message_id}").status_code == 404


def test_a_draft_edited_in_gmail_keeps_its_id_and_thread_but_not_its_message(gmail, email):
    """F21: the user edits the draft."""
    first = gmail("POST", "drafts", json={"message": {"raw": encoded(email())}}).json()
    edited = {"message": {"raw": encoded(email(Subject="Edited"))}}
    second = gmail("PUT", f"drafts/{first['id']}", json=edited).json()
    assert second["id"] == first["id"]
    assert second["message"]["id"] != first["message"]["id"]
    assert second["message"]["threadId"] == first["message"]["threadId"]
    assert gmail("GET", f"messages/{first['message']['id']}").status_code == 404


def test_drafts_come_in_pages(gmail, email):
    made = [
        gmail("POST", "drafts", json={"message": {"raw": encoded(email())}}).json()["id"]
        for _ in range(3)
    ]
    first = gmail("GET", "drafts", params={"maxResults": 2}).json()
    page = {"maxResults": 2, "pageToken": first["nextPageToken"]}
    second = gmail("GET", "drafts", params=page).json()
    assert [one["id"] for one in first["drafts"] + second["drafts"]] == made[::-1]
    assert "nextPageToken" not in second


def test_the_full_format_shows_the_parts(world, gmail):
    raw = (
        b"From: x@y.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGood day\r\n"
        b"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1,2"
        b"\r\n--b--\r\n"
    )
    payload = shown(gmail, world.inject(ANN, raw), format="full")["payload"]
    text, attachment = payload["parts"]
    assert base64.urlsafe_b64decode(text["body"]["data"]) == b"Good day"
    assert (attachment["filename"], attachment["body"]["size"]) == ("a.csv", 3)
    assert [part["partId"] for part in payload["parts"]] == ["0", "1"]


def test_a_page_of_history_may_be_empty_and_still_not_the_last(world, gmail, email):
    start = gmail("GET", "profile").json()["historyId"]
    world.inject(ANN, email(), labels=["SPAM"])
    wanted = world.inject(ANN, email(), labels=["INBOX"])
    asked = {"startHistoryId": start, "labelId": "INBOX", "maxResults": 1}
    first = gmail("GET", "history", params=asked).json()
    assert "history" not in first
    second = gmail("GET", "history", params=asked | {"pageToken": first["nextPageToken"]}).json()
    assert [one["messages"][0]["id"] for one in second["history"]] == [wanted]


def test_the_kinds_of_history_are_asked_in_the_singular(world):
    """Past the judge: Google's document has no plural, and the fake must not either."""
    token = world.grant(ANN).access_token
    since = world.mailbox(ANN).history_id
    with httpx.Client(transport=FakeTransport(world)) as client:
        seen = [
            client.get(
                "https://gmail.googleapis.com/gmail/v1/users/me/history",
                params={"startHistoryId": since, "historyTypes": kind},
                headers={"Authorization": f"Bearer {token}"},
            ).status_code
            for kind in ("messageAdded", "messagesAdded")
        ]
    assert seen == [200, 400]


@pytest.mark.parametrize("user", [ANN, BOB])
def test_a_token_opens_its_own_mailbox_only(gmail, user):
    assert gmail("GET", "profile", user=user).status_code == (200 if user == ANN else 403)


def test_a_request_without_a_token_or_of_no_known_kind_is_refused(world, gmail):
    assert gmail("GET", "profile", headers={"Authorization": ""}).status_code == 401
    assert gmail("GET", "drafts/r1").status_code == 404


def test_a_wished_thread_that_the_references_contradict_is_not_joined(world, gmail, email):
    first = world.inject(ANN, email(Message_ID="<1@x.example>"))
    second = world.inject(ANN, email(Message_ID="<2@x.example>"))
    raw = encoded(email(Subject="Re: Paper order", References="<1@x.example>"))
    answer = gmail("POST", "messages/send", json={"raw": raw, "threadId": second}).json()
    assert answer["threadId"] not in {first, second}


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_taking_out_the_last_header_leaves_the_body_as_it_was(world, gmail, line_end):
    head = line_end.join([f"From: {ANN}".encode(), f"To: {BOB}".encode(), b"Bcc: c@x.example"])
    body = line_end + b"  first line" + line_end
    gmail("POST", "messages/send", json={"raw": encoded(head + line_end * 2 + body)})
    (copy,) = world.ids(BOB)
    raw = world.mailbox(BOB).messages[copy].content.raw
    assert raw.endswith(f"To: {BOB}".encode() + line_end * 2 + body)
    assert b"Bcc" not in raw
