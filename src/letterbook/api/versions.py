"""Earlier versions of a draft, and taking one back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from letterbook.api.outgoing_finding import act_once, find_outgoing
from letterbook.api.outgoing_shapes import OutgoingInFull
from letterbook.api.shapes import answers
from letterbook.api.tokens import TokenRequest
from letterbook.outgoing.drafts import take_version_back
from letterbook.outgoing.versions import versions_of

router = Router(tags=["outgoing emails"])


class VersionShown(Schema):
    """What a draft said as this version; addresses as they would be typed."""

    number: int = Field(validation_alias="version")
    replaced_at: datetime
    to: str
    cc: str
    bcc: str
    subject: str
    html: str


class VersionsShown(Schema):
    """The versions that are kept, the newest first."""

    items: list[VersionShown]


@router.get(
    "/outgoing-emails/{email_id}/versions",
    response=answers(VersionsShown),
    operation_id="list_draft_versions",
)
def get_versions(request: TokenRequest, email_id: UUID) -> VersionsShown:
    """What a draft of yours said before; empty for what is no draft."""
    email = find_outgoing(request.auth, email_id)
    kept = versions_of(request.auth, email)
    return VersionsShown(items=[VersionShown.from_orm(one) for one in kept])


@router.post(
    "/outgoing-emails/{email_id}/versions/{number}",
    response=answers(OutgoingInFull),
    operation_id="take_draft_version_back",
)
def post_version(request: TokenRequest, email_id: UUID, number: int) -> OutgoingInFull:
    """Let the draft say what it said as this version; what it says now becomes a version, too."""
    member = request.auth
    return act_once(
        request,
        lambda: take_version_back(
            member, find_outgoing(member, email_id), version=number, at=timezone.now()
        ),
    )
