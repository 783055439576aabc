"""Outgoing emails for the pages' tests, brought into each status the way people and the worker do."""

from __future__ import annotations

from datetime import datetime, timedelta

from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.claiming import Claim, claim_email, fail
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.queueing import queue_email
from letterbook.outgoing.status import ErrorClass, Outcome
from letterbook.teams.models import Membership


def a_draft(
    member: Membership,
    mailbox: Mailbox,
    *,
    at: datetime,
    to: str = "anna@lindwerk.example",
    bcc: str = "",
    subject: str = "The proofs",
    html: str = "<div>Here they are.</div>",
) -> OutgoingEmail:
    """A draft of this person."""
    text = DraftText(to=to, bcc=bcc, subject=subject, html=html)
    return create_draft(member, mailbox=mailbox, text=text, at=at)


def a_queued_email(
    member: Membership,
    mailbox: Mailbox,
    *,
    at: datetime,
    send_at: datetime | None = None,
    **text: str,
) -> OutgoingEmail:
    """A queued email; inside its undo time when it was queued a moment ago."""
    email = a_draft(member, mailbox, at=at, **text)
    queue_email(email, by=Actor.person(member), member=member, at=at, send_at=send_at)
    return email


def a_claimed_email(
    member: Membership, mailbox: Mailbox, *, at: datetime, **text: str
) -> tuple[OutgoingEmail, Claim]:
    """An email that a worker holds since `at`."""
    email = a_queued_email(member, mailbox, at=at - timedelta(minutes=1), **text)
    claim = claim_email(email.pk, at=at)
    assert claim is not None
    return email, claim


def a_failed_email(
    member: Membership,
    mailbox: Mailbox,
    *,
    at: datetime,
    error_class: ErrorClass = ErrorClass.REJECTED,
    error: str = "Gmail refused the sender.",
    evidence: str = "400 Invalid From header",
    **text: str,
) -> OutgoingEmail:
    """An email that failed at `at`."""
    email, claim = a_claimed_email(member, mailbox, at=at, **text)
    fail(claim, error_class, Outcome.REFUSED, error=error, evidence=evidence, at=at)
    email.refresh_from_db()
    return email
