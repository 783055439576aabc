"""Forgetting the runs that found nothing: each quiet mailbox leaves one every few minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from letterbook.incoming.models import EMPTY_RUN, RetrievalRun, RunKind

# Long enough to see how a mailbox was looked at since the last working day.
_KEPT = timedelta(days=7)


def forget_empty_runs(*, at: datetime) -> int:
    """Delete the runs without mail or trouble that are a week old, and return how many those were.

    The first retrieval's stay: from them follows how long it took.
    """
    old = RetrievalRun.objects.filter(EMPTY_RUN, started_at__lt=at - _KEPT)
    number, _ = old.exclude(kind__in=(RunKind.FIRST, RunKind.IMPORT)).delete()
    return number
