"""What keeps an erased person from coming back: a digest of each address under a key that only this installation opens.

Everything that makes a contact of an address asks here first.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from letterbook.contacts.models import ErasedAddress, ErasureKey
from letterbook.kit.refusals import Conflict, NotNow
from letterbook.kit.secrets import SecretBox, SecretUnreadable

_KEY_BYTES = 32


class ErasedPerson(Conflict):
    """An address was erased; whoever wants the person back says so."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} belongs to somebody who was erased.",
            way_out="Confirm that they are to be a contact again: then their mail is stored from now on.",
            field="addresses",
            code="erased",
        )


def keep_tombstones(team_id: UUID, keys: Iterable[str], *, at: datetime) -> None:
    """Write down, unreadably, that these addresses were erased; raise `NotNow` without a key to seal with."""
    secret = _find_or_create_key(team_id)
    rows = [
        ErasedAddress(team_id=team_id, digest=_digest(secret, key), erased_at=at)
        for key in sorted(keys)
    ]
    ErasedAddress.objects.bulk_create(rows, ignore_conflicts=True)


def erased_among(team_id: UUID, keys: Iterable[str]) -> frozenset[str]:
    """Return which of these addresses were erased; raise `NotNow` where that cannot be told."""
    asked = list(keys)
    tombstones = ErasedAddress.objects.filter(team_id=team_id)
    # Almost every team has none, and every batch of mail asks.
    if not asked or not tombstones.exists():
        return frozenset()
    secret = _open(ErasureKey.objects.get(team_id=team_id))
    by_digest = {_digest(secret, key): key for key in asked}
    found = tombstones.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return frozenset(by_digest[bytes(digest)] for digest in found)


def refuse_erased(team_id: UUID, addresses: Iterable[tuple[str, str]]) -> None:
    """Raise `ErasedPerson` for the first of these (key, address) that was erased."""
    by_key = dict(addresses)
    erased = erased_among(team_id, by_key)
    for key in by_key:
        if key in erased:
            raise ErasedPerson(by_key[key])


def lift_tombstones(team_id: UUID, keys: Iterable[str]) -> int:
    """Let these addresses come back, because somebody asked for it; return how many had been erased."""
    erased = erased_among(team_id, keys)
    if not erased:
        return 0
    secret = _open(ErasureKey.objects.get(team_id=team_id))
    digests = [_digest(secret, key) for key in erased]
    lifted, _ = ErasedAddress.objects.filter(team_id=team_id, digest__in=digests).delete()
    return lifted


def rotate_erasure_keys() -> int:
    """Seal the key of every team's tombstones with the first key and return how many; the tombstones stay."""
    return sum(map(_rotate_one, ErasureKey.objects.values_list("pk", flat=True)))


@transaction.atomic
def _rotate_one(team_id: UUID) -> bool:
    row = ErasureKey.objects.select_for_update().get(pk=team_id)
    try:
        row.sealed = _box().rotate(bytes(row.sealed))
    except SecretUnreadable:
        return False
    row.save(update_fields=["sealed"])
    return True


def _find_or_create_key(team_id: UUID) -> bytes:
    row = ErasureKey.objects.filter(team_id=team_id).first()
    if row is None:
        fresh = secrets.token_hex(_KEY_BYTES)
        try:
            sealed = _box().seal(fresh, binding=_binding(team_id))
        except SecretUnreadable as error:
            raise _unreadable() from error
        # Of two that erase at once the first one's key holds.
        row, _ = ErasureKey.objects.get_or_create(team_id=team_id, defaults={"sealed": sealed})
    return _open(row)


def _open(row: ErasureKey) -> bytes:
    try:
        return bytes.fromhex(_box().open(bytes(row.sealed), binding=_binding(row.team_id)))
    except SecretUnreadable as error:
        raise _unreadable() from error


def _unreadable() -> NotNow:
    return NotNow(
        "This Letterbook cannot open the key by which it knows who was erased.",
        way_out="An admin of this server gives it the LETTERBOOK_SECRET_KEYS that it had.",
        code="no_secret_keys",
    )


def _digest(secret: bytes, key: str) -> bytes:
    return hmac.digest(secret, key.encode(), hashlib.sha256)


def _binding(team_id: UUID) -> str:
    return f"contacts_erasurekey:{team_id}"


def _box() -> SecretBox:
    try:
        return SecretBox(settings.SECRET_KEYS)
    except ValueError as error:
        raise SecretUnreadable("LETTERBOOK_SECRET_KEYS holds no usable key.") from error
