"""What an insight is about: the whole team, one contact, one team-mate, or both; and over which weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import reach_of
from letterbook.correspondence.models import (
    Direction,
    MailboxMessage,
    Message,
    MessageQuerySet,
    seen_copies,
)
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership, User
from letterbook.timeline.seeing import counted_activities

MOST_WEEKS = 260


def messages_about(
    member: Membership, *, contact: Contact | None = None, user: User | None = None
) -> MessageQuerySet:
    """Return the emails an insight counts: those this member may know of, narrowed to a contact and a team-mate.

    A team-mate's are those they sent, and those that came to a mailbox of theirs that this member sees into.
    """
    reach = reach_of(member)
    if contact is None:
        messages = Message.objects.visible_to(member, reach=reach)
    else:
        # A contact's activities hold no more than the viewer may know of, so the messages need not be asked again.
        lines = counted_activities(member, contact=contact, reach=reach)
        messages = Message.objects.filter(pk__in=lines.exclude(message=None).values("message"))
    if user is not None:
        came_to_them = MailboxMessage.objects.filter(
            seen_copies(reach, level=Sharing.METADATA),
            message=OuterRef("pk"),
            mailbox__owner=user,
        )
        messages = messages.filter(
            Q(sent_by=user) | Q(Exists(came_to_them), direction=Direction.INCOMING)
        )
    return messages


def monday_before(at: datetime, *, weeks: int) -> date:
    """Return the Monday that begins the first of `weeks` weeks, the last of which holds `at`; raise `Invalid`."""
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid(f"Ask for 1 to {MOST_WEEKS} weeks.", field="weeks")
    today = at.astimezone(UTC).date()
    return today - timedelta(days=today.weekday(), weeks=weeks - 1)


def midnight(day: date) -> datetime:
    """Return when a day begins; insights count in UTC, so that every team-mate sees the same numbers."""
    return datetime.combine(day, time.min, tzinfo=UTC)
