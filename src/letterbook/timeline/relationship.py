"""A contact and the team: when they were last in touch, how fast answers come, who on the team knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from letterbook.contacts.models import Contact
from letterbook.correspondence.answering import BothWays
from letterbook.correspondence.models import Direction
from letterbook.mailboxes.of_team import mailboxes_of_team
from letterbook.teams.models import Membership, User
from letterbook.timeline.newest import MOST, NewestEmails, first_of_all, newest_emails
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
        last_in=newest.last_in or _last_at(member, contact, newest, Direction.INCOMING),
        last_out=newest.last_out or _last_at(member, contact, newest, Direction.OUTGOING),
        answers=newest.answers,
        acquaintances=_acquaintances(member, newest),
    )


def _first_at(member: Membership, contact: Contact, newest: NewestEmails) -> datetime | None:
    if newest.number < MOST:
        return newest.first_at
    return first_of_all(member, contact)


def _last_at(
    member: Membership, contact: Contact, newest: NewestEmails, direction: Direction
) -> datetime | None:
    if newest.number < MOST:
        return None
    one_way = seen_activities(member, contact=contact).filter(direction=direction)
    emails = one_way.exclude(message=None).order_by("-occurred_at", "-id")
    return emails.values_list("occurred_at", flat=True).first()


def _acquaintances(member: Membership, newest: NewestEmails) -> tuple[Acquaintance, ...]:
    owners = {box.owner_id: box.owner for box in mailboxes_of_team(member)}
    found = [
        Acquaintance(owners[one.owner_id], one.emails_in, one.emails_out, one.first_at, one.last_at)
        for one in newest.held_by
    ]
    return tuple(sorted(found, key=lambda one: (one.last_at, one.user.pk), reverse=True))
