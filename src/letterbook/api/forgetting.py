"""Forgetting what the API need not know any longer."""

from __future__ import annotations

from datetime import datetime

from letterbook.api.models import IdempotencyKey


def forget_old_keys(*, at: datetime) -> int:
    """Delete the idempotency keys that are kept no longer and return how many."""
    deleted, _ = IdempotencyKey.objects.expired(at=at).delete()
    return deleted
