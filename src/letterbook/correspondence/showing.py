"""A stored email as one viewer may see it: what their access level leaves out is not in here at all.

Whatever shows email (pages, API, commands) takes it from here, so that no template can show too much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from letterbook.correspondence.models import BlindPerson, Message, bcc_of
from letterbook.mailboxes.models import Sharing

# An email may be on its way, or wait in somebody's outbox, for a while; beyond that one of the clocks is wrong.
CLOCKS_DIFFER_BY = timedelta(minutes=30)
# Columns of a message that nothing below needs: lists of emails leave them where they are.
NOT_SHOWN = (
    *("text", "search", "identity", "message_id", "in_reply_to", "from_name", "from_address"),
    *("address_keys", "bcc_keys", "has_html", "size", "parser_version", "stored_at"),
)


@dataclass(frozen=True, slots=True)
class PersonOnIt:
    """Somebody named in an email's header; `role` is from, to, cc, bcc or reply_to."""

    role: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class FileOnIt:
    """A file that came with an email; `number` is what downloading asks for."""

    number: int
    filename: str
    content_type: str
    size: int
    is_inline: bool


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """What a viewer may know of an email beside its text; blank where their access is lower."""

    id: UUID
    thread_id: UUID
    direction: str
    occurred_at: datetime
    access: Sharing
    people: tuple[PersonOnIt, ...]
    subject: str
    snippet: str
    files: tuple[FileOnIt, ...]
    is_automatic: bool
    # What the sender's clock said, where that is far from when the provider got it.
    claimed_at: datetime | None = None

    @property
    def may_read_subject(self) -> bool:
        """Whether a blank subject is the email's own."""
        return self.access >= Sharing.SUBJECT

    @property
    def may_read_content(self) -> bool:
        """Whether a blank snippet, and no files, are the email's own."""
        return self.access >= Sharing.FULL


def show_message(message: Message) -> SeenMessage:
    """Return what the viewer of a row may know; the row carries how much that is."""
    return show_as_seen(message, access=message.access, bcc=bcc_of(message))


def show_as_seen(message: Message, *, access: Sharing, bcc: Sequence[BlindPerson]) -> SeenMessage:
    """Return the same for a row that was loaded with another, which says how much of it its viewer may know."""
    is_full = access >= Sharing.FULL
    return SeenMessage(
        id=message.pk,
        thread_id=message.thread_id,
        direction=message.direction,
        occurred_at=message.occurred_at,
        access=access,
        people=(*map(_person, message.participants), *map(_blind_person, bcc)),
        subject=message.subject if access >= Sharing.SUBJECT else "",
        snippet=message.snippet if is_full else "",
        files=tuple(_file(kept) for kept in message.attachments) if is_full else (),
        is_automatic=message.is_automatic,
        claimed_at=_other_clock(message),
    )


def _other_clock(message: Message) -> datetime | None:
    claimed = message.date_header
    if claimed is None or abs(claimed - message.occurred_at) <= CLOCKS_DIFFER_BY:
        return None
    return claimed


def _person(person: dict[str, str]) -> PersonOnIt:
    return PersonOnIt(role=person["role"], name=person["name"], address=person["address"])


def _blind_person(person: BlindPerson) -> PersonOnIt:
    return PersonOnIt(role="bcc", name=person["name"], address=person["address"])


def _file(kept: dict[str, Any]) -> FileOnIt:  # a JSON column
    return FileOnIt(
        number=kept["number"],
        filename=kept["filename"],
        content_type=kept["content_type"],
        size=kept["size"],
        is_inline=kept.get("is_inline", False),
    )
