"""Who is in a team."""

from __future__ import annotations

from letterbook.teams.models import Membership, User


def people_of(member: Membership) -> list[User]:
    """Return everyone in the member's team, the longest there first."""
    memberships = Membership.objects.filter(team_id=member.team_id).select_related("user")
    return [one.user for one in memberships.order_by("created_at", "id")]


def find_team_mate(member: Membership, user_id: str) -> Membership | None:
    """Return another person of the member's team by what a session says their id is; None for anybody else."""
    mates = Membership.objects.filter(team_id=member.team_id).select_related("user", "team")
    others = (one for one in mates if one.pk != member.pk)
    return next((one for one in others if str(one.user_id) == user_id), None)
