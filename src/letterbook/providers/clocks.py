"""This machine's clock against that of whoever answers: HTTP's `Date` (RFC 9110, section 6.6.1) is in each answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_GRAIN = timedelta(seconds=1)  # a Date has whole seconds


def clock_off(told: str, *, asked_at: datetime, answered_at: datetime) -> timedelta:
    """Return how far our clock is ahead of the one that told this `Date`, negative where it is behind.

    As little as the answer allows: zero where the answer may have been given between `asked_at` and `answered_at`, and
    where it tells no date. So neither a slow answer nor one that was slow to leave is taken for a wrong clock.
    """
    try:
        theirs = parsedate_to_datetime(told).replace(tzinfo=UTC)  # Date is always in GMT
    except (ValueError, TypeError):
        return timedelta()
    if theirs > answered_at:
        return answered_at - theirs
    return max(timedelta(), asked_at - theirs - _GRAIN)
