"""The fake Gmail as a real process's neighbour: everything can be arranged and read over HTTP."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
import time

import httpx
import pytest
from halden_rowe import ANN, BOB

from letterbook.providers.fake_gmail.server import serve
from letterbook.providers.fake_gmail.world import FakeGmail
from letterbook.providers.gmail.client import GmailMailbox


class Tokens:
    def __init__(self, token):
        self.token = token

    def access_token(self):
        return self.token

    def refresh_now(self, rejected):
        raise AssertionError("the token should have been good")


@pytest.fixture
def control():
    with serve(FakeGmail(seed=1)) as url, httpx.Client(base_url=f"{url}/_fake") as client:
        client.post("/accounts", json={"address": ANN, "name": "Ann", "aliases": ["a@r.example"]})
        client.post("/accounts", json={"address": BOB})
        yield client


@pytest.fixture
def ann(control):
    token = control.post("/grants", json={"address": ANN}).json()["access_token"]
    root = str(control.base_url).removesuffix("/_fake/")
    box = GmailMailbox(tokens=Tokens(token), api_url=root)
    yield box
    box.close()


def test_accounts_are_created_and_listed_with_the_client_to_use(control):
    told = control.get("/accounts").json()
    assert told["accounts"] == [ANN, BOB]
    assert set(told) == {"accounts", "client_id", "client_secret"}


def test_an_injected_message_is_in_the_mailbox(control, ann, email):
    raw = email()
    told = {
        "raw": base64.b64encode(raw).decode(),
        "labels": ["INBOX"],
        "received_at": "2020-01-01T00:00:00+00:00",
    }
    message_id = control.post(f"/mailboxes/{ANN}/messages", json=told).json()["id"]
    message = ann.fetch_message(message_id)
    assert (message.raw, message.labels, message.received_at.year) == (raw, {"INBOX"}, 2020)
    (shown,) = control.get(f"/mailboxes/{ANN}").json()["messages"]
    assert shown == {"id": message_id, "thread_id": message.thread_id, "labels": ["INBOX"]}


def test_faults_accepted_emails_and_counts_are_read_back(control, ann, email):
    control.post("/faults", json={"match": "drafts.send", "how": "act_then_500", "mailbox": ANN})
    draft = ann.create_draft(email(X_Letterbook_Send_Key="k9"))
    with pytest.raises(Exception, match="may have been done"):
        ann.send_draft(draft.id)
    (entry,) = control.get("/accepted").json()["accepted"]
    assert (entry["mailbox"], entry["send_key"], entry["recipients"]) == (ANN, "k9", [BOB])
    assert control.get("/counts").json()["counts"]["drafts.send"] == 1
    assert control.get(f"/mailboxes/{BOB}").json()["messages"][0]["labels"] == ["INBOX", "UNREAD"]


def test_behaviour_and_time_can_be_changed(control, ann, email):
    changed = control.patch("/behaviour", json={"message_ids": "keep", "sent_visible_after": 60})
    assert changed.json()["message_ids"] == "keep"
    sent = ann.send_draft(ann.create_draft(email(Message_ID="<k@x.example>")).id)
    assert ann.list_messages().refs == ()
    control.post("/time", json={"seconds": 61})
    assert [ref.id for ref in ann.list_messages().refs] == [sent.id]
    assert control.get("/accepted").json()["accepted"][0]["message_id"] == "<k@x.example>"


def test_grants_tokens_and_cursors_can_be_ended(control):
    tokens = control.post("/grants", json={"address": ANN}).json()
    root = str(control.base_url).removesuffix("/_fake/")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    profile = f"{root}/gmail/v1/users/me/profile"
    cursor = httpx.get(profile, headers=bearer).json()["historyId"]
    history = f"{root}/gmail/v1/users/me/history?startHistoryId={cursor}"
    assert httpx.get(history, headers=bearer).status_code == 200
    control.post("/expired-history", json={"address": ANN})
    assert httpx.get(history, headers=bearer).status_code == 404
    control.post("/expired-tokens", json={"address": ANN})
    assert httpx.get(profile, headers=bearer).status_code == 401
    control.delete(f"/grants/{ANN}")
    told = control.get("/accounts").json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    form |= {name: told[name] for name in ("client_id", "client_secret")}
    assert httpx.post(f"{root}/token", data=form).json()["error"] == "invalid_grant"


def test_a_reset_empties_the_world(control):
    control.post("/reset", json={"seed": 5})
    assert control.get("/accounts").json()["accounts"] == []
    assert control.get("/accepted").json()["accepted"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/faults", {"match": "*", "how": "explode"}, 400),
        ("POST", "/faults", {"nonsense": 1}, 400),
        ("POST", "/grants", {"address": "nobody@x.example"}, 400),
        ("POST", f"/mailboxes/{ANN}/messages", {"raw": "!"}, 400),
        ("PATCH", "/behaviour", {"temper": "bad"}, 400),
        ("POST", "/accounts", [], 400),
        ("GET", "/nothing", {}, 404),
        ("GET", "", {}, 404),
    ],
)
def test_a_wrong_control_call_says_so(control, method, path, body, status):
    assert control.request(method, path, json=body).status_code == status


def test_the_server_answers_many_connections_at_once_and_ends_with_them_open(control, ann):
    def ask():
        for _ in range(50):
            ann.read_profile()

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert control.get("/counts").json()["counts"]["getProfile"] == 250


def test_a_closing_server_does_not_wait_for_a_late_answer(world):
    started = time.monotonic()
    token = world.grant(ANN).access_token
    with serve(world) as url, httpx.Client(timeout=0.1) as client:
        world.fail("getProfile", "delay:30")
        with pytest.raises(httpx.ReadTimeout):
            client.get(
                f"{url}/gmail/v1/users/me/profile", headers={"Authorization": f"Bearer {token}"}
            )
    assert time.monotonic() - started < 5


@pytest.mark.processes
def test_the_fake_runs_as_a_process_of_its_own():
    code = "from letterbook.providers.fake_gmail.server import run; run(port=0, seed=2)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().split()[-1]
        httpx.post(f"{url}/_fake/accounts", json={"address": ANN})
        assert httpx.get(f"{url}/_fake/accounts").json()["accounts"] == [ANN]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
