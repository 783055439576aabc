"""Whether anybody is at work: what the workers themselves report."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection


def last_report() -> datetime | None:
    """Return when a worker last reported, None where there is none at all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
        found: datetime | None = cursor.fetchone()[0]
    return found


def are_silent(reported_at: datetime | None, *, at: datetime) -> bool:
    """Whether the workers have been silent for so long that nobody can be at work."""
    if reported_at is None:
        return True
    return (at - reported_at).total_seconds() > 2 * settings.WORKER_STALLED_SECONDS
