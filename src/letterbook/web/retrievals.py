"""A mailbox's latest retrievals as lines: those in a row that found nothing are one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from letterbook.incoming.files_read import FileRead, files_of
from letterbook.incoming.models import RetrievalRun


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run, the newest of those that the line stands for."""

    run: RetrievalRun
    oldest: RetrievalRun
    number: int

    @property
    def files(self) -> list[FileRead]:
        """The imported files of which not every message is stored."""
        return [file for file in files_of(self.run.files) if not file.is_whole]


def lines_of(runs: Iterable[RetrievalRun], *, at_most: int) -> list[RunLine]:
    """Return the lines for these runs, which come newest first."""
    grouped = (list(group) for _, group in groupby(runs, key=_alike))
    return [RunLine(group[0], group[-1], len(group)) for group in grouped][:at_most]


def _alike(run: RetrievalRun) -> object:
    """What runs that stand in one line have in common; of any other nothing is like it."""
    return (run.kind, run.error) if _found_nothing(run) else run.pk


def _found_nothing(run: RetrievalRun) -> bool:
    found = run.stored or run.skipped or run.repeated or run.quarantined
    return bool(run.ended_at) and not found
