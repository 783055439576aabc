"""One fake mailbox: messages, threads, drafts and the history of what changed."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from typing import Literal

from letterbook.providers.fake_gmail.contents import Content
from letterbook.providers.fake_gmail.header_lines import readable
from letterbook.providers.fake_gmail.ids import Ids
from letterbook.providers.fake_gmail.refusals import invalid, not_found

Change = Literal["messageAdded", "messageDeleted", "labelAdded", "labelRemoved"]

SYSTEM_LABELS = (
    "INBOX",
    "SENT",
    "DRAFT",
    "SPAM",
    "TRASH",
    "UNREAD",
    "STARRED",
    "IMPORTANT",
    "CHAT",
    "CATEGORY_PERSONAL",
    "CATEGORY_SOCIAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_UPDATES",
    "CATEGORY_FORUMS",
)


@dataclass(slots=True)
class StoredMessage:
    """A message in one mailbox."""

    id: str
    thread_id: str
    labels: frozenset[str]
    history_id: int
    internal_ms: int
    content: Content
    visible_at: float = 0.0  # when listings and the history begin to show it


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change, with the message's labels right after it."""

    history_id: int
    kind: Change
    message_id: str
    thread_id: str
    labels: frozenset[str]
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FakeSendAs:
    """An address the account may send from."""

    address: str
    name: str = ""
    signature: str = ""
    is_default: bool = False
    is_verified: bool = True
    reply_to: str = ""


@dataclass
class FakeMailbox:
    """What one account holds. Not locked: the world is."""

    address: str
    name: str
    ids: Ids
    history_id: int
    send_as: list[FakeSendAs] = field(default_factory=list)
    messages: dict[str, StoredMessage] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)  # draft id → message id
    user_labels: dict[str, str] = field(default_factory=dict)  # label id → name
    history: list[HistoryEntry] = field(default_factory=list)
    oldest_history_id: int = 1
    _order: list[tuple[int, str]] = field(default_factory=list)  # what listings show, oldest first
    _hidden: list[StoredMessage] = field(default_factory=list)
    _thread_of: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # Message-ID → thread, subject
    _thread_sizes: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        content: Content,
        *,
        labels: frozenset[str],
        internal_ms: int,
        thread_id: str = "",
        is_thread_fixed: bool = False,
        visible_at: float = 0.0,
    ) -> StoredMessage:
        """Store an email in its thread and return it.

        A wished `thread_id` counts only where References and subject agree, unless it is fixed.
        """
        message_id = self.ids.message()
        traits = _ThreadTraits.of(content)
        if not is_thread_fixed:
            thread_id = self._choose_thread(traits, wished=thread_id)
        thread_id = thread_id or message_id
        message = StoredMessage(message_id, thread_id, labels, 0, internal_ms, content, visible_at)
        self.messages[message_id] = message
        self._thread_sizes[thread_id] = self._thread_sizes.get(thread_id, 0) + 1
        if "DRAFT" not in labels:  # a draft has not left yet, so no answer can name it
            self._remember_message_id(traits, thread_id)
        if visible_at:
            self._hidden.append(message)
        else:
            self._show(message)
        return message

    def reveal(self, at: float) -> None:
        """Let listings and the history show what was hidden until `at`."""
        due = [message for message in self._hidden if message.visible_at <= at]
        for message in due:
            self._hidden.remove(message)
            self._show(message)

    def _show(self, message: StoredMessage) -> None:
        insort(self._order, (message.internal_ms, message.id))
        self._record("messageAdded", message)

    def remove(self, message_id: str) -> None:
        """Delete a message for good."""
        message = self.find(message_id)
        del self.messages[message_id]
        self._thread_sizes[message.thread_id] -= 1
        if not self._thread_sizes[message.thread_id]:
            del self._thread_sizes[message.thread_id]
        if message in self._hidden:
            self._hidden.remove(message)
            return
        del self._order[bisect_left(self._order, (message.internal_ms, message_id))]
        self._record("messageDeleted", message)

    def find(self, message_id: str) -> StoredMessage:
        """Return a message, or refuse as Gmail does."""
        if not re.fullmatch(r"[0-9a-f]{1,16}", message_id):
            raise invalid("Invalid id value")
        if message_id not in self.messages:
            raise not_found()
        return self.messages[message_id]

    def relabel(self, message_id: str, *, add: frozenset[str], remove: frozenset[str]) -> None:
        """Add and take away labels; each kind of change is an entry of the history."""
        message = self.find(message_id)
        added = add - message.labels
        removed = (remove & message.labels) - add
        message.labels = (message.labels | added) - removed
        if added:
            self._record("labelAdded", message, added)
        if removed:
            self._record("labelRemoved", message, removed)

    def newest_first(self, *, before: tuple[int, str] | None = None) -> list[StoredMessage]:
        """Return what listings show, after the place where the last page ended."""
        end = bisect_left(self._order, before) if before else len(self._order)
        return [self.messages[one] for _, one in reversed(self._order[:end])]

    def changes_after(self, history_id: int) -> list[HistoryEntry]:
        """Return the entries of the history later than `history_id`, in order."""
        return self.history[
            bisect_right(self.history, history_id, key=lambda one: one.history_id) :
        ]

    def forget_history(self) -> None:
        """From now on every cursor handed out before is too old."""
        self._advance()
        self.oldest_history_id = self.history_id
        self.history.clear()

    def has_thread(self, thread_id: str) -> bool:
        return thread_id in self._thread_sizes

    @property
    def thread_count(self) -> int:
        return len(self._thread_sizes)

    def _record(
        self, kind: Change, message: StoredMessage, changed: frozenset[str] = frozenset()
    ) -> None:
        self._advance()
        message.history_id = self.history_id
        self.history.append(
            HistoryEntry(
                self.history_id, kind, message.id, message.thread_id, message.labels, changed
            )
        )

    def _advance(self) -> None:
        self.history_id += self.ids.history_step()

    def _choose_thread(self, traits: _ThreadTraits, *, wished: str) -> str:
        for message_id in reversed(traits.answers):
            thread_id, subject = self._thread_of.get(message_id, ("", ""))
            is_there = thread_id in self._thread_sizes
            if is_there and subject == traits.subject and wished in {"", thread_id}:
                return thread_id
        return ""

    def _remember_message_id(self, traits: _ThreadTraits, thread_id: str) -> None:
        known, _ = self._thread_of.get(traits.message_id, ("", ""))
        if traits.message_id and known not in self._thread_sizes:
            self._thread_of[traits.message_id] = (thread_id, traits.subject)


@dataclass(frozen=True, slots=True)
class _ThreadTraits:
    """What decides the thread of an email."""

    message_id: str
    answers: list[str]
    subject: str

    @classmethod
    def of(cls, content: Content) -> _ThreadTraits:
        fields = {name.lower(): value for name, value in reversed(content.fields)}
        named = f"{fields.get('references', '')} {fields.get('in-reply-to', '')}"
        return cls(
            message_id=fields.get("message-id", ""),
            answers=re.findall(r"<[^<>\s]+>", named),
            subject=_bare_subject(fields.get("subject", "")),
        )


def _bare_subject(subject: str) -> str:
    bare = re.sub(r"^(?:\s*(?:re|fwd?|aw|wg)\s*:)+", "", readable(subject), flags=re.I)
    return " ".join(bare.split()).casefold()
