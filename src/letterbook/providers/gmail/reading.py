"""Gmail's JSON as our dataclasses. A shape that is not Gmail's raises KeyError, TypeError or ValueError."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from letterbook.providers.mail import (
    ChangeKind,
    Draft,
    HistoryChange,
    HistoryPage,
    Label,
    MessageHeaders,
    MessagePage,
    MessageRef,
    Profile,
    ProviderMessage,
    SendAs,
    SentMessage,
)

# Any: this module is where Gmail's JSON gets its types.
Json: TypeAlias = Mapping[str, Any]

# The question's words are singular (`historyTypes=messageAdded`), the answer's are plural.
_CHANGES: tuple[tuple[str, ChangeKind], ...] = (
    ("messagesAdded", "added"),
    ("labelsAdded", "labels_added"),
    ("labelsRemoved", "labels_removed"),
    ("messagesDeleted", "deleted"),
)
HISTORY_TYPES = ("messageAdded", "messageDeleted", "labelAdded", "labelRemoved")


def read_profile(body: Json) -> Profile:
    return Profile(
        address=_text(body["emailAddress"]),
        history_cursor=_text(body["historyId"]),
        message_count=int(body.get("messagesTotal", 0)),
    )


def read_message_page(body: Json) -> MessagePage:
    refs = tuple(
        MessageRef(id=_text(one["id"]), thread_id=_text(one["threadId"]))
        for one in body.get("messages", ())
    )
    return MessagePage(refs=refs, next_page=body.get("nextPageToken", ""))


def read_history_page(body: Json) -> HistoryPage:
    changes = tuple(change for record in body.get("history", ()) for change in _changes_of(record))
    return HistoryPage(
        changes=changes, cursor=_text(body["historyId"]), next_page=body.get("nextPageToken", "")
    )


def _changes_of(record: Json) -> Iterator[HistoryChange]:
    for key, kind in _CHANGES:
        for one in record.get(key, ()):
            message = one["message"]
            yield HistoryChange(
                kind=kind,
                id=_text(message["id"]),
                thread_id=message.get("threadId", ""),
                labels=_labels(message),
            )


def read_message(body: Json) -> ProviderMessage:
    return ProviderMessage(
        id=_text(body["id"]),
        thread_id=_text(body["threadId"]),
        labels=_labels(body),
        received_at=_received_at(body),
        raw=_decode(body["raw"]),
    )


def read_headers(body: Json) -> MessageHeaders:
    headers: dict[str, str] = {}
    for one in body.get("payload", {}).get("headers", ()):
        headers.setdefault(_text(one["name"]).lower(), _text(one["value"]))
    return MessageHeaders(
        id=_text(body["id"]),
        thread_id=_text(body["threadId"]),
        labels=_labels(body),
        received_at=_received_at(body),
        headers=headers,
    )


def read_draft(body: Json) -> Draft:
    message = body["message"]
    return Draft(
        id=_text(body["id"]),
        message_id=_text(message["id"]),
        thread_id=message.get("threadId", ""),
        labels=_labels(message),
    )


def read_drafts(body: Json) -> tuple[Draft, ...]:
    return tuple(read_draft(one) for one in body.get("drafts", ()))


def read_sent(body: Json) -> SentMessage:
    return SentMessage(id=_text(body["id"]), thread_id=_text(body["threadId"]))


def read_send_as(body: Json) -> tuple[SendAs, ...]:
    return tuple(_send_as(one) for one in body.get("sendAs", ()))


def _send_as(one: Json) -> SendAs:
    is_primary = bool(one.get("isPrimary", False))
    return SendAs(
        address=_text(one["sendAsEmail"]),
        name=one.get("displayName", ""),
        signature_html=one.get("signature", ""),
        is_primary=is_primary,
        is_default=bool(one.get("isDefault", False)),
        # Gmail gives the account's own address no verification status: there is nothing to verify.
        is_verified=is_primary or one.get("verificationStatus") == "accepted",
        reply_to=one.get("replyToAddress", ""),
    )


def read_labels(body: Json) -> tuple[Label, ...]:
    return tuple(
        Label(id=_text(one["id"]), name=_text(one["name"]), is_own=one.get("type") == "user")
        for one in body.get("labels", ())
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("Gmail left out a text that it always gives")
    return value


def _labels(message: Json) -> frozenset[str]:
    return frozenset(_text(label) for label in message.get("labelIds", ()))


def _received_at(body: Json) -> datetime:
    return datetime.fromtimestamp(int(body["internalDate"]) / 1000, tz=UTC)


def _decode(raw: str) -> bytes:
    # Not urlsafe_b64decode: it drops what it does not know and would return another email in silence.
    return base64.b64decode(raw + "=" * (-len(raw) % 4), altchars=b"-_", validate=True)
