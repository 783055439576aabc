"""Which of a team-mate's outgoing emails are shared: as far as their mailbox is, and no further than their copies are.

What an owner keeps to themselves of a conversation, a contact or a label holds for what they sent into it too.
"""

from __future__ import annotations

from django.db.models import Q

from letterbook.correspondence.access import Reach
from letterbook.correspondence.models import is_reachable
from letterbook.mailboxes.models import Sharing


def is_shared(reach: Reach, *, level: Sharing, email: str = "") -> Q:
    """Return the condition "this email is shared at `level` or more"; `email` leads from a row to it: "email__"."""
    shared = Q(mailbox_id__in=reach.at_least(level))
    for other in ("message", "answers"):
        known = is_reachable(reach, level=level, message_ref=f"{email}{other}_id")
        shared &= Q(**{f"{email}{other}": None}) | Q(known)
    return shared
