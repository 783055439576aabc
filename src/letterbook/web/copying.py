"""Keeping both of two versions: what somebody typed becomes a draft of its own."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from letterbook.outgoing.attaching import copy_files, pictures_of
from letterbook.outgoing.drafts import create_draft
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.models import Membership
from letterbook.web.senders import mailbox_of
from letterbook.web.typed import Typed


@transaction.atomic
def copy_with_text(
    member: Membership, email: OutgoingEmail, typed: Typed, *, at: datetime
) -> OutgoingEmail:
    """Return a new draft with what was typed and the files of the email it was typed into."""
    copy = create_draft(
        member,
        mailbox=mailbox_of(member, typed.sender, otherwise=email.mailbox),
        text=typed.text,
        answers=email.answers,
        pictures=pictures_of(email),
        at=at,
    )
    copy_files(email, copy)
    return copy
