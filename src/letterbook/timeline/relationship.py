"""A contact and the team: when they were last in touch, how fast answers come, who on the team knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.db.models.expressions import RawSQL

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import Reach, reach_of
from letterbook.correspondence.answering import BothWays, measure_answers
from letterbook.correspondence.models import Direction, MailboxMessage, Message, seen_copies
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership, User
from letterbook.timeline.models import ActivityQuerySet
from letterbook.timeline.seeing import seen_activities

MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """A team-mate who wrote with a contact."""

    user: User
    emails_in: int
    emails_out: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Relationship:
    """When a contact was first and last heard of, None where never; how long answers took; who wrote with them.

    Answers and acquaintances (most recent first) are those of the newest `MOST_COUNTED` emails, so that the question
    takes no longer the longer the history is.
    """

    first_at: datetime | None
    last_in: datetime | None
    last_out: datetime | None
    answers: BothWays
    acquaintances: tuple[Acquaintance, ...]


def relationship_with(member: Membership, contact: Contact) -> Relationship:
    """Return how a contact and the team stand, from what this member may see of their mail."""
    reach = reach_of(member)
    emails = seen_activities(member, contact=contact, reach=reach).exclude(message=None)
    newest = list(_newest_first(emails).values_list("message_id", flat=True)[:MOST_COUNTED])
    return Relationship(
        first_at=_time_of(emails.order_by("occurred_at", "id")),
        last_in=_time_of(_newest_first(emails.filter(direction=Direction.INCOMING))),
        last_out=_time_of(_newest_first(emails.filter(direction=Direction.OUTGOING))),
        answers=measure_answers(Message.objects.filter(pk__in=_among(newest))),
        acquaintances=_acquaintances(newest, reach),
    )


def _newest_first(emails: ActivityQuerySet) -> ActivityQuerySet:
    return emails.order_by("-occurred_at", "-id")


def _time_of(emails: ActivityQuerySet) -> datetime | None:
    return emails.values_list("occurred_at", flat=True).first()


def _among(ids: list[UUID]) -> RawSQL:
    """Return the ids as one parameter; a thousand of them would cost more to write down than to look up."""
    return RawSQL("SELECT unnest(%s::uuid[])", [ids])


def _acquaintances(newest: list[UUID], reach: Reach) -> tuple[Acquaintance, ...]:
    copies = (
        MailboxMessage.objects.filter(
            seen_copies(reach, level=Sharing.METADATA), message__in=_among(newest)
        )
        .values("mailbox__owner")
        .annotate(
            emails_in=_count_once(Direction.INCOMING),
            emails_out=_count_once(Direction.OUTGOING),
            first_at=Min("message__occurred_at"),
            last_at=Max("message__occurred_at"),
        )
    )
    found = list(copies.order_by("-last_at", "mailbox__owner"))
    users = User.objects.in_bulk([row["mailbox__owner"] for row in found])
    return tuple(
        Acquaintance(
            user=users[row["mailbox__owner"]],
            emails_in=row["emails_in"],
            emails_out=row["emails_out"],
            first_at=row["first_at"],
            last_at=row["last_at"],
        )
        for row in found
    )


def _count_once(direction: Direction) -> Count:
    return Count("message", distinct=True, filter=Q(message__direction=direction))
