"""Times as Gmail writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def to_ms(at: datetime) -> int:
    """Return the milliseconds since 1970, as in `internalDate`."""
    return round(at.timestamp() * 1000)


def in_google_form(at: datetime) -> str:
    """Return a time as Gmail's messages write it: UTC, milliseconds, Z."""
    utc = at.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
