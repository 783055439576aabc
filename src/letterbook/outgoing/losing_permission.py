"""A mailbox whose permission turns out to be gone, or too small, while something is done with its email."""

from __future__ import annotations

from datetime import datetime

from letterbook.mailboxes.models import Mailbox, Trouble
from letterbook.mailboxes.states import mark_needs_reconnecting
from letterbook.providers.errors import AccessRevoked, PermissionMissing


def mark_permission_lost(
    mailbox: Mailbox, refused: AccessRevoked | PermissionMissing, *, at: datetime
) -> None:
    """Stop a mailbox and say which it is: a permission that ended, or one that never covered this."""
    trouble = Trouble.SCOPE if isinstance(refused, PermissionMissing) else Trouble.REVOKED
    mark_needs_reconnecting(mailbox, reason=refused.message, trouble=trouble, at=at)
