"""A contact and the team: when they were last in touch, how fast answers come, who on the team knows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.expressions import RawSQL

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import reach_of
from letterbook.correspondence.answering import BothWays, measure_answers
from letterbook.correspondence.models import Direction, MailboxMessage, Message, seen_copies
from letterbook.mailboxes.models import Sharing
from letterbook.mailboxes.of_team import mailboxes_of_team
from letterbook.teams.models import Membership, User
from letterbook.timeline.models import ActivityQuerySet
from letterbook.timeline.newest import MOST, NewEmail, newest_emails
from letterbook.timeline.seeing import seen_activities


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

    Answers and acquaintances (most recent first) are those of the newest emails, as many as `newest` has.
    """

    first_at: datetime | None
    last_in: datetime | None
    last_out: datetime | None
    answers: BothWays
    acquaintances: tuple[Acquaintance, ...]


def relationship_with(member: Membership, contact: Contact) -> Relationship:
    """Return how a contact and the team stand, from what this member may see of their mail."""
    newest = newest_emails(member, contact)
    return Relationship(
        first_at=_first_at(member, contact, newest),
        last_in=_last_at(member, contact, newest, Direction.INCOMING),
        last_out=_last_at(member, contact, newest, Direction.OUTGOING),
        answers=measure_answers(Message.objects.filter(pk__in=_among(newest))),
        acquaintances=_acquaintances(newest, member),
    )


def _first_at(member: Membership, contact: Contact, newest: Sequence[NewEmail]) -> datetime | None:
    if len(newest) < MOST:
        return newest[-1].occurred_at if newest else None
    return _time_of(_emails(member, contact).order_by("occurred_at", "id"))


def _last_at(
    member: Membership, contact: Contact, newest: Sequence[NewEmail], direction: Direction
) -> datetime | None:
    found = next((one.occurred_at for one in newest if one.direction == direction), None)
    if found is not None or len(newest) < MOST:
        return found
    one_way = _emails(member, contact).filter(direction=direction)
    return _time_of(one_way.order_by("-occurred_at", "-id"))


def _emails(member: Membership, contact: Contact) -> ActivityQuerySet:
    return seen_activities(member, contact=contact).exclude(message=None)


def _time_of(emails: ActivityQuerySet) -> datetime | None:
    return emails.values_list("occurred_at", flat=True).first()


def _among(newest: Sequence[NewEmail]) -> RawSQL:
    """Return their ids as one parameter; a thousand of them would cost more to write down than to look up."""
    return RawSQL("SELECT unnest(%s::uuid[])", [[one.message_id for one in newest]])


def _acquaintances(newest: Sequence[NewEmail], member: Membership) -> tuple[Acquaintance, ...]:
    by_owner = _held_by(newest, member)
    found = [
        _acquaintance(owner, [one for one in newest if one.message_id in held])
        for owner, held in by_owner.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.last_at, one.user.pk), reverse=True))


def _held_by(newest: Sequence[NewEmail], member: Membership) -> dict[User, set[UUID]]:
    """Return which emails are in whose mailboxes, of those the viewer may look into."""
    seen = seen_copies(reach_of(member), level=Sharing.METADATA)
    copies = MailboxMessage.objects.filter(seen, message__in=_among(newest))
    owners = {box.pk: box.owner for box in mailboxes_of_team(member)}
    held: dict[User, set[UUID]] = defaultdict(set)
    for message_id, mailbox_id in copies.values_list("message_id", "mailbox_id"):
        held[owners[mailbox_id]].add(message_id)
    return held


def _acquaintance(user: User, emails: Sequence[NewEmail]) -> Acquaintance:
    emails_in = sum(one.direction == Direction.INCOMING for one in emails)
    return Acquaintance(
        user=user,
        emails_in=emails_in,
        emails_out=len(emails) - emails_in,
        first_at=emails[-1].occurred_at,
        last_at=emails[0].occurred_at,
    )
