"""Which team-mates wrote to the same people a while ago, or are about to: as far as the viewer may know."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db.models import Exists, OuterRef, Q

from letterbook.correspondence.access import reach_of
from letterbook.correspondence.models import Direction, Message, SharingChoice
from letterbook.mailboxes.models import Sharing
from letterbook.mime.addresses import address_key
from letterbook.outgoing.models import OutgoingEmail, OutgoingEmailQuerySet, RecipientKind
from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership, display_name
from letterbook.teams.second_wall import on_the_teams_behalf

LATELY = timedelta(hours=4)
# A draft that nobody touched for so long is not being written now.
WRITING = timedelta(minutes=30)
_MOST = 50


class Doing(Enum):
    """What a team-mate did, or is doing."""

    WROTE = "wrote"
    QUEUED = "queued"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Encounter:
    """A team-mate who wrote, or writes, to the same address."""

    doing: Doing
    who: str
    address_key: str
    at: datetime


def encounters(member: Membership, keys: Collection[str], *, at: datetime) -> tuple[Encounter, ...]:
    """Return what team-mates wrote, queued or write to these addresses now, the nearest of each first.

    Only what this member may know of: nothing from a private mailbox, no blind copy unless they may read it, and of a
    draft no more than that its author writes, where they would see the email once it is queued.
    """
    if not keys:
        return ()
    wanted = set(keys)
    found = [
        *_written(member, wanted, at=at),
        *_queued(member, wanted, at=at),
        *_being_written(member, wanted, at=at),
    ]
    newest: dict[tuple[Doing, str, str], Encounter] = {}
    for one in sorted(found, key=lambda one: one.at, reverse=True):
        newest.setdefault((one.doing, one.who, one.address_key), one)
    return tuple(newest.values())


def _written(member: Membership, keys: set[str], *, at: datetime) -> list[Encounter]:
    messages = Message.objects.visible_to(member).filter(
        direction=Direction.OUTGOING,
        occurred_at__gt=at - LATELY,
        occurred_at__lte=at,
        address_keys__overlap=list(keys),
    )
    others = messages.exclude(sent_by_id=member.user_id).exclude(sent_by=None)
    fields = others.select_related("sent_by").only(
        "participants", "occurred_at", "sent_by__name", "sent_by__email"
    )
    return [
        Encounter(Doing.WROTE, display_name(message.sent_by), key, message.occurred_at)
        for message in fields.order_by("-occurred_at", "-id")[:_MOST]
        for key in _openly_to(message) & keys
    ]


def _openly_to(message: Message) -> set[str]:
    return {
        address_key(str(person["address"]))
        for person in message.participants
        if person["role"] in {"to", "cc"}
    }


def _queued(member: Membership, keys: set[str], *, at: datetime) -> list[Encounter]:
    # What was sent a moment ago may not be in the history yet.
    is_sent = Q(status=Status.SENT, message=None, sent_at__gt=at - LATELY)
    emails = OutgoingEmail.objects.visible_to(member).filter(Q(status=Status.QUEUED) | is_sent)
    return [
        Encounter(
            Doing.WROTE if email.sent_at else Doing.QUEUED,
            display_name(email.author),
            key,
            email.sent_at or email.queued_at or at,
        )
        for email in _others(emails, member, keys)
        for key in _keys_of(email, with_blind=email.may_read_content) & keys
    ]


@on_the_teams_behalf()
def _being_written(member: Membership, keys: set[str], *, at: datetime) -> list[Encounter]:
    drafts = OutgoingEmail.objects.filter(
        team_id=member.team_id,
        status=Status.DRAFT,
        discarded_at=None,
        is_private=False,
        updated_at__gt=at - WRITING,
        mailbox_id__in=reach_of(member).at_least(Sharing.METADATA),
    )
    private = SharingChoice.objects.filter(
        mailbox=OuterRef("mailbox"), level=Sharing.PRIVATE, keys__overlap=list(keys)
    )
    drafts = drafts.exclude(Exists(private))
    return [
        Encounter(Doing.WRITING, display_name(email.author), key, email.updated_at)
        for email in _others(drafts, member, keys)
        for key in _keys_of(email, with_blind=False) & keys
    ]


def _others(
    emails: OutgoingEmailQuerySet, member: Membership, keys: set[str]
) -> OutgoingEmailQuerySet:
    found = emails.exclude(author_id=member.user_id).filter(recipients__key__in=keys).distinct()
    loaded = found.select_related("author").prefetch_related("recipients").defer("html")
    return loaded.order_by("-updated_at", "-id")[:_MOST]


def _keys_of(email: OutgoingEmail, *, with_blind: bool) -> set[str]:
    return {
        row.key for row in email.recipients.all() if with_blind or row.kind != RecipientKind.BCC
    }
