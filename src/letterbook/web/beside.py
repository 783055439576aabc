"""What is known of the people an email goes to: what was said last, who else is there, what their clock says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from letterbook.outgoing.drafts import DraftText
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.models import Membership
from letterbook.web.colleagues import colleagues_of
from letterbook.web.last_between import last_between
from letterbook.web.send_times import send_times
from letterbook.web.their_clock import clock_of
from letterbook.web.weighing import meanwhile


def beside_context(
    member: Membership, text: DraftText, draft: OutgoingEmail | None, *, at: datetime
) -> dict[str, Any]:
    """Return what the templates beside an email, and the menu for sending it later, need."""
    between = last_between(member, text.to)
    contact = between.get("addressed")
    theirs = clock_of(member, contact) if contact else None
    return {
        **between,
        **send_times(theirs, at=at),
        "colleagues": colleagues_of(member, f"{text.to}, {text.cc}, {text.bcc}"),
        "meanwhile": meanwhile(member, draft, at=at) if draft else (),
    }
