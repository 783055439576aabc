"""Questions about outgoing email for pages and API; everything asked here begins with `visible_to`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from letterbook.contacts.models import Contact
from letterbook.correspondence.facts import LaterFact
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import (
    Failure,
    OutgoingEmail,
    OutgoingEmailQuerySet,
    Recipient,
    RecipientKind,
)
from letterbook.outgoing.releasing import frozen_bytes
from letterbook.outgoing.status import Status
from letterbook.teams.asked_once import asked_once
from letterbook.teams.models import Membership

# Nobody needs to know whether it is 1,001 or 10,000, and counting on would cost on every page.
MOST_COUNTED = 1_000
_NEWS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class EmailFilter:
    """Which emails are wanted; what is None or empty narrows nothing.

    `contact_ids` are people any of whom gets it; the period is that of its latest change.
    """

    status: Status | None = None
    mailbox_id: UUID | None = None
    author_id: UUID | None = None
    contact_ids: Collection[UUID] | None = None
    since: datetime | None = None
    until: datetime | None = None


def emails_for(member: Membership, wanted: EmailFilter) -> OutgoingEmailQuerySet:
    """Return the outgoing email this member may know of, in no order."""
    emails = OutgoingEmail.objects.visible_to(member)
    if wanted.contact_ids is not None:
        emails = _to_any(emails, wanted.contact_ids)
    return emails.filter(_narrowed(wanted))


def _narrowed(wanted: EmailFilter) -> Q:
    asked = {
        "status": wanted.status,
        "mailbox_id": wanted.mailbox_id,
        "author_id": wanted.author_id,
        "updated_at__gte": wanted.since,
        "updated_at__lt": wanted.until,
    }
    return Q(**{column: value for column, value in asked.items() if value is not None})


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """How many emails a member may know of in each status, none beyond `MOST_COUNTED` + 1.

    `to_decide` are failures of their own that are open.
    """

    draft: int
    queued: int
    sent: int
    failed: int
    to_decide: int


def outbox_counts(member: Membership) -> OutboxCounts:
    """Return the counts of the outbox; each looks at a thousand rows at most."""
    emails = OutgoingEmail.objects.visible_to(member)
    draft, sent, failed = (
        _counted(emails.filter(status=status).order_by("-updated_at", "-id"))
        for status in (Status.DRAFT, Status.SENT, Status.FAILED)
    )
    return OutboxCounts(
        draft=draft,
        queued=count_queued(member),
        sent=sent,
        failed=failed,
        to_decide=count_to_decide(member),
    )


@asked_once
def count_to_decide(member: Membership) -> int:
    """Return how many open failures of their own a member has, none beyond `MOST_COUNTED` + 1."""
    open_ones = Failure.objects.writable_by(member).open()
    return open_ones.values("pk")[: MOST_COUNTED + 1].count()


@asked_once
def count_queued(member: Membership) -> int:
    """Return how many emails are on their way, as far as a member may know, none beyond `MOST_COUNTED` + 1."""
    # Mostly there is none, and every page asks: to find that out takes a third of the time.
    if not OutgoingEmail.objects.filter(team=member.team_id, status=Status.QUEUED).exists():
        return 0
    return _counted(OutgoingEmail.objects.visible_to(member).filter(status=Status.QUEUED))


def _counted(emails: OutgoingEmailQuerySet) -> int:
    return emails.values("pk")[: MOST_COUNTED + 1].count()


def with_news(member: Membership, *, at: datetime) -> OutgoingEmailQuerySet:
    """Return sent email about which something arrived in the last week, the latest sent first."""
    news = LaterFact.objects.filter(message=OuterRef("message"), at__gt=at - _NEWS)
    sent = OutgoingEmail.objects.visible_to(member).filter(Exists(news), status=Status.SENT)
    return sent.order_by("-sent_at", "-id")


def exact_bytes(email: OutgoingEmail) -> bytes:
    """Return what was, or will be, handed over, byte for byte; raise `NotFound` where there is none for this viewer.

    The email comes from `visible_to`.
    """
    newest = email.frozen.order_by("-round").first()
    if newest is None or not email.may_read_content:
        raise NotFound("There is no source of this email.")
    return frozen_bytes(newest)


def to_contact(emails: OutgoingEmailQuerySet, contact: Contact) -> OutgoingEmailQuerySet:
    """Narrow what `visible_to` gave to email for a contact; a blind copy only where the content may be read."""
    return _to_any(emails, [contact.pk])


def _to_any(emails: OutgoingEmailQuerySet, contact_ids: Collection[UUID]) -> OutgoingEmailQuerySet:
    to_them = Recipient.objects.filter(contact__in=list(contact_ids))
    recipients = to_them.filter(email=OuterRef("pk"))
    seen = Exists(recipients.exclude(kind=RecipientKind.BCC))
    return emails.filter(
        # Few emails are for them, however many wait in the team's queues.
        Q(pk__in=to_them.values("email")),
        seen | Q(Exists(recipients), viewer_access=Sharing.FULL),
    )


def unsent_for_contact(member: Membership, contact: Contact) -> OutgoingEmailQuerySet:
    """Return drafts, queued and unresolved failed email for a contact that this member may know of, in no order."""
    # For most contacts there is none, and to find that out takes a fifth of the time.
    not_sent = OutgoingEmail.objects.exclude(status=Status.SENT)
    if not not_sent.filter(recipients__contact=contact).exists():
        return OutgoingEmail.objects.none()
    is_open = Q(status__in=[Status.DRAFT, Status.QUEUED]) | Q(
        status=Status.FAILED, resolved_at=None
    )
    emails = OutgoingEmail.objects.visible_to(member).filter(is_open)
    return to_contact(emails, contact)
