"""When Google says to come back: in the message's text, or in a Retry-After header."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Gmail's longest known pause is the 24 hours of its sending limits; anything later is a mistake.
LONGEST_PAUSE = timedelta(hours=24)

_IN_TEXT = re.compile(
    r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))", re.I
)
_SECONDS = re.compile(r"\s*\d{1,9}\s*", re.ASCII)


def read_retry_time(*, text: str, header: str, at: datetime) -> datetime | None:
    """Return the later of the two times Google named, at most a day ahead, or None when it named none to come."""
    named = [time for time in (_time_in_text(text), _time_in_header(header, at=at)) if time]
    coming = [time for time in named if time > at]
    return min(max(coming), at + LONGEST_PAUSE) if coming else None


def _time_in_text(text: str) -> datetime | None:
    found = _IN_TEXT.search(text)
    if not found:
        return None
    try:
        return datetime.fromisoformat(found[1]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _time_in_header(header: str, *, at: datetime) -> datetime | None:
    if _SECONDS.fullmatch(header):
        return at + timedelta(seconds=min(int(header), LONGEST_PAUSE.total_seconds()))
    try:
        time = parsedate_to_datetime(header)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
