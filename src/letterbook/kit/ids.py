"""Ids that people see: unguessable, and ordered by time so that indexes stay compact."""

from __future__ import annotations

import uuid

import uuid_utils
import uuid_utils.compat


def new_ids(number: int) -> list[str]:
    """Return so many new ids at once, in hexadecimal; several times as fast as one by one."""
    return [uuid_utils.uuid7().hex for _ in range(number)]


def new_id_bytes() -> bytes:
    """Return a new id as its sixteen bytes; several times as fast as by way of a UUID."""
    return uuid_utils.uuid7().bytes


def new_id() -> uuid.UUID:
    """Return a new UUIDv7."""
    return uuid_utils.compat.uuid7()
