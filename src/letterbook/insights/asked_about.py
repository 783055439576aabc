"""What an insight is about: the whole team, a contact, a team-mate, a mailbox; and over which weeks."""

from __future__ import annotations

from dataclasses import dataclass
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
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.models import Membership, User
from letterbook.timeline.seeing import counted_activities

MOST_WEEKS = 260


@dataclass(frozen=True, slots=True)
class About:
    """What the counting is narrowed to; several at once narrow it further, none is the whole team."""

    contact: Contact | None = None
    user: User | None = None
    mailbox: Mailbox | None = None


WHOLE_TEAM = About()


def messages_about(member: Membership, about: About) -> MessageQuerySet:
    """Return the emails an insight counts: those this member may know of, narrowed to what it is about.

    A team-mate's are those they sent, and those that came to a mailbox of theirs that this member sees into. A
    mailbox's are those it holds a copy of, as far as this member sees into it.
    """
    reach = reach_of(member)
    if about.contact is None:
        messages = Message.objects.visible_to(member, reach=reach)
    else:
        # A contact's activities hold no more than the viewer may know of, so the messages need not be asked again.
        lines = counted_activities(member, contact=about.contact, reach=reach)
        messages = Message.objects.filter(pk__in=lines.exclude(message=None).values("message"))
    copies = MailboxMessage.objects.filter(
        seen_copies(reach, level=Sharing.METADATA), message=OuterRef("pk")
    )
    if about.user is not None:
        came_to_them = Exists(copies.filter(mailbox__owner=about.user))
        messages = messages.filter(
            Q(sent_by=about.user) | Q(came_to_them, direction=Direction.INCOMING)
        )
    if about.mailbox is not None:
        messages = messages.filter(Exists(copies.filter(mailbox=about.mailbox)))
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
