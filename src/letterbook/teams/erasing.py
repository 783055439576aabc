"""Taking a person's name out of the audit log: what was done, when and by whom stays, and so does the chain."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models.functions import Now

from letterbook.teams.models import AuditEntry


def empty_entries(team_id: UUID, subject_type: str, subject_ids: Iterable[object]) -> int:
    """Empty the details of the entries about these; return how many. Call it on the team's behalf."""
    ids = {str(one) for one in subject_ids}
    entries = AuditEntry.objects.filter(
        team_id=team_id, subject_type=subject_type, subject_id__in=ids, erased_at=None
    )
    return entries.exclude(details={}).update(details={}, erased_at=Now())
