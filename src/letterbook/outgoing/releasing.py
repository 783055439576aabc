"""Letting go of a second copy: the bytes of an email sent long ago, once its message's source is proven to hold them.

The two differ in the Message-ID only, which Gmail gives anew. Where anything else differs, both are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from letterbook.correspondence.models import MessageSource
from letterbook.correspondence.sources import unpack_source
from letterbook.kit.refusals import NotFound
from letterbook.mime.message_ids import with_message_id
from letterbook.outgoing.models import FrozenEmail
from letterbook.outgoing.status import Status

KEPT_FOR = timedelta(days=90)
_AT_ONCE = 500


def release_bytes(*, at: datetime) -> int:
    """Let go of what was sent more than `KEPT_FOR` ago and is held by its message's source; return how many."""
    return sum(map(_release, _sent_long_ago(at=at)))


def _sent_long_ago(*, at: datetime) -> Iterator[int]:
    sent = FrozenEmail.objects.filter(
        released_size=None, email__status=Status.SENT, email__sent_at__lt=at - KEPT_FOR
    )
    last = 0
    while ids := list(
        sent.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]
    ):
        yield from ids
        last = ids[-1]


@transaction.atomic
def _release(frozen_id: int) -> bool:
    frozen = (
        FrozenEmail.objects.select_for_update(of=("self",))
        .select_related("email")
        .get(pk=frozen_id)
    )
    if frozen.released_size is not None or not is_held_by_source(frozen):
        return False
    size = len(frozen.raw)
    FrozenEmail.objects.filter(pk=frozen.pk).update(raw=b"", released_size=size)
    return True


def is_held_by_source(frozen: FrozenEmail) -> bool:
    """Return whether the source of the sent message gives the very bytes that were frozen."""
    rebuilt = _rebuild(frozen)
    return rebuilt is not None and hashlib.sha256(rebuilt).digest() == bytes(frozen.sha256)


def frozen_bytes(frozen: FrozenEmail) -> bytes:
    """Return the bytes of one queueing; raise `NotFound` when they were let go and their message was erased since."""
    if frozen.released_size is None:
        return bytes(frozen.raw)
    rebuilt = _rebuild(frozen)
    if rebuilt is None:
        raise NotFound("The source of this email was erased with the mail of its mailbox.")
    return rebuilt


def _rebuild(frozen: FrozenEmail) -> bytes | None:
    source = MessageSource.objects.filter(message__outgoing_email=frozen.email_id).first()
    if source is None:
        return None
    return with_message_id(unpack_source(source.raw_zstd), f"<{frozen.message_id}>")
