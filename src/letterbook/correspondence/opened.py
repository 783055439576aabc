"""Noting who read a team-mate's email, and telling the owner of the mailbox that let them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from letterbook.correspondence.access import Reach, reach_of
from letterbook.correspondence.arrays import id_array
from letterbook.correspondence.models import MailboxMessage, Opening, seen_copies
from letterbook.correspondence.openings import How
from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.models import Membership, User


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody read an email of one's own on a day, in one way."""

    message_id: UUID
    user: User
    how: How
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """Some openings, newest first; `next_cursor` is empty on the last page."""

    openings: tuple[Opened, ...]
    next_cursor: str


def note_opened(
    member: Membership, message_ids: Iterable[UUID], *, how: How, reach: Reach | None = None
) -> None:
    """Note that this member got the content of these emails through somebody else's mailbox, once a day and way.

    What they hold a copy of themselves is theirs to read, and noted nowhere.
    """
    reach = reach or reach_of(member)
    if reach.mailboxes == reach.own or member.looking_as is not None:
        return
    own = MailboxMessage.objects.filter(message=OuterRef("message"), mailbox_id__in=reach.own)
    read = MailboxMessage.objects.filter(
        seen_copies(reach, level=Sharing.FULL), ~Exists(own), message_id__in=list(message_ids)
    )
    pairs = list(read.values_list("message_id", "mailbox_id").distinct())
    if not pairs:
        return
    way = How.API if member.acting_token is not None else how
    with connection.cursor() as cursor:
        messages, boxes = (
            id_array(one.hex for one in column) for column in zip(*pairs, strict=True)
        )
        cursor.execute(_NOTE, [member.team_id, member.user_id, str(way), messages, boxes])


def opened_by(member: Membership, message_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Opened]]:
    """Return who read these emails through a mailbox of one's own, latest first, each person and way once."""
    own = Opening.objects.visible_to(member).filter(message__in=list(message_ids))
    latest = own.order_by("message", "user", "how", "-at").distinct("message", "user", "how")
    found: dict[UUID, list[Opened]] = {}
    for opening in sorted(latest.select_related("user"), key=lambda one: one.at, reverse=True):
        found.setdefault(opening.message_id, []).append(_told(opening))
    return found


def list_opened(
    member: Membership, mailbox: Mailbox, *, cursor: str = "", limit: int = 50
) -> OpenedPage:
    """Return one page of who read what of one's own mailbox, newest first; raise `Invalid` for a foreign cursor."""
    found = Opening.objects.visible_to(member).filter(mailbox=mailbox)
    if after := read_cursor(cursor):
        # The id of an opening is a number, so the cursor's id carries it.
        found = found.filter(at__lte=after.at).exclude(at=after.at, pk__gte=after.id.int)
    shown = list(found.select_related("user").order_by("-at", "-id")[: limit + 1])
    going_on, last = len(shown) > limit, shown[:limit][-1:]
    position = [Position(one.at, UUID(int=one.pk)) for one in last]
    return OpenedPage(
        openings=tuple(_told(one) for one in shown[:limit]),
        next_cursor=write_cursor(position[0]) if going_on else "",
    )


def _told(opening: Opening) -> Opened:
    return Opened(opening.message_id, opening.user, How(opening.how), opening.at)


_NOTE = """
    INSERT INTO correspondence_opening (team_id, user_id, how, day, at, message_id, mailbox_id)
    SELECT %s, %s, %s, (now() AT TIME ZONE 'UTC')::date, now(), opened.message_id, opened.mailbox_id
    FROM unnest(%s::uuid[], %s::uuid[]) AS opened (message_id, mailbox_id)
    ON CONFLICT DO NOTHING
"""
