"""Saying that an email needs no answer: it is on no list of its owner's any more, but a later one may be."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from letterbook.correspondence.models import MailboxMessage, Message
from letterbook.kit.refusals import NotFound
from letterbook.teams.models import Membership


def waive_answer(member: Membership, message_id: UUID, *, at: datetime | None) -> Message:
    """Note that an email in a mailbox of one's own needs no answer, or with None that it does; raise `NotFound`."""
    own = MailboxMessage.objects.visible_to(member).filter(message_id=message_id)
    if not own.update(waived_at=at):
        raise NotFound("There is no such email in a mailbox of yours.")
    return Message.objects.visible_to(member).get(pk=message_id)
