"""Narrowing a contact's history: which lines are wanted. No filter tells more than the line itself would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.access import Reach
from letterbook.correspondence.later_facts import has_bounced
from letterbook.correspondence.models import Direction, MailboxMessage, seen_copies
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership
from letterbook.timeline.models import ActivityQuerySet


@dataclass(frozen=True, slots=True)
class TimelineFilter:
    """Which lines of a history are wanted; what is None, empty or False narrows nothing.

    `person_id` is the team-mate a line went through, `mailbox_id` a mailbox that holds the email; `until` is
    exclusive; `has_failed` means that the email came back.
    """

    type: str = ""
    direction: str = ""
    person_id: UUID | None = None
    mailbox_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    has_files: bool = False
    has_failed: bool = False


EVERYTHING = TimelineFilter()


def narrow(
    lines: ActivityQuerySet,
    wanted: TimelineFilter,
    *,
    member: Membership,
    contact: Contact,
    reach: Reach,
) -> ActivityQuerySet:
    """Return those lines, from `seen_activities`, that are wanted."""
    lines = lines.filter(_columns(wanted))
    if wanted.person_id is not None:
        theirs = _copies(reach).filter(mailbox__owner=wanted.person_id)
        lines = lines.alias(came_to_them=_first(theirs)).filter(_went_through(wanted.person_id))
    if wanted.mailbox_id is not None:
        held = _copies(reach).filter(mailbox_id=wanted.mailbox_id)
        lines = lines.alias(held_there=_first(held)).filter(Q(held_there__isnull=False))
    if wanted.has_files:
        # Whether there are files is part of what an email says.
        lines = lines.filter(Q(message__has_attachments=True, viewer_access=Sharing.FULL))
    if wanted.has_failed:
        keys = ContactAddress.objects.filter(contact=contact).values_list("key", flat=True)
        lines = lines.filter(
            has_bounced(member, ["", *keys], message_ref="message_id"),
            direction=Direction.OUTGOING,
        )
    return lines


def _columns(wanted: TimelineFilter) -> Q:
    # An email is told from what people wrote by its message, so that the index over the latter can be used.
    condition = Q(type=wanted.type) if wanted.type else Q()
    if wanted.type and wanted.type != "email":
        condition &= Q(message=None)
    if wanted.direction:
        condition &= Q(direction=wanted.direction)
    if wanted.since is not None:
        condition &= Q(occurred_at__gte=wanted.since)
    if wanted.until is not None:
        condition &= Q(occurred_at__lt=wanted.until)
    return condition


def _went_through(person_id: UUID) -> Q:
    """Whose an incoming email is might tell that a private mailbox holds it too; a copy the viewer sees says it."""
    return Q(~Q(direction=Direction.INCOMING), user_id=person_id) | Q(
        direction=Direction.INCOMING, came_to_them__isnull=False
    )


def _first(copies: QuerySet[MailboxMessage]) -> Subquery:
    """Asked of each line that is read; of `Exists` PostgreSQL may gather everything that a mailbox holds first."""
    return Subquery(copies.values("pk")[:1])


def _copies(reach: Reach) -> QuerySet[MailboxMessage]:
    return MailboxMessage.objects.filter(
        seen_copies(reach, level=Sharing.METADATA), message=OuterRef("message_id")
    )
