"""Telling open pages that a line of a history changed: a private one only its writer's."""

from __future__ import annotations

from letterbook.teams.events import announce
from letterbook.timeline.models import Activity


def tell_of_line(activity: Activity, *, was_the_teams: bool = False) -> None:
    """Tell those who see it, or saw it until now."""
    is_own = activity.is_private and not was_the_teams
    announce(
        "activity",
        team_id=activity.team_id,
        row_id=activity.pk,
        user_id=activity.user_id if is_own else None,
    )
