"""Telling a whole queue what holds it back, in one statement."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.choosing import due_in
from letterbook.outgoing.models import FrozenEmail
from letterbook.outgoing.obstacles import Obstacle
from letterbook.outgoing.scheduling import wake_at
from letterbook.teams.events import announce


def hold_back(mailbox: Mailbox, obstacle: Obstacle, *, at: datetime) -> None:
    """Write into everything a mailbox has due why it waits, and until when where that is known.

    What may have been sent is left out: it is asked about whatever the mailbox may send.
    """
    in_doubt = FrozenEmail.objects.filter(email=OuterRef("pk"), submitted_at__isnull=False)
    waiting = due_in(mailbox.pk, at=at).exclude(Exists(in_doubt))
    told = waiting.exclude(due_reason=obstacle.reason)
    if obstacle.until is not None:
        told = waiting
    columns = {} if obstacle.until is None else {"due_at": obstacle.until}
    if told.update(due_reason=obstacle.reason, updated_at=at, **columns):
        announce("outgoing", team_id=mailbox.team_id, mailbox_id=mailbox.pk)
    if obstacle.until is not None:
        wake_at(mailbox.pk, at=obstacle.until)
