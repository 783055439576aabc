"""Stored emails, their source and files, and the conversations they form."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from ninja import Path, Router, Schema, Status
from pydantic import Field

from letterbook.api.shapes import EmailSeen, PersonOnEmail, answers, show_email, show_person
from letterbook.api.tokens import TokenRequest
from letterbook.correspondence.conversations import Letter, read_conversation, read_letter
from letterbook.correspondence.downloading import download_file, download_source
from letterbook.correspondence.waiving import waive_answer

router = Router(tags=["messages"])

# What a browser may show without doing anything; all else is bytes to be saved.
_HARMLESS = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_SEALED = "default-src 'none'; sandbox"


class MessageShown(EmailSeen):
    """An email with its text, quoted parts included; blank where you may not read it."""

    text: str
    message_id: str
    has_html: bool
    size: int


class ConversationShown(Schema):
    """The messages of a thread that you may know of, oldest first."""

    id: UUID
    subject: str
    messages: list[MessageShown]
    participants: list[PersonOnEmail]
    is_partly_hidden: bool = Field(description="some of these messages are not shared in full")
    has_earlier: bool = Field(description="the oldest messages of a very long thread are left out")


@router.get("/messages/{message_id}", response=answers(MessageShown), operation_id="get_message")
def get_message(request: TokenRequest, message_id: UUID) -> MessageShown:
    """One stored email."""
    return _shown(read_letter(request.auth, message_id))


@router.get(
    "/messages/{message_id}/source",
    response=answers(None),
    operation_id="get_message_source",
    openapi_extra={"responses": {200: {"content": {"message/rfc822": {}}}}},
)
def get_source(request: TokenRequest, message_id: UUID) -> HttpResponse:
    """The exact bytes of an email, for those who may read it."""
    source = download_source(request.auth, message_id)
    return _saved(source, filename=f"{message_id}.eml", content_type="message/rfc822")


@router.get(
    "/messages/{message_id}/attachments/{number}",
    response=answers(None),
    operation_id="get_message_attachment",
    openapi_extra={"responses": {200: {"content": {"application/octet-stream": {}}}}},
)
def get_attachment(
    request: TokenRequest, message_id: UUID, number: Annotated[int, Path(ge=0, le=100_000)]
) -> HttpResponse:
    """A file that came with an email, for those who may read it."""
    found = download_file(request.auth, message_id, number=number)
    kind = found.content_type if found.content_type in _HARMLESS else "application/octet-stream"
    return _saved(found.content, filename=found.filename, content_type=kind)


@router.put(
    "/messages/{message_id}/waived-answer",
    response=answers(None, status=204),
    operation_id="waive_answer",
)
def put_waived_answer(request: TokenRequest, message_id: UUID) -> Status[None]:
    """Say that an email in a mailbox of yours needs no answer: it is among what waits for you no longer."""
    waive_answer(request.auth, message_id, at=timezone.now())
    return Status(204, None)


@router.delete(
    "/messages/{message_id}/waived-answer",
    response=answers(None, status=204),
    operation_id="want_answer",
)
def remove_waived_answer(request: TokenRequest, message_id: UUID) -> Status[None]:
    """Say that it does after all."""
    waive_answer(request.auth, message_id, at=None)
    return Status(204, None)


@router.get("/threads/{thread_id}", response=answers(ConversationShown), operation_id="get_thread")
def get_thread(request: TokenRequest, thread_id: UUID) -> ConversationShown:
    """A conversation across all mailboxes that are shared with you."""
    conversation = read_conversation(request.auth, thread_id)
    return ConversationShown(
        id=conversation.thread_id,
        subject=conversation.subject,
        messages=[_shown(letter) for letter in conversation.letters],
        participants=[show_person(one) for one in conversation.participants],
        is_partly_hidden=conversation.is_partly_hidden,
        has_earlier=conversation.has_earlier,
    )


def _shown(letter: Letter) -> MessageShown:
    return MessageShown(
        **show_email(letter.seen).model_dump(),
        text=letter.text,
        message_id=letter.message_id,
        has_html=letter.has_html,
        size=letter.size,
    )


def _saved(content: bytes, *, filename: str, content_type: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=filename) or "attachment"
    return HttpResponse(
        content,
        content_type=content_type,
        headers={
            "Content-Disposition": disposition,
            "Content-Security-Policy": _SEALED,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
