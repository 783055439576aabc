"""What becomes of email written here to a person who is erased: its words go, that it was sent stays provable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from letterbook.contacts.models import Contact
from letterbook.outgoing.failures import close_failure
from letterbook.outgoing.models import (
    Actor,
    DeliveryAttempt,
    DraftVersion,
    Failure,
    FrozenEmail,
    OutgoingAttachment,
    OutgoingEmail,
    OutgoingEmailQuerySet,
    Recipient,
    Regarding,
    Resolution,
    Unsubscription,
)
from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf

WORDS = "Erased with the contact."


def emails_only_to(
    emails: OutgoingEmailQuerySet, contact: Contact, keys: Sequence[str]
) -> OutgoingEmailQuerySet:
    """Narrow to the emails that go to this person and to nobody else."""
    mine = Q(key__in=list(keys)) | Q(contact=contact)
    recipients = Recipient.objects.filter(email=OuterRef("pk"))
    return emails.filter(Exists(recipients.filter(mine)), ~Exists(_but(recipients, contact, keys)))


@on_the_teams_behalf()
def erase_emails(
    member: Membership, contact: Contact, keys: Sequence[str], *, at: datetime
) -> None:
    """Take the person out of all that is written here; raise `Conflict` where an email to them is just leaving."""
    own = OutgoingEmail.objects.filter(team_id=contact.team_id)
    mine = Q(key__in=list(keys)) | Q(contact=contact)
    to_them = Recipient.objects.filter(mine, team_id=contact.team_id)
    for queued in own.filter(status=Status.QUEUED, pk__in=to_them.values("email")):
        queued.mark_draft(Actor.person(member), at=at, reason="Somebody it went to was erased")
    ids = list(emails_only_to(own, contact, keys).values_list("pk", flat=True))
    _empty(ids, member, at=at)
    # What is still being written to others as well goes to those alone.
    to_them.filter(email__status=Status.DRAFT).delete()
    Unsubscription.objects.filter(team_id=contact.team_id).of(keys).delete()
    DraftVersion.objects.filter(
        Q(keys__overlap=list(keys)) | Q(email__in=ids), team_id=contact.team_id
    ).delete()
    to_them.update(contact=None)
    Regarding.objects.filter(
        team_id=contact.team_id, subject_type="contact", subject_id=str(contact.pk)
    ).delete()


def _but(
    recipients: QuerySet[Recipient], contact: Contact, keys: Sequence[str]
) -> QuerySet[Recipient]:
    """The recipients that are somebody else; one without a contact is known by the address."""
    others = Q(contact=None) | ~Q(contact=contact)
    return recipients.filter(others).exclude(key__in=list(keys))


def _empty(ids: Sequence[UUID], member: Membership, *, at: datetime) -> None:
    for one in Failure.objects.filter(email__in=ids, resolved_at=None):
        by = Actor.person(member)
        close_failure(one.email_id, resolution=Resolution.DISMISSED, by=by, at=at)
    Failure.objects.filter(email__in=ids).update(error=WORDS, evidence="")
    DeliveryAttempt.objects.filter(email__in=ids).update(error="", evidence="")
    FrozenEmail.objects.filter(email__in=ids, released_size=None).update(
        released_size=Length(F("raw")), raw=b""
    )
    for parts in (Recipient, OutgoingAttachment, Regarding):
        parts.objects.filter(email__in=ids).delete()
    emails = OutgoingEmail.objects.filter(pk__in=ids)
    emails.filter(status=Status.FAILED).update(error=WORDS)
    emails.update(
        subject="", html="", error_evidence="", due_reason="", erased_at=at, updated_at=at
    )
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY_HISTORY, [at, list(ids)])


# What nobody wrote anything into says nothing about anybody, and stays as it is.
_EMPTY_HISTORY = """
    UPDATE outgoing_statuschange SET erased_at = %s, reason = '', error = ''
    WHERE email_id = ANY(%s::uuid[]) AND (error <> '' OR reason LIKE '%%@%%')
"""
