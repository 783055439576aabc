"""The control API under `/_fake/`: what tests with real processes arrange and read over HTTP."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from letterbook.providers.fake_gmail.state import CLIENT_ID, CLIENT_SECRET, Accepted
from letterbook.providers.fake_gmail.wire import (
    NO_CONTENT,
    FakeAnswer,
    FakeRequest,
    Outcome,
    json_answer,
)
from letterbook.providers.fake_gmail.world import FakeGmail

# Any: JSON from and to tests.
Json = dict[str, Any]


def answer(world: FakeGmail, request: FakeRequest) -> Outcome:
    """Return the answer to a request, whether it is meant for Google or for the fake itself."""
    if request.segments[0] != "_fake":
        return world.answer(request)
    noun = "".join(request.segments[1:2])
    perform = _PERFORM.get((request.method, len(request.segments), noun))
    if perform is None:
        return json_answer({"error": "no such control call"}, status=404)
    try:
        return perform(world, request, _body(request))
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as problem:
        return json_answer({"error": f"{type(problem).__name__}: {problem}"}, status=400)


def _body(request: FakeRequest) -> Json:
    found = json.loads(request.body or b"{}")
    if not isinstance(found, dict):
        raise TypeError("a JSON object was expected")
    return found


def _create_account(world: FakeGmail, _request: FakeRequest, body: Json) -> FakeAnswer:
    mailbox = world.create_account(
        body["address"],
        name=body.get("name", ""),
        aliases=body.get("aliases", ()),
        signature=body.get("signature", ""),
    )
    return json_answer({"address": mailbox.address}, status=201)


def _list_accounts(world: FakeGmail, _request: FakeRequest, _body: Json) -> FakeAnswer:
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return json_answer({"accounts": world.addresses, **client})


def _grant(world: FakeGmail, _request: FakeRequest, body: Json) -> FakeAnswer:
    scopes = {"scopes": body["scopes"]} if "scopes" in body else {}
    tokens = world.grant(body["address"], **scopes)
    return json_answer(
        {
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "expires_at": tokens.expires_at.isoformat(),
        },
        status=201,
    )


def _end_grants(world: FakeGmail, request: FakeRequest, _body: Json) -> FakeAnswer:
    world.revoke(request.segments[2])
    return NO_CONTENT


def _expire_tokens(world: FakeGmail, _request: FakeRequest, body: Json) -> FakeAnswer:
    world.expire_access_tokens(body["address"])
    return NO_CONTENT


def _expire_history(world: FakeGmail, _request: FakeRequest, body: Json) -> FakeAnswer:
    world.expire_history(body["address"])
    return NO_CONTENT


def _inject(world: FakeGmail, request: FakeRequest, body: Json) -> FakeAnswer:
    received_at = body.get("received_at")
    message_id = world.inject(
        request.segments[2],
        base64.b64decode(body["raw"], validate=True),
        labels=body.get("labels", ("INBOX", "UNREAD")),
        received_at=datetime.fromisoformat(received_at) if received_at else None,
        thread_id=body.get("thread_id", ""),
    )
    return json_answer({"id": message_id}, status=201)


def _show_mailbox(world: FakeGmail, request: FakeRequest, _body: Json) -> FakeAnswer:
    address = request.segments[2]
    mailbox = world.mailbox(address)
    held = [mailbox.messages[message_id] for message_id in world.ids(address)]
    return json_answer(
        {
            "address": mailbox.address,
            "history_id": str(mailbox.history_id),
            "drafts": list(mailbox.drafts),
            "messages": [
                {"id": one.id, "thread_id": one.thread_id, "labels": sorted(one.labels)}
                for one in held
            ],
        }
    )


def _add_fault(world: FakeGmail, _request: FakeRequest, body: Json) -> FakeAnswer:
    world.fail(**body)
    return json_answer(body, status=201)


def _end_faults(world: FakeGmail, _request: FakeRequest, _body: Json) -> FakeAnswer:
    world.stop_failing()
    return NO_CONTENT


def _list_accepted(world: FakeGmail, _request: FakeRequest, _body: Json) -> FakeAnswer:
    return json_answer({"accepted": [_shown(one) for one in world.accepted]})


def _shown(one: Accepted) -> Json:
    return {**asdict(one), "at": one.at.isoformat()}


def _list_counts(world: FakeGmail, _request: FakeRequest, _body: Json) -> FakeAnswer:
    return json_answer({"counts": world.counts})


def _change_behaviour(world: FakeGmail, _request: FakeRequest, body: Json) -> FakeAnswer:
    known = {one.name for one in fields(world.behaviour)}
    if unknown := set(body) - known:
        raise ValueError(f"unknown: {sorted(unknown)}; known: {sorted(known)}")
    for name, value in body.items():
        setattr(world.behaviour, name, value)
    return json_answer(asdict(world.behaviour))


def _pass_time(world: FakeGmail, _request: FakeRequest, body: Json) -> FakeAnswer:
    world.pass_time(float(body["seconds"]))
    return json_answer({"now": world.now().isoformat()})


def _reset(world: FakeGmail, _request: FakeRequest, body: Json) -> FakeAnswer:
    world.reset(seed=int(body.get("seed", 1)))
    return NO_CONTENT


Perform = Callable[[FakeGmail, FakeRequest, Json], FakeAnswer]

# (method, number of path segments, second segment)
_PERFORM: dict[tuple[str, int, str], Perform] = {
    ("GET", 2, "accounts"): _list_accounts,
    ("POST", 2, "accounts"): _create_account,
    ("POST", 2, "grants"): _grant,
    ("DELETE", 3, "grants"): _end_grants,
    ("POST", 2, "expired-tokens"): _expire_tokens,
    ("POST", 2, "expired-history"): _expire_history,
    ("GET", 3, "mailboxes"): _show_mailbox,
    ("POST", 4, "mailboxes"): _inject,
    ("POST", 2, "faults"): _add_fault,
    ("DELETE", 2, "faults"): _end_faults,
    ("GET", 2, "accepted"): _list_accepted,
    ("GET", 2, "counts"): _list_counts,
    ("PATCH", 2, "behaviour"): _change_behaviour,
    ("POST", 2, "time"): _pass_time,
    ("POST", 2, "reset"): _reset,
}
