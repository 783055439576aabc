"""Answering an email, passing it on, and what is worth a second look before a draft leaves."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from letterbook.api.mailboxes import find_mailbox
from letterbook.api.outgoing_finding import act_once, find_outgoing
from letterbook.api.outgoing_shapes import OutgoingInFull
from letterbook.api.shapes import Given, answers
from letterbook.api.tokens import TokenRequest
from letterbook.correspondence.conversations import find_readable_message
from letterbook.mailboxes.models import Mailbox
from letterbook.outgoing.cautions import cautions_of
from letterbook.outgoing.models import Origin
from letterbook.outgoing.replying import draft_forward, draft_reply

router = Router(tags=["outgoing emails"])
_MAILBOX = Field(default=None, description="one of yours; by default the one the email came to")


class ReplyGiven(Given):
    """How to answer: the sender alone, or everybody on the email."""

    to_all: bool = False
    mailbox_id: UUID | None = _MAILBOX


class ForwardGiven(Given):
    """From where to pass an email on."""

    mailbox_id: UUID | None = _MAILBOX


class CautionShown(Schema):
    """One thing worth a second look: a code, words for people, the field and the address it is about."""

    code: str
    words: str
    field: str
    address: str


@router.post(
    "/messages/{message_id}/replies",
    response=answers(OutgoingInFull, status=201),
    operation_id="reply_to_message",
)
def post_reply(
    request: TokenRequest, message_id: UUID, given: ReplyGiven | None = None
) -> Status[OutgoingInFull]:
    """Begin an answer: a draft with its recipients, signature and quotation. Nothing is sent before it is queued."""
    member, asked = request.auth, given or ReplyGiven()
    answer = act_once(
        request,
        lambda: draft_reply(
            member,
            find_readable_message(member, message_id),
            to_all=asked.to_all,
            mailbox=_mailbox(request, asked.mailbox_id),
            origin=Origin.API,
            at=timezone.now(),
        ),
    )
    return Status(201, answer)


@router.post(
    "/messages/{message_id}/forwards",
    response=answers(OutgoingInFull, status=201),
    operation_id="forward_message",
)
def post_forward(
    request: TokenRequest, message_id: UUID, given: ForwardGiven | None = None
) -> Status[OutgoingInFull]:
    """Begin to pass an email on with its files: a draft without recipients. Nothing is sent before it is queued."""
    member, asked = request.auth, given or ForwardGiven()
    forward = act_once(
        request,
        lambda: draft_forward(
            member,
            find_readable_message(member, message_id),
            mailbox=_mailbox(request, asked.mailbox_id),
            origin=Origin.API,
            at=timezone.now(),
        ),
    )
    return Status(201, forward)


@router.get(
    "/outgoing-emails/{email_id}/cautions",
    response=answers(list[CautionShown]),
    operation_id="list_cautions",
)
def get_cautions(request: TokenRequest, email_id: UUID) -> list[CautionShown]:
    """What is worth a second look before an email of yours leaves; nothing here keeps it from being queued."""
    member = request.auth
    found = cautions_of(find_outgoing(member, email_id), member=member, at=timezone.now())
    return [CautionShown.from_orm(one) for one in found]


def _mailbox(request: TokenRequest, mailbox_id: UUID | None) -> Mailbox | None:
    return find_mailbox(request.auth, mailbox_id) if mailbox_id else None
