"""Whom a token speaks for."""

from __future__ import annotations

from uuid import UUID

from ninja import Router, Schema

from letterbook.api.shapes import answers
from letterbook.api.tokens import TokenRequest

router = Router(tags=["me"])


class Me(Schema):
    """A person in a team."""

    user_id: UUID
    name: str
    email: str
    team_id: UUID
    team_name: str
    role: str


@router.get("/me", response=answers(Me), operation_id="get_me")
def get_me(request: TokenRequest) -> Me:
    """Whom this token speaks for, and in which team."""
    member = request.auth
    return Me(
        user_id=member.user_id,
        name=str(member.user),
        email=member.user.email,
        team_id=member.team_id,
        team_name=member.team.name,
        role=member.role,
    )
