"""Outgoing emails: listing, writing, changing, throwing away, duplicating."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from letterbook.api.mailboxes import find_mailbox
from letterbook.api.outgoing_finding import act_once, find_outgoing, show_now, visible_emails
from letterbook.api.outgoing_given import OutgoingChanges, OutgoingGiven
from letterbook.api.outgoing_shapes import OutgoingInFull, OutgoingShown, show_many_outgoing
from letterbook.api.shapes import Cursor, Limit, Moment, Page, Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.finding import find_contact
from letterbook.correspondence.conversations import find_readable_message
from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.kit.refusals import Invalid
from letterbook.mime.addresses import Address
from letterbook.outgoing.drafts import (
    DraftText,
    create_draft,
    discard_draft,
    duplicate,
    edit_draft,
)
from letterbook.outgoing.models import Actor, Origin, OutgoingEmail, RecipientKind
from letterbook.outgoing.narrowing import EmailFilter, narrow
from letterbook.outgoing.queueing import queue_email
from letterbook.outgoing.recipients import addresses_of
from letterbook.outgoing.status import ErrorClass
from letterbook.teams.models import Membership

router = Router(tags=["outgoing emails"])
# One address is one entry of a list: all before its last bracket is the name, but for another address.
_NAMED = re.compile(r"(?P<name>[^@]*)<(?P<email>[^<>]*@[^<>]*)>")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"')
Statuses = Literal["draft", "queued", "sent", "failed"]


class Wanted(Schema):
    """Which emails to list; what is left out narrows nothing."""

    status: Statuses | None = None
    mailbox_id: UUID | None = None
    author_id: UUID | None = None
    contact_id: UUID | None = Field(default=None, description="who it goes to")
    regarding_type: Text = ""
    regarding_id: Text = ""
    error_class: ErrorClass | None = None
    since: Moment | None = Field(default=None, description="last changed then or later")
    until: Moment | None = Field(default=None, description="last changed before")


@router.get(
    "/outgoing-emails", response=answers(Page[OutgoingShown]), operation_id="list_outgoing_emails"
)
def get_outgoing_emails(
    request: TokenRequest, wanted: Query[Wanted], cursor: Cursor = "", limit: Limit = 50
) -> Page[OutgoingShown]:
    """Outgoing emails you may know of, the most recently changed first."""
    emails = narrow(visible_emails(request.auth), _filter(request.auth, wanted))
    if after := read_cursor(cursor):
        emails = emails.filter(
            Q(updated_at__lt=after.at) | Q(pk__lt=after.id), updated_at__lte=after.at
        )
    found = list(emails.defer("html").order_by("-updated_at", "-pk")[: limit + 1])
    shown = found[:limit]
    is_last = len(found) <= limit
    return Page(
        items=show_many_outgoing(shown, at=timezone.now()),
        next_cursor="" if is_last else write_cursor(Position(shown[-1].updated_at, shown[-1].pk)),
    )


def _filter(member: Membership, wanted: Wanted) -> EmailFilter:
    return EmailFilter(
        status=wanted.status or "",
        mailbox_id=wanted.mailbox_id,
        author_id=wanted.author_id,
        contact=find_contact(member, wanted.contact_id) if wanted.contact_id else None,
        regarding_type=wanted.regarding_type,
        regarding_id=wanted.regarding_id,
        error_class=wanted.error_class or "",
        since=wanted.since,
        until=wanted.until,
    )


@router.post(
    "/outgoing-emails",
    response=answers(OutgoingInFull, status=201),
    operation_id="create_outgoing_email",
)
def post_outgoing_email(request: TokenRequest, given: OutgoingGiven) -> Status[OutgoingInFull]:
    """Write a draft, and with `queue` hand it to the worker as well, all or nothing."""
    if given.send_at is not None and not given.queue:
        raise Invalid(
            "A draft has no time to be sent at.", way_out="Add queue: true.", field="send_at"
        )
    return Status(201, act_once(request, lambda: _create(request.auth, given)))


@transaction.atomic
def _create(member: Membership, given: OutgoingGiven) -> OutgoingEmail:
    at = timezone.now()
    email = create_draft(
        member,
        mailbox=find_mailbox(member, given.mailbox_id),
        text=_text(given),
        origin=Origin.API,
        answers=find_readable_message(member, given.answers) if given.answers else None,
        at=at,
    )
    if given.queue:
        queue_email(
            email,
            by=Actor.token(member),
            member=member,
            send_at=given.send_at,
            even_if_unfilled=given.even_if_unfilled,
            at=at,
        )
    return email


@router.get(
    "/outgoing-emails/{email_id}",
    response=answers(OutgoingInFull),
    operation_id="get_outgoing_email",
)
def get_outgoing_email(request: TokenRequest, email_id: UUID) -> OutgoingInFull:
    """One email with its status, its attempts and its history."""
    return show_now(request.auth, email_id)


@router.patch(
    "/outgoing-emails/{email_id}",
    response=answers(OutgoingInFull),
    operation_id="edit_outgoing_email",
)
def patch_outgoing_email(
    request: TokenRequest, email_id: UUID, changes: OutgoingChanges
) -> OutgoingInFull:
    """Change a draft; refused when somebody changed it since the version you name."""
    member = request.auth
    email = find_outgoing(member, email_id)
    mailbox = find_mailbox(member, changes.mailbox_id) if changes.mailbox_id else None
    edit_draft(
        member,
        email,
        text=_changed(email, changes),
        version=changes.version,
        mailbox=mailbox,
        at=timezone.now(),
    )
    return show_now(member, email_id)


@router.delete(
    "/outgoing-emails/{email_id}",
    response=answers(None, status=204),
    operation_id="discard_outgoing_email",
)
def delete_outgoing_email(request: TokenRequest, email_id: UUID) -> Status[None]:
    """Throw a draft away."""
    discard_draft(request.auth, find_outgoing(request.auth, email_id), at=timezone.now())
    return Status(204, None)


@router.post(
    "/outgoing-emails/{email_id}/copies",
    response=answers(OutgoingInFull, status=201),
    operation_id="duplicate_outgoing_email",
)
def post_copy(request: TokenRequest, email_id: UUID) -> Status[OutgoingInFull]:
    """Write a new draft with the same text, people and files: the way to edit what was sent or failed."""
    member = request.auth
    copy = act_once(
        request,
        lambda: duplicate(
            member, find_outgoing(member, email_id), origin=Origin.API, at=timezone.now()
        ),
    )
    return Status(201, copy)


def _text(given: OutgoingGiven) -> DraftText:
    return DraftText(
        to=_joined(given.to),
        cc=_joined(given.cc),
        bcc=_joined(given.bcc),
        subject=given.subject,
        html=given.html,
        from_address=given.from_address,
        asks_unsubscribe=given.asks_unsubscribe,
        is_private=given.is_private,
    )


def _changed(email: OutgoingEmail, changes: OutgoingChanges) -> DraftText:
    return DraftText(
        to=_addresses(email, RecipientKind.TO, changes.to),
        cc=_addresses(email, RecipientKind.CC, changes.cc),
        bcc=_addresses(email, RecipientKind.BCC, changes.bcc),
        subject=email.subject if changes.subject is None else changes.subject,
        html=email.html if changes.html is None else changes.html,
        from_address=email.from_address if changes.from_address is None else changes.from_address,
        asks_unsubscribe=changes.asks_unsubscribe,
        is_private=changes.is_private,
    )


def _addresses(email: OutgoingEmail, kind: RecipientKind, given: Iterable[str] | None) -> str:
    if given is None:
        return ", ".join(map(_typed, addresses_of(email, kind)))
    return _joined(given)


def _joined(given: Iterable[str]) -> str:
    """Return addresses as one field; a stray quote or bracket in a name must not swallow the next address."""
    return ", ".join(map(_with_quoted_name, given))


def _with_quoted_name(text: str) -> str:
    named = _NAMED.fullmatch(text.strip())
    name = named["name"].strip() if named else ""
    if named is None or _QUOTED.fullmatch(name) or not set(name) & set('<>"'):
        return text
    return _typed(Address(name, named["email"]))


def _typed(address: Address) -> str:
    quoted = address.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address.email}>' if address.name else address.email
