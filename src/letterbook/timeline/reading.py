"""Reading a contact's history, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import Reach, reach_of
from letterbook.correspondence.models import (
    Direction,
    MailboxMessage,
    bcc_of,
    seen_copies,
)
from letterbook.correspondence.showing import NOT_SHOWN, SeenMessage, show_as_seen
from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.mailboxes.of_team import mailboxes_of_team
from letterbook.teams.models import Membership, User
from letterbook.timeline.models import Activity, ActivityQuerySet
from letterbook.timeline.narrowing import EVERYTHING, TimelineFilter, narrow
from letterbook.timeline.seeing import seen_activities

MAX_LIMIT = 200
MOST_PINNED = 20
_AFTER_ALL_IDS = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One line of a contact's history. An email is in `email`, as far as the viewer may see it; a note is `text`.

    `user` is the team-mate it went through: who sent it, whose mailbox received it, or who wrote it here.
    """

    id: UUID
    type: str
    direction: str
    occurred_at: datetime
    user: User | None
    text: str
    email: SeenMessage | None
    minutes: int | None = None
    due_on: date | None = None
    assignee: User | None = None
    done_at: datetime | None = None
    is_pinned: bool = False
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first. `next_cursor` leads to older ones, and is empty on the last page.

    `newer_cursor` leads the other way, and is empty on the page that was asked for without a cursor.
    """

    lines: tuple[TimelineLine, ...]
    next_cursor: str
    newer_cursor: str = ""

    def down_to(self, position: Position) -> Page:
        """Return the page without what is older than a line: one that is read again ends where it ended before."""
        kept = [
            one for one in self.lines if (one.occurred_at, one.id) >= (position.at, position.id)
        ]
        return replace(self, lines=tuple(kept))


def read_timeline(
    member: Membership,
    contact: Contact,
    *,
    wanted: TimelineFilter = EVERYTHING,
    cursor: str = "",
    is_newer: bool = False,
    limit: int = 50,
) -> Page:
    """Return one page of a contact's history as this member sees it; raise `Invalid` for a foreign cursor.

    Pages are cut by (time, id), so what arrives meanwhile is neither skipped nor shown twice. With `is_newer` the
    cursor is one that leads to what is newer.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    reach, place = reach_of(member), read_cursor(cursor)
    seen = seen_activities(member, contact=contact, reach=reach)
    lines = narrow(seen, wanted, member=member, contact=contact, reach=reach)
    if place is not None and is_newer:
        found = list(_loaded(_newer_than(lines, place)).order_by("occurred_at", "id")[: limit + 1])
        shown, going_on = found[:limit][::-1], bool(found)
    else:
        older = _older_than(lines, place) if place else lines
        found = list(_loaded(older).order_by("-occurred_at", "-id")[: limit + 1])
        shown, going_on = found[:limit], len(found) > limit
    return Page(
        lines=show_lines(shown, member, reach=reach),
        next_cursor=_cursor_at(shown[-1]) if going_on else "",
        newer_cursor=_cursor_at(shown[0]) if _has_newer(place, is_newer, found, limit) else "",
    )


def read_pinned(member: Membership, contact: Contact) -> tuple[TimelineLine, ...]:
    """Return what stands on top of a contact's history, the latest pinned first."""
    if not Activity.objects.filter(contact=contact, pinned_at__isnull=False).exists():
        return ()
    reach = reach_of(member)
    seen = seen_activities(member, contact=contact, reach=reach).filter(pinned_at__isnull=False)
    newest = list(_loaded(seen).order_by("-pinned_at", "-id")[:MOST_PINNED])
    return show_lines(newest, member, reach=reach)


def read_line(member: Membership, contact: Contact, activity_id: UUID) -> TimelineLine:
    """Return one line of a contact's history as this member sees it, or raise `NotFound`."""
    reach = reach_of(member)
    seen = seen_activities(member, contact=contact, reach=reach).filter(pk=activity_id)
    line = next(iter(show_lines(list(_loaded(seen)), member, reach=reach)), None)
    if line is None:
        raise NotFound("There is no such activity.", way_out="Perhaps it was deleted.")
    return line


