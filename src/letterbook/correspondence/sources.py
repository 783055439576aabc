"""The exact bytes of a message."""

from __future__ import annotations

from letterbook.correspondence.access import reach_of
from letterbook.correspondence.models import (
    MailboxMessage,
    Message,
    MessageSource,
    seen_copies,
)
from letterbook.correspondence.packing import pack_source, unpack_beginning, unpack_source
from letterbook.mailboxes.models import Sharing
from letterbook.mime.without_traces import without_traces
from letterbook.teams.models import Membership

__all__ = ["pack_source", "read_beginning", "read_source", "read_source_for", "unpack_source"]


def read_source(message: Message) -> bytes:
    """Return the exact bytes of a message as the mailbox held them that brought it first."""
    source = MessageSource.objects.only("raw_zstd").get(message_id=message.pk)
    return unpack_source(source.raw_zstd)


def read_beginning(message: Message, *, size: int) -> bytes:
    """Return the first bytes of a message, where its headers are; b"" where its source is gone."""
    source = MessageSource.objects.only("raw_zstd").filter(message_id=message.pk).first()
    return unpack_beginning(source.raw_zstd, size=size) if source else b""


def read_source_for(member: Membership, message: Message) -> bytes:
    """Return the source of a message that this member may read.

    It is exact where they may read the mailbox it came from. Otherwise it lacks what only that mailbox tells: whom the
    sender put in Bcc, and to whom it was delivered.
    """
    source = MessageSource.objects.only("raw_zstd", "mailbox_id").get(message_id=message.pk)
    raw = unpack_source(source.raw_zstd)
    seen_in_full = seen_copies(reach_of(member), level=Sharing.FULL)
    copies = MailboxMessage.objects.filter(seen_in_full, message_id=message.pk)
    is_theirs = source.mailbox_id in set(copies.values_list("mailbox_id", flat=True))
    return raw if is_theirs else without_traces(raw)
