"""Narrowing outgoing email to what somebody asks for; nobody learns by a filter what they may not see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from letterbook.contacts.models import Contact
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import OutgoingEmailQuerySet, Regarding
from letterbook.outgoing.reading import to_contact


@dataclass(frozen=True, slots=True)
class EmailFilter:
    """Which emails are wanted; what is None or empty narrows nothing. The period is that of the last change."""

    status: str = ""
    mailbox_id: UUID | None = None
    author_id: UUID | None = None
    contact: Contact | None = None
    regarding_type: str = ""
    regarding_id: str = ""
    error_class: str = ""
    since: datetime | None = None
    until: datetime | None = None


def narrow(emails: OutgoingEmailQuerySet, wanted: EmailFilter) -> OutgoingEmailQuerySet:
    """Narrow what `visible_to` gave to what is wanted."""
    if wanted.contact is not None:
        emails = to_contact(emails, wanted.contact)
    if wanted.regarding_type or wanted.regarding_id:
        emails = _about(emails, wanted)
    return emails.filter(_columns(wanted))


def _columns(wanted: EmailFilter) -> Q:
    given = {
        "status": wanted.status,
        "mailbox_id": wanted.mailbox_id,
        "author_id": wanted.author_id,
        "error_class": wanted.error_class,
        "updated_at__gte": wanted.since,
        "updated_at__lt": wanted.until,
    }
    return Q(**{name: value for name, value in given.items() if value})


def _about(emails: OutgoingEmailQuerySet, wanted: EmailFilter) -> OutgoingEmailQuerySet:
    """What an email is about is told with its subject, so it is not to be found out without it."""
    links = Regarding.objects.filter(email=OuterRef("pk"))
    if wanted.regarding_type:
        links = links.filter(subject_type=wanted.regarding_type)
    if wanted.regarding_id:
        links = links.filter(subject_id=wanted.regarding_id)
    return emails.filter(Q(Exists(links), viewer_access__gte=Sharing.SUBJECT))
