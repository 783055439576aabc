"""What is done with an outgoing email: queue, move, cancel, retry, settle. A verb is a resource."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from ninja import Router

from letterbook.api.outgoing_finding import act_once, find_outgoing, show_now
from letterbook.api.outgoing_given import (
    MovingGiven,
    PrivacyGiven,
    QueueingGiven,
    RetryGiven,
    SettlingGiven,
)
from letterbook.api.outgoing_shapes import OutgoingInFull
from letterbook.api.shapes import answers
from letterbook.api.tokens import TokenRequest
from letterbook.outgoing.keeping_private import keep_private
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.queueing import (
    cancel,
    dismiss,
    queue_email,
    reschedule,
    resolve_as_sent,
    retry,
)

router = Router(tags=["outgoing emails"])


@router.post(
    "/outgoing-emails/{email_id}/queueing",
    response=answers(OutgoingInFull),
    operation_id="queue_outgoing_email",
)
def post_queueing(
    request: TokenRequest, email_id: UUID, given: QueueingGiven | None = None
) -> OutgoingInFull:
    """Hand a draft to the worker: it leaves after the undo time, and not before `send_at`."""
    member, when = request.auth, given or QueueingGiven()

    def queue() -> OutgoingEmail:
        email = find_outgoing(member, email_id)
        queue_email(
            email,
            by=Actor.token(member),
            member=member,
            send_at=when.send_at,
            version=when.version,
            even_if_unfilled=when.even_if_unfilled,
            at=timezone.now(),
        )
        return email

    return act_once(request, queue)


@router.put(
    "/outgoing-emails/{email_id}/queueing",
    response=answers(OutgoingInFull),
    operation_id="reschedule_outgoing_email",
)
def put_queueing(
    request: TokenRequest, email_id: UUID, given: MovingGiven | None = None
) -> OutgoingInFull:
    """Move a queued email to another time, or to now; refused once a worker began with it."""
    member = request.auth
    reschedule(
        find_outgoing(member, email_id),
        member=member,
        send_at=given.send_at if given else None,
        at=timezone.now(),
    )
    return show_now(member, email_id)


@router.delete(
    "/outgoing-emails/{email_id}/queueing",
    response=answers(OutgoingInFull),
    operation_id="cancel_outgoing_email",
)
def delete_queueing(request: TokenRequest, email_id: UUID) -> OutgoingInFull:
    """Make a queued email a draft again, unless it is being handed over already."""
    member = request.auth
    cancel(
        find_outgoing(member, email_id), by=Actor.token(member), member=member, at=timezone.now()
    )
    return show_now(member, email_id)


@router.put(
    "/outgoing-emails/{email_id}/privacy",
    response=answers(OutgoingInFull),
    operation_id="keep_outgoing_email_private",
)
def put_privacy(request: TokenRequest, email_id: UUID, given: PrivacyGiven) -> OutgoingInFull:
    """Keep an email of any status, and what answers it, from the team, or share it as its mailbox is."""
    member = request.auth
    email = find_outgoing(member, email_id)
    keep_private(member, email, is_private=given.is_private, at=timezone.now())
    return show_now(member, email_id)


@router.post(
    "/outgoing-emails/{email_id}/retries",
    response=answers(OutgoingInFull),
    operation_id="retry_outgoing_email",
)
def post_retry(
    request: TokenRequest, email_id: UUID, given: RetryGiven | None = None
) -> OutgoingInFull:
    """Queue a failed email again; one that may have been sent only with `even_if_unconfirmed`."""
    member = request.auth

    def send_again() -> OutgoingEmail:
        email = find_outgoing(member, email_id)
        retry(
            email,
            by=Actor.token(member),
            member=member,
            even_if_unconfirmed=bool(given and given.even_if_unconfirmed),
            at=timezone.now(),
        )
        return email

    return act_once(request, send_again)


@router.post(
    "/outgoing-emails/{email_id}/resolutions",
    response=answers(OutgoingInFull),
    operation_id="resolve_outgoing_email",
)
def post_resolution(request: TokenRequest, email_id: UUID, given: SettlingGiven) -> OutgoingInFull:
    """Settle a failed email: it was sent after all, or nothing more shall happen. Its status stays failed."""
    member = request.auth
    settle = resolve_as_sent if given.resolution == "sent" else dismiss

    def resolve() -> OutgoingEmail:
        email = find_outgoing(member, email_id)
        settle(email, member=member, by=Actor.token(member), at=timezone.now())
        return email

    return act_once(request, resolve)
