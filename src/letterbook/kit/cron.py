"""Cron lines for "every so many seconds"."""

from __future__ import annotations


def cron_every(seconds: float) -> str:
    """Return the cron line (seconds last) that comes nearest to "every so many seconds"."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"* * * * * */{whole}"
    return f"*/{min(59, whole // 60)} * * * *"
