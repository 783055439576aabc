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


def find_room(mailbox_id: UUID, *, at: datetime) -> Room:
    """Return whether a mailbox may send one more email right now."""
    a_minute, at_once = _pace_of(mailbox_id, at=at)
    most = inf if a_minute == inf else max(1, int(a_minute))
    with connection.cursor() as cursor:
        cursor.execute(
            _UNDER_WAY,
            [mailbox_id, at, at, mailbox_id, at - _window(a_minute), None if most == inf else most],
        )
        under_way, lately, oldest = cursor.fetchone()
    if under_way >= at_once:
        return Room(has_place=False)
    if lately + under_way >= most and oldest is not None:
        return Room(has_place=True, opens_at=oldest + _window(a_minute))
    return Room(has_place=True)


def _pace_of(mailbox_id: UUID, *, at: datetime) -> tuple[float, int]:
    with connection.cursor() as cursor:
        cursor.execute(_PACE, [mailbox_id])
        found = cursor.fetchone()
    if found is None:
        return settings.SENDS_PER_MINUTE, settings.SENDS_AT_ONCE
    pace = Pace(a_minute=found[0], at_once=found[1], slowed_at=found[2])
    return pace.sends_a_minute(at=at), pace.sends_at_once(at=at)


def _window(a_minute: float) -> timedelta:
    """A minute, or, at less than one email a minute, the time that one takes."""
    return _MINUTE if a_minute >= 1 else _MINUTE / a_minute


def slow_down(mailbox: Mailbox, limit: Limit, *, at: datetime) -> None:
    """Send from this mailbox half as fast, or one at a time, because Gmail asked for it; it recovers by itself."""
    a_minute, at_once = _pace_of(mailbox.pk, at=at)
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
_PACE = "SELECT a_minute, at_once, slowed_at FROM outgoing_pace WHERE mailbox_id = %s"
# Who is under way stands at the beginning of the queue, but for those whose turn it is not: so many are enough.
_UNDER_WAY = """
    SELECT
        (SELECT count(*) FROM (
            SELECT leased_until FROM outgoing_outgoingemail
            WHERE mailbox_id = %s AND status = 'queued' AND due_at <= %s ORDER BY due_at, id LIMIT 200
        ) front WHERE leased_until > %s),
        count(*), min(sent_at)
    FROM (
        SELECT sent_at FROM outgoing_outgoingemail
        WHERE mailbox_id = %s AND status = 'sent' AND sent_at > %s ORDER BY sent_at DESC LIMIT %s
    ) lately
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
