"""What Letterbook asks of any mail provider. Each call is one request; none repeats itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

ChangeKind = Literal["added", "deleted", "labels_added", "labels_removed"]


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose mailbox this is, and the point in its history at this moment."""

    address: str
    history_cursor: str
    message_count: int


@dataclass(frozen=True, slots=True)
class MessageRef:
    """One message by the provider's own ids, which are unique within the mailbox only."""

    id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of a listing; `next_page` is empty on the last."""

    refs: tuple[MessageRef, ...]
    next_page: str = ""


@dataclass(frozen=True, slots=True)
class HistoryChange:
    """One change since a cursor. `labels` are the message's labels where the provider told them."""

    kind: ChangeKind
    id: str
    thread_id: str
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of changes. `cursor` is where the next reading starts once the last page is stored."""

    changes: tuple[HistoryChange, ...]
    cursor: str
    next_page: str = ""


@dataclass(frozen=True, slots=True)
class ProviderMessage:
    """A whole message with its exact source. `received_at` is the provider's time, not the Date header."""

    id: str
    thread_id: str
    labels: frozenset[str]
    received_at: datetime
    raw: bytes


@dataclass(frozen=True, slots=True)
class MessageHeaders:
    """A message's labels and some of its headers (names lower-case, first value of each)."""

    id: str
    thread_id: str
    labels: frozenset[str]
    received_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft kept at the provider; its id survives edits, its message's id does not.

    `labels` are those of the embedded message: a wrapper whose message is SENT and no longer DRAFT was sent.
    """

    id: str
    message_id: str
    thread_id: str
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class SentMessage:
    """The provider's receipt for one accepted email."""

    id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class SendAs:
    """An address the account may send from, as the provider verified it."""

    address: str
    name: str
    signature_html: str
    is_primary: bool
    is_default: bool
    is_verified: bool
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A label that messages may bear; `is_own` where the account's owner made it."""

    id: str
    name: str
    is_own: bool


class MailProvider(Protocol):
    """A connected mailbox. Raises `providers.errors` and nothing else of its own.

    `clock_off` is how far our clock was ahead of the provider's at its last answer, negative where it was behind.
    """

    clock_off: timedelta

    def read_profile(self) -> Profile:
        """Return whose mailbox this is and its present history cursor."""

    def list_messages(
        self, *, query: str = "", labels: Sequence[str] = (), page: str = "", limit: int = 500
    ) -> MessagePage:
        """Return one page of message ids, roughly newest first, spam and trash left out."""

    def list_history(self, *, since: str, page: str = "") -> HistoryPage:
        """Return one page of changes after `since`; raise `HistoryExpired` when that is too long ago."""

    def fetch_message(self, message_id: str) -> ProviderMessage:
        """Return one message with its source; raise `Gone` when it was deleted meanwhile."""

    def fetch_headers(self, message_id: str, *, names: Sequence[str]) -> MessageHeaders:
        """Return labels and the named headers of one message."""

    def create_draft(self, raw: bytes, *, thread_id: str = "") -> Draft:
        """Store `raw` as a draft. Harmless when its outcome is unknown: at worst a draft nobody sends."""

    def find_draft(self, draft_id: str) -> Draft | None:
        """Return the draft as it is now, or None when there is no such draft any more."""

    def list_drafts(self, *, limit: int = 20) -> tuple[Draft, ...]:
        """Return the newest drafts (labels may be unknown: empty)."""

    def delete_draft(self, draft_id: str) -> bool:
        """Delete a draft; return whether there was one. A draft already gone is fine."""

    def send_draft(self, draft_id: str) -> SentMessage:
        """Send a stored draft. `Gone` means there was no such draft to send; `OutcomeUnknown` means ask."""

    def list_send_as(self) -> tuple[SendAs, ...]:
        """Return the addresses this account may send from."""

    def list_labels(self) -> tuple[Label, ...]:
        """Return the labels of this account, its own and the provider's."""

    def close(self) -> None:
        """Give back the connections."""
