"""The header that every email written here carries, whatever a provider makes of its Message-ID."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

SEND_KEY_HEADER = "X-Letterbook-Send-Key"


def read_send_key(values: Iterable[bytes]) -> UUID | None:
    """Return the key in the first of these header values, None where there is none."""
    for value in values:
        try:
            return UUID(value.decode("ascii", "replace").strip())
        except ValueError:
            return None
    return None
