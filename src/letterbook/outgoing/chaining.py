"""Whether an email's history is as PostgreSQL wrote it: every line hashed with the one before it."""

from __future__ import annotations

from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.proofs import HISTORY
from letterbook.teams.proving import examine_one


def flaws_of_history(email: OutgoingEmail) -> tuple[str, ...]:
    """Return what is wrong with an email's history, in words; nothing when it is whole and unchanged."""
    return tuple(flaw.what for flaw in examine_one(HISTORY, email.pk))
