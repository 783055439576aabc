"""The team's mailboxes, how they fare, and asking one for its new mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from letterbook.api.shapes import Given, TeamMate, Text, answers, team_mate
from letterbook.api.tokens import TokenRequest
from letterbook.incoming.requesting import request_retrieval
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.health import HEALTH_RELATED, describe
from letterbook.mailboxes.models import Mailbox, MailboxQuerySet
from letterbook.mailboxes.owning import check_owner
from letterbook.outgoing.pausing import pause_queue, resume_queue
from letterbook.teams.models import Membership

router = Router(tags=["mailboxes"])


class HealthShown(Schema):
    """How a mailbox fares: one word, why, and what to do about it."""

    word: str
    reason: str
    what_to_do: str
    level: str = Field(description="good, busy, resting, warning or bad")
    until: datetime | None


class SendingShown(Schema):
    """Whether a mailbox's queue goes on: paused by whom and why, or held back by Gmail's limit."""

    is_paused: bool
    reason: str
    paused_at: datetime | None
    paused_by: TeamMate | None
    limited_until: datetime | None


class PauseGiven(Given):
    """Why nothing shall leave; the team sees it."""

    reason: Text = Field(default="", max_length=2_000)


class MailboxShown(Schema):
    """One connected account."""

    id: UUID
    address: str
    kind: str
    owner: TeamMate | None
    sharing: str = Field(description="how much the team sees: private, metadata, subject or full")
    policy: str = Field(description="whose mail is stored: known, written_to or everyone")
    is_removed_mail_hidden: bool = Field(description="whether what is deleted at Gmail is hidden")
    state: str
    health: HealthShown
    sending: SendingShown
    connected_at: datetime | None
    retrieved_at: datetime | None


class MailboxList(Schema):
    """All mailboxes of the team; there are few, so they come at once."""

    items: list[MailboxShown]
    next_cursor: str = ""


@router.get("/mailboxes", response=answers(MailboxList), operation_id="list_mailboxes")
def get_mailboxes(request: TokenRequest) -> MailboxList:
    """The team's mailboxes by address."""
    found = _visible(request.auth).order_by("address_key", "pk")
    return MailboxList(items=[_shown(one) for one in found])


@router.get("/mailboxes/{mailbox_id}", response=answers(MailboxShown), operation_id="get_mailbox")
def get_mailbox(request: TokenRequest, mailbox_id: UUID) -> MailboxShown:
    """One mailbox."""
    return _shown(find_mailbox(request.auth, mailbox_id))


@router.post(
    "/mailboxes/{mailbox_id}/retrievals",
    response=answers(MailboxShown, status=202),
    operation_id="request_retrieval",
)
def post_retrieval(request: TokenRequest, mailbox_id: UUID) -> Status[MailboxShown]:
    """Ask for this mailbox's new mail now; one that waits already will do, so asking twice does no harm."""
    mailbox = find_own_mailbox(request.auth, mailbox_id)
    request_retrieval(mailbox, at=timezone.now())
    return Status(202, _shown(mailbox))


@router.put(
    "/mailboxes/{mailbox_id}/sending-pause",
    response=answers(MailboxShown),
    operation_id="pause_sending",
)
def put_sending_pause(
    request: TokenRequest, mailbox_id: UUID, given: PauseGiven | None = None
) -> MailboxShown:
    """Let nothing leave from this mailbox until sending is resumed; its owner and the team's admins may."""
    mailbox = find_mailbox(request.auth, mailbox_id)
    reason = given.reason if given else ""
    pause_queue(request.auth, mailbox, reason=reason, at=timezone.now())
    return _shown(find_mailbox(request.auth, mailbox_id))


@router.delete(
    "/mailboxes/{mailbox_id}/sending-pause",
    response=answers(MailboxShown),
    operation_id="resume_sending",
)
def delete_sending_pause(request: TokenRequest, mailbox_id: UUID) -> MailboxShown:
    """Let what is queued leave again, at once."""
    mailbox = find_mailbox(request.auth, mailbox_id)
    resume_queue(request.auth, mailbox, at=timezone.now())
    return _shown(find_mailbox(request.auth, mailbox_id))


def find_mailbox(member: Membership, mailbox_id: UUID) -> Mailbox:
    """Return a mailbox of the member's team; raise `NotFound`."""
    found = _visible(member).filter(pk=mailbox_id).first()
    if found is None:
        raise NotFound("There is no such mailbox.")
    return found


def find_own_mailbox(member: Membership, mailbox_id: UUID) -> Mailbox:
    """Return one of the member's own mailboxes; raise `NotFound`, or `NotAllowed` for a team-mate's."""
    mailbox = find_mailbox(member, mailbox_id)
    check_owner(member, mailbox)
    return mailbox


def _visible(member: Membership) -> MailboxQuerySet:
    mailboxes = Mailbox.objects.visible_to(member)
    return mailboxes.select_related(*HEALTH_RELATED)


def _shown(mailbox: Mailbox) -> MailboxShown:
    return MailboxShown(
        id=mailbox.pk,
        address=mailbox.address,
        kind=mailbox.kind,
        owner=team_mate(mailbox.owner),
        sharing=mailbox.get_sharing_display().lower(),
        policy=mailbox.policy,
        is_removed_mail_hidden=mailbox.is_removed_mail_hidden,
        state=mailbox.state,
        health=HealthShown.from_orm(describe(mailbox, at=timezone.now())),
        sending=SendingShown(
            is_paused=mailbox.is_sending_paused,
            reason=mailbox.sending_paused_reason,
            paused_at=mailbox.sending_paused_at,
            paused_by=team_mate(mailbox.sending_paused_by),
            limited_until=mailbox.sending_limited_until,
        ),
        connected_at=mailbox.connected_at,
        retrieved_at=mailbox.retrieved_at,
    )
