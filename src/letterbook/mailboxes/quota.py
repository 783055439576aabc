"""How much a mailbox may still ask of Gmail: units a minute, shared by all that works for it (decision 0028).

What a person waits for (an email that leaves, the newest messages of a run) is written down and never refused here;
what fills up old mail takes what that leaves. One row a mailbox: units flow in with time, up to a sixth of a minute's
worth, and whoever asks Gmail takes out what it costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from letterbook.mailboxes.models import Allowance, Mailbox

# What Gmail counts: for a message with its content; for an email that leaves, from the profile to its copy in SENT.
MESSAGE_UNITS, EMAIL_UNITS, PAGE_UNITS = 20, 131, 5
# The rest of each minute is there for a person who acts at this moment.
_SHARE_OF_OLD_MAIL = 0.8
_MOST_SAVED_UP = 1 / 6
# How far a person's own doing may go into debt: after half a minute without more, old mail goes on.
_DEEPEST = 1 / 2

_Values = dict[str, UUID | float | datetime]


@dataclass(frozen=True, slots=True)
class Allowed:
    """How many messages may be fetched now; where none, when there is enough for them again."""

    messages: int
    opens_at: datetime | None = None


def spend(mailbox_id: UUID, units: int, *, at: datetime) -> None:
    """Write down what is asked of Gmail for somebody who waits for it."""
    statement, values = spending(mailbox_id, units, at=at)
    if statement:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)


def spending(mailbox_id: UUID, units: int, *, at: datetime) -> tuple[str, _Values]:
    """Return the statement of `spend` and its values, for one that does more; nothing where nobody counts."""
    if inf == settings.GMAIL_UNITS_PER_MINUTE:
        return "", {}
    return _SPEND, _values(mailbox_id, units, at=at)


@transaction.atomic
def take(mailbox: Mailbox, *, messages: int, at: datetime) -> Allowed:
    """Take out what fetching so many messages costs, or as many as there is enough for; never just a few of many."""
    if messages < 1 or inf == settings.GMAIL_UNITS_PER_MINUTE:
        return Allowed(messages)
    spend(mailbox.pk, 0, at=at)
    left = Allowance.objects.select_for_update().get(pk=mailbox.pk).units
    wanted = min(messages, int(_most() // MESSAGE_UNITS))
    allowed = min(messages, int(max(left, 0) // MESSAGE_UNITS))
    if allowed * 2 < wanted:
        return Allowed(0, opens_at=at + _until(wanted * MESSAGE_UNITS - left))
    spend(mailbox.pk, allowed * MESSAGE_UNITS, at=at)
    return Allowed(allowed)


def _values(mailbox_id: UUID, units: int, *, at: datetime) -> _Values:
    deepest = -settings.GMAIL_UNITS_PER_MINUTE * _DEEPEST
    return {
        "mailbox": mailbox_id,
        "units": units,
        "at": at,
        "a_second": _a_second(),
        "most": _most(),
        "deepest": deepest,
    }


def _a_second() -> float:
    return float(settings.GMAIL_UNITS_PER_MINUTE * _SHARE_OF_OLD_MAIL / 60)


def _most() -> float:
    return float(settings.GMAIL_UNITS_PER_MINUTE * _MOST_SAVED_UP)


def _until(units: float) -> timedelta:
    return timedelta(seconds=units / _a_second())


# A clock that is behind the one that counted last adds nothing.
_SPEND = """
    INSERT INTO mailboxes_allowance AS kept (mailbox_id, team_id, units, counted_at)
    SELECT id, team_id, greatest(%(deepest)s::float, %(most)s::float - %(units)s::float), %(at)s::timestamptz
    FROM mailboxes_mailbox WHERE id = %(mailbox)s
    ON CONFLICT (mailbox_id) DO UPDATE SET
        units = greatest(%(deepest)s::float, least(%(most)s::float, kept.units + %(a_second)s::float
            * greatest(0, extract(epoch FROM %(at)s::timestamptz - kept.counted_at))) - %(units)s::float),
        counted_at = greatest(kept.counted_at, %(at)s::timestamptz)
"""
