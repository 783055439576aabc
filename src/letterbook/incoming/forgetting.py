"""What becomes of old runs: those that found nothing are forgotten, imports that were killed are ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from letterbook.incoming.models import EMPTY_RUN, RetrievalRun, RunKind

# Far longer than an import takes: hundreds of messages are read in a second.
_LONGEST_IMPORT = timedelta(days=1)
_DEAD = "Interrupted. Import the files again: it goes on from there, and stores nothing twice."
# Long enough to see how a mailbox was looked at since the last working day.
_KEPT = timedelta(days=7)


def forget_empty_runs(*, at: datetime) -> int:
    """Delete the runs without mail or trouble that are a week old, and return how many those were.

    The first retrieval's stay: from them follows how long it took.
    """
    old = RetrievalRun.objects.filter(EMPTY_RUN, started_at__lt=at - _KEPT)
    number, _ = old.exclude(kind__in=(RunKind.FIRST, RunKind.IMPORT)).delete()
    return number


def end_dead_imports(*, at: datetime) -> int:
    """End the imports that began a day ago and did not end, killed with their process, and return how many those are.

    One that is alive after all goes on, and says itself how it ended.
    """
    imports = RetrievalRun.objects.filter(kind=RunKind.IMPORT, ended_at=None)
    return imports.filter(started_at__lt=at - _LONGEST_IMPORT).update(ended_at=at, error=_DEAD)
