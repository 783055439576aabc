"""The team: its people and their roles, whom it invited, and leaving it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from letterbook.api.repeating import once
from letterbook.api.shapes import Given, TeamMate, Text, answers, team_mate
from letterbook.api.tokens import TokenRequest
from letterbook.kit.refusals import NotFound
from letterbook.outgoing.leaving import Leaving, leave_team, preview_leaving
from letterbook.teams import joining
from letterbook.teams.models import Invitation, Membership

router = Router(tags=["team"])
RoleGiven = Literal["owner", "admin", "member"]


class MemberShown(Schema):
    """Somebody in the team; `id` is their membership's, `user.id` their own."""

    id: UUID
    user: TeamMate | None
    email: str
    role: str
    joined_at: datetime


class RoleChange(Given):
    """The role that somebody is to have."""

    role: RoleGiven


class InvitationGiven(Given):
    """Whom to invite as what."""

    email: Text = Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")
    role: RoleGiven = "member"


class InvitationShown(Schema):
    """An invitation that nobody accepted yet."""

    id: UUID
    email: str
    role: str
    invited_by: TeamMate | None
    created_at: datetime
    expires_at: datetime
    link: str = Field(
        default="", description="told once, to whoever made or renewed it; send it to them"
    )


class LeavingMailboxShown(Schema):
    """A mailbox of somebody who leaves; the numbers are told to its owner alone."""

    id: UUID
    address: str
    stored_emails: int
    queued_emails: int


class LeavingShown(Schema):
    """What the end of a membership means; what nobody else sees is counted for oneself alone."""

    member: MemberShown
    mailboxes: list[LeavingMailboxShown]
    contacts: int = Field(description="whose owner they are")
    tasks: int
    private_activities: int = Field(description="that nobody sees any more")
    drafts: int
    templates: int
    tokens: int


class LeavingGiven(Given):
    """What becomes of what somebody leaves behind."""

    erased_mailbox_ids: list[UUID] = Field(
        default=[], max_length=200, description="mailboxes of one's own whose stored mail goes"
    )
    successor_id: UUID | None = Field(
        default=None, description="the membership that goes on with contacts and tasks"
    )


@router.get("/team/members", response=answers(list[MemberShown]), operation_id="list_team_members")
def get_members(request: TokenRequest) -> list[MemberShown]:
    """Who is in the team, who was first at the top."""
    return [_show_member(one) for one in _team_of(request.auth).order_by("created_at", "id")]


@router.patch(
    "/team/members/{member_id}", response=answers(MemberShown), operation_id="change_role"
)
def patch_member(request: TokenRequest, member_id: UUID, change: RoleChange) -> MemberShown:
    """Give somebody another role; the last owner stays owner. For those who administer the team."""
    target = _find(request.auth, member_id)
    joining.change_role(request.auth, target=target, role=change.role, at=timezone.now())
    return _show_member(target)


@router.get(
    "/team/members/{member_id}/leaving",
    response=answers(LeavingShown),
    operation_id="preview_leaving",
)
def get_leaving(request: TokenRequest, member_id: UUID) -> LeavingShown:
    """What it means that somebody leaves; nothing is changed."""
    return _show_leaving(preview_leaving(request.auth, _find(request.auth, member_id)))


@router.put(
    "/team/members/{member_id}/leaving",
    response=answers(None, status=204),
    operation_id="leave_team",
)
def put_leaving(request: TokenRequest, member_id: UUID, given: LeavingGiven) -> Status[None]:
    """Leave the team, or take somebody out of it: their mailboxes are disconnected, their mail stays unless erased."""
    leave_team(
        request.auth,
        _find(request.auth, member_id),
        at=timezone.now(),
        erased=given.erased_mailbox_ids,
        successor_id=given.successor_id,
    )
    return Status(204, None)


