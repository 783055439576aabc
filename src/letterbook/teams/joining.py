"""How people come into a team: founding one, being invited, accepting, changing roles, leaving."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify

from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.kit.secrets import digest_token, new_token
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Invitation, Membership, Role, Team, User
from letterbook.teams.second_wall import on_the_teams_behalf

INVITATION_LASTS = timedelta(days=7)


@transaction.atomic
def found_team(user: User, *, name: str, at: datetime) -> Membership:
    """Create a team with `user` as its owner and return that membership."""
    name = name.strip()
    if not name:
        raise Invalid("A team needs a name.", field="name")
    team = Team.objects.create(name=name, slug=_free_slug(name))
    member = Membership.objects.create(team=team, user=user, role=Role.OWNER)
    record_audit("team founded", team_id=team.id, user=user, at=at)
    return member


def _free_slug(name: str) -> str:
    wanted = slugify(name)[:50] or "team"
    taken = set(Team.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    if wanted not in taken:
        return wanted
    return next(slug for n in range(2, len(taken) + 3) if (slug := f"{wanted}-{n}") not in taken)


@transaction.atomic
def invite(member: Membership, *, email: str, role: str, at: datetime) -> str:
    """Create an invitation and return its token, which is shown once and kept nowhere."""
    _, token = create_invitation(member, email=email, role=role, at=at)
    return token


@transaction.atomic
def create_invitation(
    member: Membership, *, email: str, role: str, at: datetime
) -> tuple[Invitation, str]:
    """Create an invitation and return it with its token, which is shown once and kept nowhere."""
    if not member.may_administer:
        raise NotAllowed("Only an owner or admin can invite people.", way_out="Ask one of them.")
    _check_may_give(member, role)
    _check_is_no_member(member, email.strip())
    token = new_token("join")
    invitation = Invitation.objects.create(
        team_id=member.team_id,
        email=email.strip(),
        role=role,
        token_digest=digest_token(token),
        invited_by=member.user,
        expires_at=at + INVITATION_LASTS,
    )
    _record_invitation(member, "invited", invitation, at=at)
    return invitation, token


@transaction.atomic
def renew_invitation(member: Membership, *, invitation_id: UUID, at: datetime) -> str:
    """Give an unanswered invitation a new token, shown once, and seven more days; the old one ends at once.

    Raises `NotFound` when there is none such for this person to renew.
    """
    unanswered = Invitation.objects.visible_to(member).unanswered()
    invitation = unanswered.select_for_update().filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound("There is no such invitation.", way_out="Invite them anew.")
    _check_may_give(member, invitation.role)
    _check_is_no_member(member, invitation.email)
    token = new_token("join")
    invitation.token_digest, invitation.expires_at = digest_token(token), at + INVITATION_LASTS
    invitation.save(update_fields=["token_digest", "expires_at"])
    _record_invitation(member, "invitation renewed", invitation, at=at)
    return token


def _check_may_give(member: Membership, role: str) -> None:
    if role not in Role.values or (role == Role.OWNER and member.role != Role.OWNER):
        raise Invalid("That role cannot be given.", field="role")


def _check_is_no_member(member: Membership, email: str) -> None:
    if Membership.objects.filter(team_id=member.team_id, user__email__iexact=email).exists():
        raise Conflict(f"{email} is already in this team.", field="email")


def _record_invitation(
    member: Membership, what: str, invitation: Invitation, *, at: datetime
) -> None:
    record_audit(
        what,
        team_id=member.team_id,
        user=member.user,
        at=at,
        email=invitation.email,
        role=invitation.role,
    )


@transaction.atomic
def revoke_invitation(member: Membership, *, invitation_id: UUID, at: datetime) -> None:
    """Withdraw an unanswered invitation; raise `NotFound` when there is none such for this person to withdraw."""
    mine = Invitation.objects.visible_to(member).unanswered().filter(pk=invitation_id)
    if mine.update(revoked_at=at) != 1:
        raise NotFound("There is no such open invitation.")
    record_audit("invitation withdrawn", team_id=member.team_id, user=member.user, at=at)


def find_invitation(token: str, *, at: datetime) -> Invitation:
    """Return the open invitation this token belongs to; raise `NotFound` for anything else."""
    found = (
        Invitation.objects.open(at=at)
        .filter(token_digest=digest_token(token))
        .select_related("team")
        .first()
    )
    if found is None:
        raise NotFound(
            "This invitation was used, withdrawn or is older than seven days.",
            way_out="Ask whoever invited you for a new link.",
        )
    return found


@transaction.atomic
def accept_invitation(token: str, *, user: User, at: datetime) -> Membership:
    """Make `user` a member of the inviting team; the invitation is then used up."""
    invitation = find_invitation(token, at=at)
    if invitation.email.casefold() != user.email.casefold():
        raise NotAllowed(
            "This invitation is for another address.",
            way_out=f"Sign in as {invitation.email}, or ask for an invitation to your own address.",
        )
    # The row is taken only if nobody else took it in the meantime.
    taken = (
        Invitation.objects.open(at=at)
        .filter(pk=invitation.pk)
        .update(accepted_at=at, accepted_by=user)
    )
    if taken != 1:
        raise Conflict("This invitation was used a moment ago.")
    member, _ = Membership.objects.get_or_create(
        team=invitation.team, user=user, defaults={"role": invitation.role}
    )
    record_audit("joined", team_id=invitation.team_id, user=user, at=at, role=member.role)
    return member


@transaction.atomic
def change_role(member: Membership, *, target: Membership, role: str, at: datetime) -> None:
    """Give a team-mate another role. The last owner stays owner."""
    _check_may_change(member, target)
    if role not in Role.values or (Role.OWNER in {role, target.role} and member.role != Role.OWNER):
        raise NotAllowed("Only an owner can make or unmake owners.")
    if target.role == Role.OWNER and role != Role.OWNER:
        _check_another_owner(target)
    target.role = role
    target.save(update_fields=["role"])
    record_audit(
        "role changed",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("user", target.user_id),
        role=role,
    )


@transaction.atomic
def remove_member(member: Membership, *, target: Membership, at: datetime) -> None:
    """End a membership, one's own or a team-mate's; what else that means is in `outgoing.leaving`."""
    check_may_remove(member, target)
    record_audit(
        "left" if member.pk == target.pk else "member removed",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("user", target.user_id),
    )
    # With their tokens and templates, which are nobody else's to see.
    with on_the_teams_behalf():
        target.delete()


@transaction.atomic
def check_may_remove(member: Membership, target: Membership) -> None:
    """Raise `NotFound`, `NotAllowed` or `Conflict` where this membership cannot be ended by this person."""
    if member.pk != target.pk:
        _check_may_change(member, target)
        if target.role == Role.OWNER and member.role != Role.OWNER:
            raise NotAllowed("Only an owner can remove an owner.")
    if target.role == Role.OWNER:
        _check_another_owner(target)


def _check_may_change(member: Membership, target: Membership) -> None:
    if target.team_id != member.team_id:
        raise NotFound("There is no such person in this team.")
    if not member.may_administer:
        raise NotAllowed("Only an owner or admin can change who is in the team.")


def _check_another_owner(target: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(team_id=target.team_id, role=Role.OWNER)
    if not any(owner.pk != target.pk for owner in owners):
        raise Conflict(
            "A team keeps at least one owner.", way_out="Make somebody else an owner first."
        )
