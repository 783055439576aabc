"""What could not be read in one's own mailboxes: looking at it, trying again, giving it up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from ninja import Path, Router, Schema, Status

from letterbook.api.mailboxes import find_own_mailbox
from letterbook.api.shapes import answers
from letterbook.api.tokens import TokenRequest
from letterbook.correspondence.models import MailboxMessage
from letterbook.incoming.dismissing import (
    dismiss,
    find_quarantined,
    quarantined_in,
    read_quarantined_source,
)
from letterbook.incoming.replaying import replay_quarantine
from letterbook.incoming.storing import Decided
from letterbook.kit.refusals import NotFound

router = Router(tags=["quarantine"])
_MOST = 200
Row = Annotated[int, Path(ge=0, le=2**63 - 1)]


class QuarantinedShown(Schema):
    """One message that could not be read; its source is kept as it came, where the provider gave it."""

    id: int
    provider_id: str
    error: str
    received_at: datetime | None
    quarantined_at: datetime | None
    parser_version: int | None


class QuarantineShown(Schema):
    """The newest 200 of them."""

    items: list[QuarantinedShown]
    next_cursor: str = ""


class Replayed(Schema):
    """What became of those that were read again; those `waiting` are fetched again first."""

    stored: int
    repeated: int
    skipped: int
    quarantined: int
    waiting: int


@router.get(
    "/mailboxes/{mailbox_id}/quarantine",
    response=answers(QuarantineShown),
    operation_id="list_quarantine",
)
def get_quarantine(request: TokenRequest, mailbox_id: UUID) -> QuarantineShown:
    """What could not be read in one of your mailboxes, newest first."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    return QuarantineShown(items=[_shown(row) for row in quarantined_in(mailbox)[:_MOST]])


@router.get(
    "/mailboxes/{mailbox_id}/quarantine/{row_id}/source",
    response=answers(None),
    operation_id="get_quarantined_source",
    openapi_extra={"responses": {200: {"content": {"message/rfc822": {}}}}},
)
def get_source(request: TokenRequest, mailbox_id: UUID, row_id: Row) -> HttpResponse:
    """Its exact bytes."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    raw = read_quarantined_source(find_quarantined(request.auth, mailbox, row_id))
    if raw is None:
        raise NotFound("Gmail never gave its source.")
    answer = HttpResponse(raw, content_type="message/rfc822")
    answer["Content-Disposition"] = f'attachment; filename="{row_id}.eml"'
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@router.post(
    "/mailboxes/{mailbox_id}/quarantine/replays",
    response=answers(Replayed),
    operation_id="replay_quarantine",
)
def post_replays(request: TokenRequest, mailbox_id: UUID) -> Decided:
    """Try to read all of them again."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    return replay_quarantine(mailbox, at=timezone.now())


@router.post(
    "/mailboxes/{mailbox_id}/quarantine/{row_id}/replays",
    response=answers(Replayed),
    operation_id="replay_quarantined",
)
def post_replay(request: TokenRequest, mailbox_id: UUID, row_id: Row) -> Decided:
    """Try to read one again."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    found = find_quarantined(request.auth, mailbox, row_id)
    return replay_quarantine(mailbox, provider_ids=[found.provider_id], at=timezone.now())


@router.delete(
    "/mailboxes/{mailbox_id}/quarantine",
    response=answers(None, status=204),
    operation_id="dismiss_quarantine",
)
def delete_quarantine(request: TokenRequest, mailbox_id: UUID) -> Status[None]:
    """Give all of them up: their sources go, the ledger keeps that they were."""
    dismiss(request.auth, find_own_mailbox(request.auth, mailbox_id), at=timezone.now())
    return Status(204, None)


@router.delete(
    "/mailboxes/{mailbox_id}/quarantine/{row_id}",
    response=answers(None, status=204),
    operation_id="dismiss_quarantined",
)
def delete_quarantined(request: TokenRequest, mailbox_id: UUID, row_id: Row) -> Status[None]:
    """Give one up."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    found = find_quarantined(request.auth, mailbox, row_id)
    dismiss(request.auth, mailbox, provider_ids=[found.provider_id], at=timezone.now())
    return Status(204, None)


def _shown(row: MailboxMessage) -> QuarantinedShown:
    source = getattr(row, "quarantined_source", None)
    return QuarantinedShown(
        id=row.pk,
        provider_id=row.provider_id,
        error=row.error,
        received_at=row.provider_at,
        quarantined_at=row.decided_at,
        parser_version=source.parser_version if source else None,
    )
