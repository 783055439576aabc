"""Outgoing emails as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import Field

from letterbook.api.later_facts import LaterFactShown, show_later_facts
from letterbook.api.outgoing_history import (
    AttemptShown,
    HistoryState,
    StatusChangeShown,
    show_attempts,
    show_history_state,
    show_status_changes,
)
from letterbook.api.shapes import ACCESS, Access, NamedAddress, Shown, TeamMate, team_mate
from letterbook.outgoing.expecting import Expectation, expectations_for
from letterbook.outgoing.models import OutgoingEmail, Recipient, RecipientKind
from letterbook.outgoing.regarding import subjects_of
from letterbook.teams.models import Membership


class OutgoingFile(Shown):
    """A file that goes with an email; with a content id it is a picture that the text shows as `cid:`."""

    id: UUID
    filename: str
    content_type: str
    size: int
    content_id: str


class RecipientShown(NamedAddress):
    """Somebody the email goes to, and the contact whose address it is."""

    contact_id: UUID | None


class RegardingShown(Shown):
    """A record that the email is about."""

    subject_type: str
    subject_id: str
    words: str = Field(description="what its type is called")
    label: str
    url: str


class ExpectationShown(Shown):
    """What a queued email waits for: its place in its mailbox's queue and when it will go, as far as that is known."""

    position: int | None
    at: datetime | None
    reason: str
    why: str = Field(
        description="the same in a word: handing_over, asking, reconnecting, paused, limited, undo, scheduled,"
        " retrying, order or turn"
    )


class OutgoingShown(Shown):
    """An email being written and sent; what your access leaves out is blank."""

    id: UUID
    status: str = Field(description="draft, queued, sent or failed")
    version: int
    access: Access
    mailbox_id: UUID
    author: TeamMate | None
    from_address: str
    to: list[RecipientShown]
    cc: list[RecipientShown]
    bcc: list[RecipientShown]
    subject: str
    asks_unsubscribe: bool = Field(description="it carries List-Unsubscribe")
    is_private: bool = Field(description="nobody else in the team sees it, waiting or sent")
    regarding: list[RegardingShown]
    answers: UUID | None
    origin: str = Field(description="page, api, command or agent")
    created_at: datetime
    updated_at: datetime
    queued_at: datetime | None
    send_at: datetime | None = Field(description="when a person wanted it sent")
    due_at: datetime | None = Field(description="when the next attempt may begin")
    due_reason: str
    expected: ExpectationShown | None
    sent_at: datetime | None
    failed_at: datetime | None
    error_class: str
    error: str
    resolved_at: datetime | None
    resolution: str
    attempt: int
    gmail_message_id: str
    gmail_thread_id: str
    message_id: UUID | None


class OutgoingInFull(OutgoingShown):
    """The same with its text, its files and its story."""

    html: str
    files: list[OutgoingFile]
    status_changes: list[StatusChangeShown]
    attempts: list[AttemptShown]
    history: HistoryState
    later_facts: list[LaterFactShown] = Field(description="what became of it after it was sent")


def show_many_outgoing(emails: Sequence[OutgoingEmail], *, at: datetime) -> list[OutgoingShown]:
    """Return emails as a list shows them, for the viewer they were loaded for."""
    expectations = expectations_for(emails, at=at)
    return [_show(email, expectations.get(email.pk)) for email in emails]


def _show(email: OutgoingEmail, expected: Expectation | None) -> OutgoingShown:
    is_readable = email.may_read_content
    return OutgoingShown(
        id=email.pk,
        status=email.status,
        version=email.version,
        access=ACCESS[email.access],
        mailbox_id=email.mailbox_id,
        author=team_mate(email.author),
        from_address=email.from_address,
        to=_named(email, RecipientKind.TO),
        cc=_named(email, RecipientKind.CC),
        bcc=_named(email, RecipientKind.BCC) if is_readable else [],
        subject=email.subject if email.may_read_subject else "",
        asks_unsubscribe=email.asks_unsubscribe,
        is_private=email.is_private,
        regarding=show_regarding(email),
        answers=email.answers_id if is_readable else None,
        origin=email.origin,
        created_at=email.created_at,
        updated_at=email.updated_at,
        queued_at=email.queued_at,
        send_at=email.send_at,
        due_at=email.due_at,
        due_reason=_why_not_yet(email, expected),
        expected=ExpectationShown.model_validate(expected) if expected else None,
        sent_at=email.sent_at,
        failed_at=email.failed_at,
        error_class=email.error_class,
        error=email.error if is_readable else "",
        resolved_at=email.resolved_at,
        resolution=email.resolution,
        attempt=email.attempt,
        gmail_message_id=email.gmail_message_id,
        gmail_thread_id=email.gmail_thread_id,
        message_id=email.message_id,
    )


def _why_not_yet(email: OutgoingEmail, expected: Expectation | None) -> str:
    """Return what nobody chose to wait for: a refusal that is written down, or an earlier email that goes first."""
    is_behind = expected is not None and expected.why == "order"
    return email.due_reason or (expected.reason if expected and is_behind else "")


def show_outgoing_in_full(
    email: OutgoingEmail, *, member: Membership, at: datetime
) -> OutgoingInFull:
    """Return an email with its text and its story, for the member it was loaded for."""
    [shown] = show_many_outgoing([email], at=at)
    return OutgoingInFull(
        **shown.model_dump(),
        html=email.html if email.may_read_content else "",
        files=show_files(email),
        status_changes=show_status_changes(email),
        attempts=show_attempts(email),
        history=show_history_state(email),
        later_facts=show_later_facts(email.message_id, member=member),
    )


def show_regarding(email: OutgoingEmail) -> list[RegardingShown]:
    """Return the records that an email is about, for those who may read its subject."""
    return [
        RegardingShown(
            subject_type=one.type, subject_id=one.id, words=one.kind, label=one.label, url=one.url
        )
        for one in subjects_of(email)
    ]


def show_files(email: OutgoingEmail) -> list[OutgoingFile]:
    """Return the files of an email, for those who may read it."""
    if not email.may_read_content:
        return []
    return [
        OutgoingFile.model_validate(one)
        for one in email.attachments.defer("content").order_by("id")
    ]


def _named(email: OutgoingEmail, kind: RecipientKind) -> list[RecipientShown]:
    rows: list[Recipient] = [one for one in email.recipients.all() if one.kind == kind]
    rows.sort(key=lambda one: one.position)
    return [
        RecipientShown(name=one.name, address=one.address, contact_id=one.contact_id)
        for one in rows
    ]
