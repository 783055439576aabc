"""Gmail's limits on how much one user may ask: units a minute, and requests at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from letterbook.providers.fake_gmail.refusals import slow_down, too_many_at_once
from letterbook.providers.fake_gmail.times import in_google_form

Quota = Literal["off", "new", "old"]

# Units per user per minute: for projects since May 2026, and for older ones.
_UNITS: Mapping[Quota, int] = {"new": 6_000, "old": 15_000}
_WINDOW = timedelta(minutes=1)
_LONGEST = timedelta(minutes=2)


@dataclass
class Meter:
    """What one mailbox has used up."""

    window_ends_at: datetime | None = None
    used: int = 0
    busy_until: list[datetime] = field(default_factory=list)

    def charge(self, units: tuple[int, int], *, quota: Quota, at: datetime) -> None:
        """Count a request's units, or refuse it because the minute is used up."""
        if quota == "off":
            return
        if self.window_ends_at is None or at >= self.window_ends_at:
            self.window_ends_at, self.used = at + _WINDOW, 0
        cost = units[0 if quota == "new" else 1]
        if self.used + cost > _UNITS[quota]:
            # Asking again too early makes it worse, up to a point.
            self.window_ends_at = min(self.window_ends_at + timedelta(seconds=1), at + _LONGEST)
            raise slow_down(in_google_form(self.window_ends_at))
        self.used += cost

    def occupy(self, *, seconds: float, limit: int, at: datetime) -> None:
        """Count a request as running for `seconds`, or refuse it because too many are."""
        self.busy_until = [end for end in self.busy_until if end > at]
        if limit and len(self.busy_until) >= limit:
            raise too_many_at_once()
        if seconds:
            self.busy_until.append(at + timedelta(seconds=seconds))
