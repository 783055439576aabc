"""Taking back that a draft was thrown away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from letterbook.kit.refusals import NotFound
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.events import announce
from letterbook.teams.models import Membership


@transaction.atomic
def bring_back_draft(member: Membership, email_id: UUID, *, at: datetime) -> OutgoingEmail:
    """Return the draft that its author discarded, a draft again; raise `NotFound` where there is none of theirs."""
    discarded = OutgoingEmail.objects.select_for_update().filter(
        pk=email_id,
        team_id=member.team_id,
        author_id=member.user_id,
        discarded_at__isnull=False,
    )
    draft = discarded.first()
    if draft is None:
        raise NotFound("There is no such draft.", way_out="Perhaps it is in the outbox.")
    OutgoingEmail.objects.filter(pk=draft.pk).update(discarded_at=None, updated_at=at)
    announce("outgoing", team_id=draft.team_id, row_id=draft.pk, user_id=draft.author_id)
    draft.refresh_from_db()
    return draft
