"""Who waits for an answer: conversations of one's own mailboxes whose last word came from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Direction, MailboxMessage, Message
from letterbook.correspondence.showing import SeenMessage, show_message
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity

# What nobody answered in a month waits no longer for an answer.
LOOKING_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The email that nobody has answered yet, and who of the contacts wrote it."""

    email: SeenMessage
    contact: Contact


def who_waits(member: Membership, *, at: datetime, limit: int = 20) -> tuple[Waiting, ...]:
    """Return what this person has yet to answer, the one that waits longest first, in two queries.

    A team-mate's answer counts as far as this person may know of it; automatic mail neither asks nor answers, and what
    was said to need no answer asks no more.
    """
    seen = Message.objects.visible_to(member).filter(
        occurred_at__gte=at - LOOKING_BACK, is_automatic=False
    )
    last_words = (
        seen.order_by("thread_id", "-occurred_at", "-id").distinct("thread_id").values("pk")
    )
    mine = MailboxMessage.objects.filter(message=OuterRef("pk"), mailbox__owner=member.user_id)
    unanswered = Message.objects.visible_to(member).filter(
        Exists(mine),
        ~Exists(mine.filter(waived_at__isnull=False)),
        pk__in=last_words,
        direction=Direction.INCOMING,
    )
    found = {
        message.pk: message
        for message in unanswered.defer("search", "text").order_by("occurred_at", "id")[:limit]
    }
    writers = _writers(list(found.values()))
    return tuple(
        Waiting(show_message(message), writers[pk])
        for pk, message in found.items()
        if pk in writers
    )


def _writers(messages: list[Message]) -> dict[object, Contact]:
    """Return the contact who wrote each message; none for one that a contact only was copied on."""
    lines = Activity.objects.filter(message__in=messages).select_related("contact", "message")
    return {
        line.message_id: line.contact
        for line in lines.prefetch_related("contact__addresses")
        if line.message is not None
        and line.message.from_address.casefold()
        in {one.address.casefold() for one in line.contact.addresses.all()}
    }
