"""What ties a message to others: its own Message-ID, those it refers to, and its provider's thread. Knows no Django."""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

from letterbook.mime.parsing import ParsedMessage


def thread_keys(
    parsed: ParsedMessage, *, mailbox_id: UUID, provider_thread_id: str
) -> frozenset[bytes]:
    """Return all that ties a message to others."""
    if not provider_thread_id:
        return message_keys(parsed)
    return message_keys(parsed) | {provider_thread_key(mailbox_id, provider_thread_id)}


def message_keys(parsed: ParsedMessage) -> frozenset[bytes]:
    """Return the keys of what an email says itself: of its own Message-ID and of all those it refers to."""
    named = {parsed.message_id, parsed.in_reply_to, *parsed.references} - {""}
    return frozenset([message_id_key(each) for each in named])


def message_id_key(message_id: str) -> bytes:
    """Return the key by which threads know a Message-ID, of an email of theirs or of one that is referred to."""
    return _key("message-id", message_id)


def provider_thread_key(mailbox_id: UUID, provider_thread_id: str) -> bytes:
    """Return the key of a provider's thread; its id means something in its own mailbox only."""
    return _key(f"thread of {mailbox_id}", provider_thread_id)


def _key(kind: str, value: str) -> bytes:
    return blake2b(f"{kind}\0{value}".encode("utf-8", "replace"), digest_size=16).digest()
