"""Turns: of all that run at the same time, one transaction at a time has the turn of a name."""

from __future__ import annotations

from hashlib import blake2b

from django.db import connection


def take_turn(name: str) -> bool:
    """Return whether the turn of this name is the caller's until its transaction ends; False when another has it."""
    number = int.from_bytes(blake2b(b"turn" + name.encode(), digest_size=8).digest())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number - 2**63])
        (is_ours,) = cursor.fetchone()
    return bool(is_ours)
