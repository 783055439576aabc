"""The conversations with a contact that are still going on, and who owes the next answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Direction, MailboxMessage, Message
from letterbook.correspondence.showing import NOT_SHOWN, SeenMessage, show_message
from letterbook.teams.models import Membership
from letterbook.timeline.newest import newest_emails

# What nobody answered in a month is no longer waited for.
LOOKING_BACK = timedelta(days=30)
MOST_SHOWN = 5
_MOST_MESSAGES = 1_000


@dataclass(frozen=True, slots=True)
class OpenThread:
    """A conversation and its last email, as far as the viewer may see it; `emails` are those they may know of.

    `is_ours_to_answer` when the last word is theirs; `is_mine` when it came to a mailbox of the viewer's.
    """

    last: SeenMessage
    emails: int
    is_ours_to_answer: bool
    is_mine: bool


def open_threads(member: Membership, contact: Contact, *, at: datetime) -> tuple[OpenThread, ...]:
    """Return the conversations of the last month, those that wait for us first, the oldest word first.

    Automatic mail neither asks nor answers; a team-mate's answer counts as far as this member may know of it. What the
    member said needs no answer is not open.
    """
    since = at - LOOKING_BACK
    newest = newest_emails(member, contact)
    threads = {UUID(one) for one, at in newest.threads.items() if at >= since.timestamp()}
    if not threads:
        return ()
    found = [
        _thread(list(messages))
        for _, messages in groupby(_messages(member, threads), key=_thread_of)
    ]
    lively = [one for one in found if one is not None and one.last.occurred_at >= since]
    lively.sort(key=lambda one: (not one.is_ours_to_answer, one.last.occurred_at))
    return tuple(lively[:MOST_SHOWN])


def _messages(member: Membership, thread_ids: set[UUID]) -> Iterable[Message]:
    """Each conversation's newest email first."""
    own = MailboxMessage.objects.filter(message=OuterRef("pk"), mailbox__owner=member.user_id)
    # None where no copy is the viewer's own.
    mine = own.annotate(waived=Q(waived_at__isnull=False)).order_by("-waived")
    seen = Message.objects.visible_to(member).filter(thread__in=thread_ids)
    newest = seen.defer(*NOT_SHOWN).annotate(viewer_waived=Subquery(mine.values("waived")[:1]))
    return newest.order_by("thread_id", "-occurred_at", "-id")[:_MOST_MESSAGES]


def _thread_of(message: Message) -> UUID:
    return message.thread_id


def _thread(messages: list[Message]) -> OpenThread | None:
    last = next((message for message in messages if not message.is_automatic), None)
    if last is None or last.__dict__["viewer_waived"]:
        return None
    return OpenThread(
        last=show_message(last),
        emails=len(messages),
        is_ours_to_answer=last.direction == Direction.INCOMING,
        is_mine=last.__dict__["viewer_waived"] is not None,
    )
