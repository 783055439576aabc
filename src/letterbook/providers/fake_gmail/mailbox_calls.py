"""The calls about the mailbox itself: profile, history, labels, addresses to send from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from letterbook.providers.fake_gmail.mailbox import (
    SYSTEM_LABELS,
    FakeMailbox,
    FakeSendAs,
    HistoryEntry,
)
from letterbook.providers.fake_gmail.message_calls import page_size
from letterbook.providers.fake_gmail.refusals import invalid, not_found
from letterbook.providers.fake_gmail.state import State
from letterbook.providers.fake_gmail.submitted import read_json
from letterbook.providers.fake_gmail.wire import FakeAnswer, FakeRequest, json_answer

# The question is singular, the answer plural.
_ANSWER_KEYS = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}


def get_profile(_state: State, mailbox: FakeMailbox, _request: FakeRequest) -> FakeAnswer:
    return json_answer(
        {
            "emailAddress": mailbox.address,
            "messagesTotal": len(mailbox.messages),
            "threadsTotal": mailbox.thread_count,
            "historyId": str(mailbox.history_id),
        }
    )


def list_history(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    since = _start_of(mailbox, request)
    is_wanted = _wanted(request)
    token = request.first("pageToken")
    if token and not token.isdigit():
        raise invalid("Invalid pageToken")
    entries = mailbox.changes_after(int(token) if token else since)
    # A page is cut before it is filtered: as with Gmail, it may have a next page and no history.
    page = entries[: page_size(request)]
    records = [_record(entry) for entry in page if is_wanted(entry)]
    body: dict[str, Any] = {"historyId": str(mailbox.history_id)}
    if records:
        body["history"] = records
    if len(page) < len(entries):
        body["nextPageToken"] = str(page[-1].history_id)
    return json_answer(body)


def _start_of(mailbox: FakeMailbox, request: FakeRequest) -> int:
    since = request.first("startHistoryId")
    if not since.isdigit():
        raise invalid("Missing or invalid startHistoryId")
    if not mailbox.oldest_history_id <= int(since) <= mailbox.history_id:
        raise not_found()
    return int(since)


def _wanted(request: FakeRequest) -> Callable[[HistoryEntry], bool]:
    kinds = set(request.every("historyTypes"))
    if unknown := kinds - set(_ANSWER_KEYS):
        raise invalid(f"Invalid value at 'history_types' (TYPE_ENUM), \"{min(unknown)}\"")
    label = request.first("labelId")

    def is_wanted(entry: HistoryEntry) -> bool:
        has_label = not label or label in entry.labels | entry.changed
        return has_label and (not kinds or entry.kind in kinds)

    return is_wanted


def _record(entry: HistoryEntry) -> dict[str, Any]:
    message: dict[str, Any] = {"id": entry.message_id, "threadId": entry.thread_id}
    labelled = {**message, "labelIds": sorted(entry.labels)} if entry.labels else message
    change: dict[str, Any] = {"message": labelled}
    if entry.changed:
        change["labelIds"] = sorted(entry.changed)
    return {
        "id": str(entry.history_id),
        "messages": [message],
        _ANSWER_KEYS[entry.kind]: [change],
    }


def list_labels(_state: State, mailbox: FakeMailbox, _request: FakeRequest) -> FakeAnswer:
    system = [{"id": one, "name": one, "type": "system"} for one in SYSTEM_LABELS]
    own = [{"id": one, "name": name, "type": "user"} for one, name in mailbox.user_labels.items()]
    return json_answer({"labels": system + own})


def get_label(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    label = request.segments[-1]
    if label not in {*SYSTEM_LABELS, *mailbox.user_labels}:
        raise not_found()
    held = [message for message in mailbox.messages.values() if label in message.labels]
    unread = [message for message in held if "UNREAD" in message.labels]
    return json_answer(
        {
            "id": label,
            "name": mailbox.user_labels.get(label, label),
            "type": "user" if label in mailbox.user_labels else "system",
            "messagesTotal": len(held),
            "messagesUnread": len(unread),
            "threadsTotal": len({message.thread_id for message in held}),
            "threadsUnread": len({message.thread_id for message in unread}),
        }
    )


def create_label(_state: State, mailbox: FakeMailbox, request: FakeRequest) -> FakeAnswer:
    name = str(read_json(request).get("name", ""))
    if not name or name.upper() in SYSTEM_LABELS or name in mailbox.user_labels.values():
        raise invalid("Invalid label name")
    label = f"Label_{len(mailbox.user_labels) + 1}"
    mailbox.user_labels[label] = name
    return json_answer({"id": label, "name": name, "type": "user"})


def list_send_as(_state: State, mailbox: FakeMailbox, _request: FakeRequest) -> FakeAnswer:
    return json_answer({"sendAs": [_send_as(mailbox, one) for one in mailbox.send_as]})


def _send_as(mailbox: FakeMailbox, one: FakeSendAs) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "sendAsEmail": one.address,
        "displayName": one.name,
        "replyToAddress": one.reply_to,
        "signature": one.signature,
        "isDefault": one.is_default,
    }
    if one.address == mailbox.address:
        return {**shown, "isPrimary": True}
    status = "accepted" if one.is_verified else "pending"
    return {**shown, "treatAsAlias": True, "verificationStatus": status}
