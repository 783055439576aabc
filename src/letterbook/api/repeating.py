"""A POST that is sent twice: with the same Idempotency-Key it acts once, and both answers name the same resource.

The act and the key's row commit together, so a request that died half way has done nothing; docs/api.md has the cases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from letterbook.api.models import IdempotencyKey
from letterbook.kit.refusals import Conflict, Invalid
from letterbook.teams.models import Membership
from letterbook.teams.turns import take_turn

HEADER = "Idempotency-Key"
LONGEST = 200

Resource = TypeVar("Resource")


def once(
    request: HttpRequest,
    member: Membership,
    *,
    create: Callable[[], Resource],
    find: Callable[[UUID], Resource],
    id_of: Callable[[Resource], UUID],
    at: datetime,
    content: bytes | None = None,
) -> Resource:
    """Return what `create` makes, or what it made when this very request came before.

    Raises `Conflict` while the first is still being answered and `Invalid` when the key came with another request.
    Without a key every request stands for itself. `content` stands for the body where that was read as a file.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return create()
    if len(key) > LONGEST or not key.isprintable():
        raise Invalid(f"A key can have {LONGEST} printable characters.", field=HEADER)
    digest = _digest(request, request.body if content is None else content)
    with transaction.atomic():
        row, is_first = _claim(member, key=key, digest=digest, at=at)
        if is_first:
            resource = create()
            row.resource_id = id_of(resource)
            row.save(update_fields=["resource_id"])
            return resource
    return find(_same_request(row, digest))


def _claim(
    member: Membership, *, key: str, digest: bytes, at: datetime
) -> tuple[IdempotencyKey, bool]:
    token_id = member.acting_token.pk if member.acting_token else None
    if not take_turn(f"idempotency key {token_id} {key}"):
        raise Conflict(
            "The first request with this key is still being answered.",
            way_out="Send the same request again in a moment.",
            field=HEADER,
            code="StillAtWork",
        )
    mine = IdempotencyKey.objects.visible_to(member)
    mine.expired(at=at).filter(key=key).delete()
    return mine.get_or_create(
        token=member.acting_token,
        key=key,
        defaults={
            "team_id": member.team_id,
            "member": member,
            "request_digest": digest,
            "created_at": at,
        },
    )


def _same_request(row: IdempotencyKey, digest: bytes) -> UUID:
    if bytes(row.request_digest) != digest or row.resource_id is None:
        raise Invalid(
            "This key was used for another request.",
            way_out="Use a new Idempotency-Key for each thing you create.",
            field=HEADER,
            code="KeyUsed",
        )
    return row.resource_id


def _digest(request: HttpRequest, content: bytes) -> bytes:
    said = f"{request.method} {request.get_full_path()}\n".encode() + content
    return hashlib.sha256(said).digest()
