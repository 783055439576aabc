"""Which call a request is, what it costs, and which permission it needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from letterbook.providers.fake_gmail import draft_calls, mailbox_calls, message_calls
from letterbook.providers.fake_gmail.mailbox import FakeMailbox
from letterbook.providers.fake_gmail.state import State
from letterbook.providers.fake_gmail.wire import FakeAnswer, FakeRequest

Perform = Callable[[State, FakeMailbox, FakeRequest], FakeAnswer]

_SCOPE_ROOT = "https://www.googleapis.com/auth/gmail."
_MAIL = "https://mail.google.com/"


def _scopes(*names: str) -> frozenset[str]:
    return frozenset({_MAIL, *(_SCOPE_ROOT + name for name in names)})


_READ = _scopes("modify", "readonly", "metadata")
_DRAFT_READ = _scopes("modify", "compose", "readonly")
_WRITE = _scopes("modify")
_COMPOSE = _scopes("modify", "compose")
_SEND = _scopes("modify", "compose", "send")
_INSERT = _scopes("modify", "insert")
_SETTINGS = _scopes("modify", "readonly", "settings.basic")


@dataclass(frozen=True, slots=True)
class Call:
    """One method of the API. `units` are (new projects, older projects)."""

    name: str
    method: str
    pattern: re.Pattern[str]
    perform: Perform
    scopes: frozenset[str]
    units: tuple[int, int]


def _call(
    name: str, route: str, perform: Perform, scopes: frozenset[str], new: int, old: int
) -> Call:
    method, _, path = route.partition(" ")
    uploads = "(?:/upload)?" if method in {"POST", "PUT"} else ""
    pattern = re.compile(f"{uploads}/gmail/v1/users/[^/]+/{path.replace('{id}', '[^/]+')}")
    return Call(name, method, pattern, perform, scopes, (new, old))


# The order matters only where a fixed word could also be an id.
CALLS = (
    _call("getProfile", "GET profile", mailbox_calls.get_profile, _READ | _COMPOSE, 1, 1),
    _call("messages.get", "GET messages/{id}", message_calls.get_message, _READ, 20, 5),
    _call("messages.list", "GET messages", message_calls.list_messages, _READ, 5, 5),
    _call("history.list", "GET history", mailbox_calls.list_history, _READ, 2, 2),
    _call("drafts.send", "POST drafts/send", draft_calls.send_draft, _COMPOSE, 100, 100),
    _call("drafts.create", "POST drafts", draft_calls.create_draft, _COMPOSE, 10, 10),
    _call("drafts.list", "GET drafts", draft_calls.list_drafts, _DRAFT_READ, 5, 5),
    _call("drafts.get", "GET drafts/{id}", draft_calls.get_draft, _DRAFT_READ, 20, 5),
    _call("drafts.update", "PUT drafts/{id}", draft_calls.update_draft, _COMPOSE, 15, 15),
    _call("drafts.delete", "DELETE drafts/{id}", draft_calls.delete_draft, _COMPOSE, 10, 10),
    _call("messages.send", "POST messages/send", message_calls.send_message, _SEND, 100, 100),
    _call("messages.import", "POST messages/import", message_calls.import_message, _INSERT, 25, 25),
    _call("messages.insert", "POST messages", message_calls.insert_message, _INSERT, 25, 25),
    _call(
        "messages.modify", "POST messages/{id}/modify", message_calls.modify_message, _WRITE, 5, 5
    ),
    _call("messages.trash", "POST messages/{id}/trash", message_calls.trash_message, _WRITE, 20, 5),
    _call(
        "messages.untrash",
        "POST messages/{id}/untrash",
        message_calls.untrash_message,
        _WRITE,
        5,
        5,
    ),
    _call(
        "messages.delete", "DELETE messages/{id}", message_calls.delete_message, _scopes(), 20, 10
    ),
    _call("labels.list", "GET labels", mailbox_calls.list_labels, _READ, 1, 1),
    _call("labels.get", "GET labels/{id}", mailbox_calls.get_label, _READ, 1, 1),
    _call("labels.create", "POST labels", mailbox_calls.create_label, _WRITE, 5, 5),
    _call("sendAs.list", "GET settings/sendAs", mailbox_calls.list_send_as, _SETTINGS, 1, 1),
)


def find_call(request: FakeRequest) -> Call | None:
    """Return the call that a request makes, or None when Gmail has no such call."""
    for call in CALLS:
        if call.method == request.method and call.pattern.fullmatch(request.path):
            return call
    return None
