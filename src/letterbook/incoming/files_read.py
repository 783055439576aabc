"""What became of the messages of each imported file: how many were read, and why which were left out.

Nothing of what is left out is kept, and no Gmail can be asked about it: this is all that can be told later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from letterbook.correspondence.models import LedgerState, MailboxMessage, SkipReason
from letterbook.mailboxes.models import Mailbox

# A folder of single messages counts as one; of more files than these the rest is told together.
_MOST = 100
_OTHERS = "the other files"


@dataclass(slots=True)
class FileRead:
    """How many messages of one file were read, which of them were left out by reason, and which are unreadable."""

    name: str
    read: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether every message of it is stored."""
        return not self.left_out and not self.quarantined

    @property
    def why(self) -> str:
        """Why not every message of it is stored, in words."""
        known = dict(SkipReason.choices)
        by_number = sorted(self.left_out.items(), key=lambda one: (-one[1], one[0]))
        told = [f"{number:,} left out: {known.get(reason, reason)}" for reason, number in by_number]
        if self.quarantined:
            told.append(f"{self.quarantined:,} unreadable, in quarantine")
        return "; ".join(told)


class FilesRead:
    """Counts file by file, batch by batch."""

    def __init__(self) -> None:
        self._files: dict[str, FileRead] = {}

    def count(self, mailbox: Mailbox, batch: Sequence[tuple[str, str]]) -> None:
        """Add what became of these messages, each with the name of its file; they are decided about."""
        fates = dict(_not_stored(mailbox, {provider_id for provider_id, _ in batch}))
        for provider_id, name in batch:
            file = self._file(name)
            file.read += 1
            state, reason = fates.get(provider_id, (LedgerState.STORED, ""))
            if state == LedgerState.SKIPPED:
                file.left_out[reason] = file.left_out.get(reason, 0) + 1
            file.quarantined += state == LedgerState.QUARANTINED

    def count_stored(self, batch: Iterable[tuple[str, str]]) -> None:
        """Add messages that are stored, every one."""
        for _, name in batch:
            self._file(name).read += 1

    def as_json(self) -> list[dict[str, Any]]:  # Any: JSON for a column
        """Return them as a run keeps them."""
        return [asdict(file) for file in self._files.values()]

    def _file(self, name: str) -> FileRead:
        if name not in self._files and len(self._files) >= _MOST:
            name = _OTHERS
        return self._files.setdefault(name, FileRead(name))


def files_of(kept: Iterable[dict[str, Any]]) -> list[FileRead]:  # Any: JSON of a column
    """Return the files that a run tells of."""
    return [FileRead(**each) for each in kept]


def _not_stored(
    mailbox: Mailbox, provider_ids: Iterable[str]
) -> Iterable[tuple[str, tuple[str, str]]]:
    rows = MailboxMessage.objects.filter(mailbox=mailbox, provider_id__in=provider_ids)
    others = rows.exclude(state=LedgerState.STORED).values_list("provider_id", "state", "reason")
    return ((provider_id, (state, reason)) for provider_id, state, reason in others)