@router.get(
    "/team/invitations",
    response=answers(list[InvitationShown]),
    operation_id="list_invitations",
)
def get_invitations(request: TokenRequest) -> list[InvitationShown]:
    """Whom the team invited and who has not come yet; empty for those who do not administer it."""
    unanswered = Invitation.objects.visible_to(request.auth).unanswered()
    newest = unanswered.select_related("invited_by").order_by("-created_at", "-id")
    return [_show_invitation(one) for one in newest]


@router.post(
    "/team/invitations",
    response=answers(InvitationShown, status=201),
    operation_id="create_invitation",
)
def post_invitation(request: TokenRequest, given: InvitationGiven) -> Status[InvitationShown]:
    """Invite somebody: the answer has the link to send them, which an answer to a repeated request has not."""
    tokens: dict[UUID, str] = {}

    def invite() -> Invitation:
        invitation, token = joining.create_invitation(
            request.auth, email=given.email, role=given.role, at=timezone.now()
        )
        tokens[invitation.pk] = token
        return invitation

    invitation = once(
        request,
        request.auth,
        create=invite,
        find=lambda invitation_id: _find_invitation(request.auth, invitation_id),
        id_of=lambda one: one.pk,
        at=timezone.now(),
    )
    return Status(201, _show_invitation(invitation, token=tokens.get(invitation.pk, "")))


@router.put(
    "/team/invitations/{invitation_id}/link",
    response=answers(InvitationShown),
    operation_id="renew_invitation",
)
def put_link(request: TokenRequest, invitation_id: UUID) -> InvitationShown:
    """Make a new link for somebody who has not come yet, for seven days; the old one ends at once."""
    token = joining.renew_invitation(request.auth, invitation_id=invitation_id, at=timezone.now())
    return _show_invitation(_find_invitation(request.auth, invitation_id), token=token)


@router.delete(
    "/team/invitations/{invitation_id}",
    response=answers(None, status=204),
    operation_id="revoke_invitation",
)
def delete_invitation(request: TokenRequest, invitation_id: UUID) -> Status[None]:
    """Withdraw an invitation: its link ends at once."""
    joining.revoke_invitation(request.auth, invitation_id=invitation_id, at=timezone.now())
    return Status(204, None)


def _team_of(member: Membership) -> QuerySet[Membership]:
    return Membership.objects.filter(team_id=member.team_id).select_related("user")


def _find(member: Membership, member_id: UUID) -> Membership:
    found = _team_of(member).filter(pk=member_id).first()
    if found is None:
        raise NotFound("There is no such person in this team.")
    return found


def _find_invitation(member: Membership, invitation_id: UUID) -> Invitation:
    invitations = Invitation.objects.visible_to(member).select_related("invited_by")
    found = invitations.filter(pk=invitation_id).first()
    if found is None:
        raise NotFound("There is no such invitation.")
    return found


def _show_member(member: Membership) -> MemberShown:
    return MemberShown(
        id=member.pk,
        user=team_mate(member.user),
        email=member.user.email,
        role=member.role,
        joined_at=member.created_at,
    )


def _show_invitation(invitation: Invitation, *, token: str = "") -> InvitationShown:
    return InvitationShown(
        id=invitation.pk,
        email=invitation.email,
        role=invitation.role,
        invited_by=team_mate(invitation.invited_by),
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        link=f"{settings.BASE_URL}/join/{token}" if token else "",
    )


def _show_leaving(leaving: Leaving) -> LeavingShown:
    return LeavingShown(
        member=_show_member(leaving.target),
        mailboxes=[
            LeavingMailboxShown(
                id=one.mailbox.pk,
                address=one.mailbox.address,
                stored_emails=one.stored,
                queued_emails=one.queued,
            )
            for one in leaving.mailboxes
        ],
        contacts=leaving.contacts,
        tasks=leaving.tasks,
        private_activities=leaving.private_lines,
        drafts=leaving.drafts,
        templates=leaving.templates,
        tokens=leaving.tokens,
    )
