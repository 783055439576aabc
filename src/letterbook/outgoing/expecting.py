"""When each queued email will go, and why not sooner: for a whole page of them in two queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import connection

from letterbook.mailboxes.models import MailboxState
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.paces import Pace
from letterbook.outgoing.pacing import minutes_for
from letterbook.outgoing.status import Status

# Nobody needs to know whether theirs is the 5,001st or the 9,000th, and counting on would cost on every page.
FURTHEST_POSITION = 1_000

Why = Literal[
    "handing_over", "asking", "reconnecting", "paused", "limited", "undo", "scheduled", "retrying", "order", "turn"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expectation:
    """When an email will go, at the soonest, and what it waits for.

    `position` is its place among what its mailbox has queued, None beyond the thousandth; `at` is None where only a
    person can bring it on.
    """

    position: int | None
    at: datetime | None
    reason: str
    why: Why


_BEHIND = (
    "An earlier email of the same conversation waits, and goes first."
    " Take that one back if this one is not to wait for it."
)
# Nobody can take back what may have been sent; it fails at the latest when Gmail cannot tell.
_BEHIND_DOUBT = (
    "An earlier email of the same conversation may have been sent, and Gmail is asked first."
    " This one follows when that is known; nothing needs to be done."
)


@dataclass(frozen=True, slots=True)
class _Place:
    """`behind` says what goes first: None where nothing does."""

    position: int
    behind: str | None


def expectations_for(emails: Iterable[OutgoingEmail], *, at: datetime) -> dict[UUID, Expectation]:
    """Return what to expect of each queued email by its id; load them with `select_related("mailbox")`."""
    queued = [email for email in emails if email.status == Status.QUEUED]
    places = _places(queued)
    paces = Pace.objects.in_bulk({email.mailbox_id for email in queued}) if queued else {}
    return {
        email.pk: _expect(email, places.get(email.pk), paces.get(email.mailbox_id), at=at)
        for email in queued
    }


def _places(emails: list[OutgoingEmail]) -> Mapping[UUID, _Place]:
    if not emails:
        return {}
    furthest = _furthest_of_mailboxes(emails)
    places = [[one[number] for one in furthest] for number in range(3)]
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [*places, FURTHEST_POSITION, [email.pk for email in emails]])
        return {
            pk: _Place(
                position, None if is_asked is None else _BEHIND_DOUBT if is_asked else _BEHIND
            )
            for pk, position, is_asked in cursor
        }


def _furthest_of_mailboxes(emails: list[OutgoingEmail]) -> list[tuple[UUID, datetime, UUID]]:
    """Return of each mailbox which of these emails is the last in its queue: nobody asks about what is behind it."""
    in_order = sorted(
        (email.due_at, email.pk, email.mailbox_id) for email in emails if email.due_at
    )
    last = {mailbox_id: (mailbox_id, due_at, pk) for due_at, pk, mailbox_id in in_order}
    return list(last.values())


def _expect(
    email: OutgoingEmail, place: _Place | None, pace: Pace | None, *, at: datetime
) -> Expectation:
    position = place.position if place else None
    when, reason, why = (
        _under_way(email, at=at)
        or _stopped(email)
        or _later(email, at=at)
        or _in_turn(place, pace, at=at)
    )
    return Expectation(position, when, reason, why)


_Told = tuple[datetime | None, str, Why]


def _under_way(email: OutgoingEmail, *, at: datetime) -> _Told | None:
    if email.leased_until is not None and email.leased_until > at:
        return at, "It is being handed over to Gmail.", "handing_over"
    if email.due_reason.startswith("It may have been sent"):
        return max(at, email.due_at or at), email.due_reason, "asking"
    return None


def _stopped(email: OutgoingEmail) -> _Told | None:
    mailbox = email.mailbox
    if mailbox.state in {MailboxState.NEEDS_RECONNECTING, MailboxState.DISCONNECTED}:
        return None, "Waits for its mailbox to be reconnected.", "reconnecting"
    if mailbox.is_sending_paused or mailbox.state == MailboxState.PAUSED:
        said = ("Sending from this mailbox is paused.", mailbox.sending_paused_reason)
        return None, " ".join(filter(None, said)), "paused"
    return None


def _later(email: OutgoingEmail, *, at: datetime) -> _Told | None:
    """Tell what has a time of its own: a limit of the mailbox, or what the email itself waits for."""
    due_at = email.due_at or at
    until = email.mailbox.sending_limited_until
    if until is not None and until > max(at, due_at):
        return until, "Gmail's sending limit for this mailbox is used up until then.", "limited"
    if due_at <= at:
        return None
    if email.due_reason:
        return due_at, email.due_reason, "retrying"
    undo = timedelta(seconds=settings.UNDO_SECONDS)
    if email.queued_at is not None and due_at <= email.queued_at + undo:
        return due_at, "Until then it can be taken back.", "undo"
    return due_at, "It was scheduled for then.", "scheduled"


def _in_turn(place: _Place | None, pace: Pace | None, *, at: datetime) -> _Told:
    ahead = place.position - 1 if place else FURTHEST_POSITION
    when = at + timedelta(minutes=minutes_for(ahead, pace=pace, at=at))
    if place is not None and place.behind is not None:
        return when, place.behind, "order"
    if ahead == 0:
        return at, "It goes next.", "turn"
    before = f"{ahead:,}" if place else f"More than {FURTHEST_POSITION:,}"
    return when, f"{before} of this mailbox {'goes' if ahead == 1 else 'go'} first.", "turn"


# outgoing_queue_of_mailbox gives each mailbox's beginning in order; outgoing_queue_in_order who must go first.
_PLACES = """
    SELECT placed.id, placed.position, first.is_asked
    FROM unnest(%s::uuid[], %s::timestamptz[], %s::uuid[]) AS box (id, last_due_at, last_id)
    CROSS JOIN LATERAL (
        SELECT nearest.*, row_number() OVER (ORDER BY due_at, id) AS position FROM (
            SELECT id, mailbox_id, order_key, queued_at, send_at, due_at FROM outgoing_outgoingemail
            WHERE mailbox_id = box.id AND status = 'queued' AND (due_at, id) <= (box.last_due_at, box.last_id)
            ORDER BY due_at, id LIMIT %s
        ) nearest
    ) placed
    LEFT JOIN LATERAL (
        SELECT EXISTS (SELECT FROM outgoing_frozenemail frozen
            WHERE frozen.email_id = earlier.id AND frozen.submitted_at IS NOT NULL) AS is_asked
        FROM outgoing_outgoingemail earlier
        WHERE earlier.status = 'queued' AND earlier.mailbox_id = placed.mailbox_id
            AND placed.order_key <> '' AND earlier.order_key = placed.order_key
            AND (earlier.queued_at, earlier.id) < (placed.queued_at, placed.id)
            AND earlier.send_at <= placed.send_at
        ORDER BY earlier.queued_at, earlier.id LIMIT 1
    ) first ON true
    WHERE placed.id = ANY(%s::uuid[])
"""