def cursor_before(moment: datetime) -> str:
    """Return a cursor that leads to the lines before a moment: how a history is jumped into."""
    return write_cursor(Position(moment - timedelta(microseconds=1), _AFTER_ALL_IDS))


def _loaded(lines: ActivityQuerySet) -> ActivityQuerySet:
    not_shown = (f"message__{name}" for name in NOT_SHOWN)
    return lines.select_related("message").defer("words", *not_shown)


def _has_newer(place: Position | None, is_newer: bool, found: list[Activity], limit: int) -> bool:
    if place is None or not found:
        return False
    return len(found) > limit if is_newer else True


def _cursor_at(activity: Activity) -> str:
    return write_cursor(Position(activity.occurred_at, activity.pk))


def _older_than(lines: ActivityQuerySet, after: Position) -> ActivityQuerySet:
    # The first condition alone lets the index begin at the right place; the second breaks ties.
    return lines.filter(Q(occurred_at__lt=after.at) | Q(pk__lt=after.id), occurred_at__lte=after.at)


def _newer_than(lines: ActivityQuerySet, before: Position) -> ActivityQuerySet:
    return lines.filter(
        Q(occurred_at__gt=before.at) | Q(pk__gt=before.id), occurred_at__gte=before.at
    )


def show_lines(
    shown: list[Activity], member: Membership, *, reach: Reach
) -> tuple[TimelineLine, ...]:
    """Return activities that were loaded for a viewer as lines of a history."""
    return tuple(_lines(shown, member, reach))


def _lines(shown: list[Activity], member: Membership, reach: Reach) -> Iterable[TimelineLine]:
    owners = _owners_of_copies(shown, member, reach)
    people = _people_named(shown, member)
    for activity in shown:
        yield TimelineLine(
            id=activity.pk,
            type=activity.type,
            direction=activity.direction,
            occurred_at=activity.occurred_at,
            user=_through_whom(activity, people, owners.get(activity.message_id, {})),
            text=activity.text,
            email=show_as_seen(activity.message, access=activity.access, bcc=bcc_of(activity))
            if activity.message
            else None,
            minutes=activity.minutes,
            due_on=activity.due_on,
            assignee=people.get(activity.assignee_id),
            done_at=activity.done_at,
            is_pinned=activity.pinned_at is not None,
            is_private=activity.is_private,
        )


def _owners_of_copies(
    shown: list[Activity], member: Membership, reach: Reach
) -> dict[UUID | None, dict[UUID, User]]:
    """Return whose mailboxes hold each email that came in, of those the viewer may look into."""
    came_in = [
        one.message_id for one in shown if one.message_id and one.direction == Direction.INCOMING
    ]
    if not came_in:
        return {}
    copies = MailboxMessage.objects.filter(
        seen_copies(reach, level=Sharing.METADATA), message_id__in=came_in
    ).order_by("id")
    boxes = {box.pk: box for box in mailboxes_of_team(member)}
    owners: dict[UUID | None, dict[UUID, User]] = {}
    for message_id, mailbox_id in copies.values_list("message_id", "mailbox_id"):
        owner = boxes[mailbox_id].owner
        owners.setdefault(message_id, {})[owner.pk] = owner
    return owners


def _people_named(shown: list[Activity], member: Membership) -> dict[UUID | None, User]:
    """Return who these lines name: mostly owners of mailboxes, whom a page knows anyway."""
    named = {user_id for one in shown for user_id in (one.user_id, one.assignee_id) if user_id}
    people: dict[UUID | None, User] = {member.user_id: member.user}
    if named - people.keys():
        people |= {box.owner_id: box.owner for box in mailboxes_of_team(member)}
    if others := named - people.keys():
        people |= {one.pk: one for one in User.objects.filter(pk__in=others)}
    return people


def _through_whom(
    activity: Activity, people: dict[UUID | None, User], owners: dict[UUID, User]
) -> User | None:
    """Whose activity it is, unless naming them would tell that a private mailbox holds the email too."""
    is_told_anyway = activity.message is None or activity.direction == Direction.OUTGOING
    if is_told_anyway or activity.user_id in owners:
        return people.get(activity.user_id)
    return next(iter(owners.values()), None)
