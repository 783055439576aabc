"""How a mailbox fares, in words for pages and programs: measured, not remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings

from letterbook.mailboxes.clocks import in_words
from letterbook.mailboxes.grants import is_readable
from letterbook.mailboxes.models import Kind, Mailbox, MailboxState, Trouble
from letterbook.mailboxes.refreshing import UNREADABLE
from letterbook.teams.models import User

# good: nothing to do · busy: it works on it · resting: somebody wants it so · warning: it may mend itself ·
# bad: only a person can mend it.
Level = Literal["good", "busy", "resting", "warning", "bad"]

# For `select_related`: what `describe` asks of a mailbox.
HEALTH_RELATED = ("grant", "owner", "paused_by", "sending_paused_by")

# How long retrieval may fail or be late before somebody has to look. One 5xx is nobody's business.
_PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Health:
    """One word, why it is so, what to do about it, and how bad it is. `until` is when it ends by itself."""

    word: str
    reason: str = ""
    what_to_do: str = ""
    level: Level = "good"
    until: datetime | None = None


def describe(mailbox: Mailbox, *, at: datetime) -> Health:
    """Return how `mailbox` fares at `at`. For a list, load them with `select_related(*HEALTH_RELATED)`."""
    if mailbox.kind == Kind.IMPORT:
        return Health("Imported", "Its mail came from files.", level="good")
    if mailbox.state != MailboxState.CONNECTED:
        return _stopped(mailbox)
    return (
        _locked(mailbox)
        or _set_up_wrongly(mailbox)
        or _limited(mailbox, at=at)
        or _clock_wrong(mailbox)
        or _retrieval_trouble(mailbox, at=at)
        or _working(mailbox)
    )


def _stopped(mailbox: Mailbox) -> Health:
    if mailbox.state == MailboxState.NEEDS_RECONNECTING:
        return _ended(mailbox)
    if mailbox.state == MailboxState.PAUSED:
        reason = f"{_who(mailbox.paused_by, at=mailbox.state_since)}. Nothing is read or sent."
        return Health("Paused", reason, "Resume it to go on.", level="resting")
    return Health(
        "Disconnected",
        mailbox.state_reason or "Its stored mail is kept.",
        "Connect it again to go on.",
        level="resting",
    )


def _who(person: User | None, *, at: datetime | None) -> str:
    # Nobody where the account of whoever did it is gone.
    return f"{person or 'Somebody who left'} paused it" + (f" on {at:%-d %B %Y}" if at else "")


def _ended(mailbox: Mailbox) -> Health:
    """Who has to do what depends on why Google no longer lets us in."""
    word, reason = "Needs reconnecting", mailbox.state_reason
    if mailbox.trouble == Trouble.SCOPE:
        word = "A permission is missing"
        what_to_do = f"{mailbox.owner} reconnects it and leaves every box ticked at Google."
    elif mailbox.trouble == Trouble.SEVEN_DAYS:
        reason = (
            "Google ended the permission after seven days, as it does while the consent screen of this server's "
            "Google project is in Testing."
        )
        what_to_do = (
            "An admin of this server publishes the consent screen (In production) at console.cloud.google.com; "
            f"then {mailbox.owner} reconnects it, once."
        )
    else:
        what_to_do = f"{mailbox.owner} reconnects it; nothing that was stored or queued is lost."
    return Health(word, reason, what_to_do, level="bad")


def _set_up_wrongly(mailbox: Mailbox) -> Health | None:
    if mailbox.trouble != Trouble.SETUP:
        return None
    return Health(
        "Google is set up wrongly",
        mailbox.retrieval_error,
        "An admin of this server runs `letterbook doctor`, which prints the fix; then it goes on by itself.",
        level="bad",
    )


def _clock_wrong(mailbox: Mailbox) -> Health | None:
    if mailbox.clock_off is None:
        return None
    return Health(
        "This server's clock is wrong",
        f"{in_words(mailbox.clock_off)} Mail is read, but what is to leave at a certain time leaves at the wrong one.",
        "An admin sets this server's clock by NTP; the next retrieval notices.",
        level="warning",
    )


def _locked(mailbox: Mailbox) -> Health | None:
    grant = getattr(mailbox, "grant", None)
    if grant is not None and is_readable(grant):
        return None
    reason = UNREADABLE if grant else "Its permission is missing."
    return Health("Locked", reason, "Reconnect it, or ask an admin of this server.", level="bad")


def _limited(mailbox: Mailbox, *, at: datetime) -> Health | None:
    if mailbox.reading_limited_until and mailbox.reading_limited_until > at:
        what, until = "reading", mailbox.reading_limited_until
    elif mailbox.sending_limited_until and mailbox.sending_limited_until > at:
        what, until = "sending", mailbox.sending_limited_until
    else:
        return None
    return Health(
        "Limited",
        f"Gmail asked to pause {what} for a while.",
        "Nothing: it goes on by itself.",
        level="warning",
        until=until,
    )


def _retrieval_trouble(mailbox: Mailbox, *, at: datetime) -> Health | None:
    patience = max(_PATIENCE, timedelta(seconds=3 * settings.RETRIEVE_EVERY_SECONDS))
    worked_at = mailbox.retrieved_at or mailbox.connected_at
    is_overdue = worked_at is not None and at - worked_at > patience
    if mailbox.retrieval_error and is_overdue:
        return Health(
            "Not retrieving",
            mailbox.retrieval_error,
            "It is tried again and again; look at what Gmail says, or reconnect the mailbox.",
            level="bad",
        )
    if mailbox.retrieval_error:
        return Health(
            "Connected",
            mailbox.retrieval_error,
            "Nothing: the next try comes by itself.",
            level="warning",
        )
    if is_overdue and mailbox.retrieved_at:
        return Health(
            "Late",
            "It was not looked at for longer than it should be.",
            "Ask an admin whether a worker is running.",
            level="warning",
        )
    return None


def _working(mailbox: Mailbox) -> Health:
    if mailbox.retrieved_at is not None and mailbox.listing_page is not None:
        return Health(
            "Catching up",
            "Gmail no longer knew from where to go on, so what is missing is being listed.",
            "Nothing: it goes on by itself.",
            level="busy",
        )
    if mailbox.retrieved_at is None:
        return Health(
            "Retrieving for the first time",
            "Newest mail comes first.",
            "Nothing: you can use what is here already.",
            level="busy",
        )
    if mailbox.is_sending_paused:
        return Health(
            "Sending paused",
            f"{_who(mailbox.sending_paused_by, at=mailbox.sending_paused_at)}. Mail is read; nothing leaves. "
            f"{mailbox.sending_paused_reason}".strip(),
            "Resume sending to let what is queued leave.",
            level="resting",
        )
    return Health("Connected")
