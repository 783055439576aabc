"""Writing the audit log: who did what, when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from letterbook.teams.models import AuditEntry, User


def record_audit(
    what: str,
    *,
    team_id: UUID,
    user: User | None,
    at: datetime,
    subject: tuple[str, object] = ("", ""),
    **details: Any,  # what is worth keeping differs per entry; it is stored as JSON
) -> None:
    """Append one entry; in the caller's transaction, so that it stands exactly when the act does.

    Call it last: entries are chained, so another writer of the team's log waits until the transaction has ended.
    """
    AuditEntry.objects.create(
        team_id=team_id,
        user=user,
        at=at,
        what=what,
        subject_type=subject[0],
        subject_id=str(subject[1]),
        details=details,
    )
