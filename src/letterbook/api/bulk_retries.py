"""Queueing many failed emails again with one request; each by itself, so that one that cannot go holds up none."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from letterbook.api.outgoing_finding import find_outgoing
from letterbook.api.repeating import once
from letterbook.api.shapes import Given, answers
from letterbook.api.tokens import TokenRequest
from letterbook.kit.refusals import NotFound, Refused
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.queueing import retry
from letterbook.teams.models import Membership

router = Router(tags=["outgoing emails"])


class ManyRetriesGiven(Given):
    """Which emails to queue again; one that may have been sent is never among those that go."""

    ids: list[UUID] = Field(min_length=1, max_length=500)


class Retried(Schema):
    """What became of one of them: its status now, and why it was not queued."""

    id: UUID
    status: str = Field(description="empty where there is no such email")
    refusal: str


class ManyRetriesShown(Schema):
    """All of them, in the order in which they were named."""

    items: list[Retried]


@router.post(
    "/outgoing-emails/retries",
    response=answers(ManyRetriesShown),
    operation_id="retry_outgoing_emails",
)
def post_retries(request: TokenRequest, given: ManyRetriesGiven) -> ManyRetriesShown:
    """Queue failed emails again, each by itself; says of each what became of it."""
    member, ids = request.auth, list(dict.fromkeys(given.ids))
    items = once(
        request,
        member,
        create=lambda: [_retry_one(member, one) for one in ids],
        find=lambda _: _as_they_are(member, ids),
        id_of=lambda _: ids[0],
        at=timezone.now(),
    )
    return ManyRetriesShown(items=items)


def _retry_one(member: Membership, email_id: UUID) -> Retried:
    try:
        with transaction.atomic():
            email = find_outgoing(member, email_id)
            retry(email, by=Actor.token(member), member=member, at=timezone.now())
    except NotFound as refused:
        return Retried(id=email_id, status="", refusal=str(refused))
    except Refused as refused:
        status = find_outgoing(member, email_id).status
        return Retried(id=email_id, status=status, refusal=str(refused))
    return Retried(id=email_id, status=email.status, refusal="")


def _as_they_are(member: Membership, ids: Sequence[UUID]) -> list[Retried]:
    found = OutgoingEmail.objects.visible_to(member).filter(pk__in=ids)
    statuses = dict(found.values_list("pk", "status"))
    return [Retried(id=one, status=statuses.get(one, ""), refusal="") for one in ids]
