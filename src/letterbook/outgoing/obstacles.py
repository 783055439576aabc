"""Why a due email may not be handed over now: asked at every claim, however long ago it was queued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from letterbook.mailboxes.models import Mailbox, MailboxState
from letterbook.mime.addresses import address_key
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.prepared import first_row
from letterbook.outgoing.status import ErrorClass

GIVE_UP_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What is in the way: until when where that is known, and as what the email fails where waiting is no use."""

    reason: str
    until: datetime | None = None
    fails_as: ErrorClass | None = None


def find_obstacle(email: OutgoingEmail, *, at: datetime) -> Obstacle | None:
    """Return what keeps an email from being handed over now, or None."""
    may_send, is_verified = _what_still_holds(email)
    if not may_send:
        return Obstacle(
            f"{email.author} may no longer send from {email.mailbox.address}.",
            fails_as=ErrorClass.NOT_PERMITTED,
        )
    if not is_verified:
        # Gmail would silently send it under another address.
        return Obstacle(
            f"Google no longer lets {email.mailbox.address} send as {email.from_address}.",
            fails_as=ErrorClass.NOT_PERMITTED,
        )
    return _unreachable(email, ErrorClass.NEEDS_RECONNECTING, at=at) or _held_back(
        email.mailbox, at=at
    )


def find_obstacle_to_asking(email: OutgoingEmail, *, at: datetime) -> Obstacle | None:
    """Return what keeps us from asking Gmail about an email that may have been sent, or None.

    A right that ended meanwhile or a pause is none: asking sends nothing.
    """
    return _unreachable(email, ErrorClass.UNCONFIRMED, at=at)


def _what_still_holds(email: OutgoingEmail) -> tuple[bool, bool]:
    """Return whether the author may send from the mailbox, and whether the mailbox may send as the chosen address."""
    sender = address_key(email.from_address)
    asked = [sender, sender, email.mailbox_id, email.author_id, email.team_id]
    may_send, is_verified = first_row(_STILL_HOLDS, asked) or (False, True)
    return may_send, is_verified


# What `Mailbox.objects.sendable_by` says of an active member, and `sender_of` of an address, in one statement: it is
# asked for every email.
_STILL_HOLDS = """
    SELECT true, mailbox.address_key = %s OR EXISTS (
        SELECT FROM mailboxes_sendasaddress alias
        WHERE alias.mailbox_id = mailbox.id AND alias.key = %s AND alias.is_verified)
    FROM mailboxes_mailbox mailbox
    JOIN teams_membership member ON member.team_id = mailbox.team_id AND member.user_id = mailbox.owner_id
    JOIN teams_user author ON author.id = member.user_id AND author.is_active
    WHERE mailbox.id = %s AND mailbox.kind = 'gmail' AND author.id = %s AND member.team_id = %s
"""


def _unreachable(email: OutgoingEmail, fails_as: ErrorClass, *, at: datetime) -> Obstacle | None:
    mailbox = email.mailbox
    if mailbox.state == MailboxState.DISCONNECTED:
        return Obstacle(f"The mailbox {mailbox.address} was disconnected.", fails_as=fails_as)
    if mailbox.state != MailboxState.NEEDS_RECONNECTING:
        return None
    waits_since = max(filter(None, (email.send_at, mailbox.state_since)), default=at)
    if at > waits_since + GIVE_UP_AFTER:
        return Obstacle(
            f"The mailbox {mailbox.address} was not reconnected for three days.", fails_as=fails_as
        )
    return Obstacle("Waits for its mailbox to be reconnected.")


def _held_back(mailbox: Mailbox, *, at: datetime) -> Obstacle | None:
    if mailbox.is_sending_paused or mailbox.state == MailboxState.PAUSED:
        return Obstacle(
            " ".join(
                filter(
                    None, ("Sending from this mailbox is paused.", mailbox.sending_paused_reason)
                )
            )
        )
    limited_until = mailbox.sending_limited_until
    if limited_until is not None and limited_until > at:
        return Obstacle("Gmail's sending limit for this mailbox is used up.", until=limited_until)
    return None
