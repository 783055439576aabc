"""Who is in a team."""

from __future__ import annotations

from letterbook.teams.asked_once import asked_once
from letterbook.teams.models import Membership, User


@asked_once
def people_of(member: Membership) -> list[User]:
    """Return everyone in the member's team, the longest there first."""
    memberships = Membership.objects.filter(team_id=member.team_id).select_related("user")
    return [one.user for one in memberships.order_by("created_at", "id")]


@asked_once
def memberships_of(user: User) -> list[Membership]:
    """Return a person's place in each of their teams, the one they are in longest first."""
    mine = Membership.objects.filter(user=user).select_related("team", "user")
    return list(mine.order_by("created_at", "id"))


def find_team_mate(member: Membership, user_id: str) -> Membership | None:
    """Return another person of the member's team by what a session says their id is; None for anybody else."""
    mates = Membership.objects.filter(team_id=member.team_id).select_related("user", "team")
    others = (one for one in mates if one.pk != member.pk)
    return next((one for one in others if str(one.user_id) == user_id), None)
