"""How much of a mailbox's email may go now: so many under way together, so many a minute, so many people a day.

Gmail counts everything that the mailbox's owner does, we only what we did: what it refuses lowers our pace.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, inf
from uuid import UUID

from django.conf import settings
from django.db import connection

from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.paces import Pace
from letterbook.outgoing.prepared import first_row
from letterbook.providers.errors import Limit

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(hours=24)
# People written to in 24 hours, as Google publishes it: an account of one's own, an account of an organisation.
_PERSONAL_DAY, _WORKSPACE_DAY = 500, 2_000
_PERSONAL_DOMAINS = ("gmail.com", "googlemail.com")


@dataclass(frozen=True, slots=True)
class Room:
    """Whether one more email may be under way now; `opens_at` is when a used up minute lets one through."""

    has_place: bool
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a mailbox has under way, what it sent in the window, when the first of that went, and its own pace."""

    under_way: int
    lately: int
    oldest: datetime | None
    pace: Pace | None


def find_room(mailbox_id: UUID, *, at: datetime) -> Room:
    """Return whether a mailbox may send one more email right now."""
    a_minute, at_once = settings.SENDS_PER_MINUTE, settings.SENDS_AT_ONCE
    counted = _count(mailbox_id, a_minute, at=at)
    if counted.pace is not None:
        a_minute, at_once = _as_slowed(counted.pace, at=at)
        counted = _count(mailbox_id, a_minute, at=at)
    if counted.under_way >= at_once:
        return Room(has_place=False)
    is_used_up = counted.lately + counted.under_way >= (_most(a_minute) or inf)
    if is_used_up and counted.oldest is not None:
        return Room(has_place=True, opens_at=counted.oldest + _window(a_minute))
    return Room(has_place=True)


def _count(mailbox_id: UUID, a_minute: float, *, at: datetime) -> _Counted:
    since, most = at - _window(a_minute), _most(a_minute)
    found = first_row(_UNDER_WAY, [mailbox_id, at, at, mailbox_id, since, most, mailbox_id])
    under_way, lately, oldest, *slowed = found or (0, 0, None, None, None, None)
    return _Counted(under_way, lately, oldest, _pace(*slowed))


def _most(a_minute: float) -> int | None:
    """Return how many may go in the window; None is without a limit."""
    return None if a_minute == inf else max(1, int(a_minute))


def _pace(a_minute: float | None, at_once: int, slowed_at: datetime) -> Pace | None:
    if a_minute is None:
        return None
    return Pace(a_minute=a_minute, at_once=at_once, slowed_at=slowed_at)


def _as_slowed(pace: Pace | None, *, at: datetime) -> tuple[float, int]:
    if pace is None:
        return settings.SENDS_PER_MINUTE, settings.SENDS_AT_ONCE
    return pace.sends_a_minute(at=at), pace.sends_at_once(at=at)


def _window(a_minute: float) -> timedelta:
    """A minute, or, at less than one email a minute, the time that one takes."""
    return _MINUTE if a_minute >= 1 else _MINUTE / a_minute


def slow_down(mailbox: Mailbox, limit: Limit, *, at: datetime) -> None:
    """Send from this mailbox half as fast, or one at a time, because Gmail asked for it; it recovers by itself."""
    a_minute, at_once = _as_slowed(Pace.objects.filter(mailbox=mailbox).first(), at=at)
    usual = settings.SENDS_PER_MINUTE if inf > settings.SENDS_PER_MINUTE else _MOST_OF_NEW_PROJECTS
    is_crowded = limit == "concurrency"
    Pace.objects.update_or_create(
        mailbox=mailbox,
        defaults={
            "team_id": mailbox.team_id,
            "a_minute": min(a_minute, usual) / (1 if is_crowded else 2),
            "at_once": max(1, at_once - 1) if is_crowded else at_once,
            "slowed_at": at,
        },
    )


def day_reopens_at(mailbox: Mailbox, *, at: datetime) -> datetime | None:
    """Return when the mailbox may write to somebody again, None while its day is not used up by what we sent."""
    limit = daily_limit(mailbox)
    with connection.cursor() as cursor:
        cursor.execute(_DAY_BEFORE, [mailbox.pk, at - _DAY, limit])
        found = cursor.fetchone()
    return found[0] + _DAY if found else None


def daily_limit(mailbox: Mailbox) -> int:
    """Return to how many people a mailbox may write in 24 hours."""
    domain = mailbox.address_key.rpartition("@")[2]
    return _PERSONAL_DAY if domain in _PERSONAL_DOMAINS else _WORKSPACE_DAY


def minutes_for(ahead: int, *, pace: Pace | None, at: datetime) -> int:
    """Return how many whole minutes `ahead` emails take that go before one."""
    a_minute = pace.sends_a_minute(at=at) if pace else settings.SENDS_PER_MINUTE
    return 0 if a_minute == inf else ceil((ahead + 1) / a_minute) - 1


_MOST_OF_NEW_PROJECTS = 45.0
# Who is under way stands at the beginning of the queue, but for those whose turn it is not: so many are enough.
_UNDER_WAY = """
    SELECT under_way.number, lately.number, lately.oldest, pace.a_minute, pace.at_once, pace.slowed_at
    FROM (
        SELECT count(*) AS number FROM (
            SELECT leased_until FROM outgoing_outgoingemail
            WHERE mailbox_id = %s AND status = 'queued' AND due_at <= %s ORDER BY due_at, id LIMIT 200
        ) front WHERE leased_until > %s
    ) under_way
    CROSS JOIN (
        SELECT count(*) AS number, min(sent_at) AS oldest FROM (
            SELECT sent_at FROM outgoing_outgoingemail
            WHERE mailbox_id = %s AND status = 'sent' AND sent_at > %s ORDER BY sent_at DESC LIMIT %s
        ) newest
    ) lately
    LEFT JOIN outgoing_pace pace ON pace.mailbox_id = %s
"""
# Newest first: when the one goes out of the last 24 hours with which the sum reached the limit, there is room again.
_DAY_BEFORE = """
    SELECT sent_at FROM (
        SELECT sent_at, sum(people) OVER (ORDER BY sent_at DESC, id DESC) AS so_far FROM (
            SELECT email.id, email.sent_at, count(*) AS people
            FROM outgoing_outgoingemail email JOIN outgoing_recipient ON email_id = email.id
            WHERE email.mailbox_id = %s AND email.status = 'sent' AND email.sent_at > %s
            GROUP BY email.id
        ) sent
    ) counted
    WHERE so_far >= %s ORDER BY sent_at DESC, so_far LIMIT 1
"""
