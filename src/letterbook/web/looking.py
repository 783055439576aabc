"""Looking as a team-mate: which pages show it, and what is refused meanwhile."""

from __future__ import annotations

from django.http import HttpRequest

from letterbook.kit.refusals import Conflict
from letterbook.teams.models import Membership
from letterbook.teams.people import find_team_mate

# The team-mate's user id, in the session of who looks.
LOOKING_AS = "looking_as"
# Pages that show what a team-mate would see. Every other is about oneself, and would only mislead.
_SHOWN = {
    "contacts", "contact", "conversation", "message", "letter-frame", "attachment", "file", "file-frame",
    "file-page", "search", "insights", "remote-picture",
}  # fmt: skip
_STOPPING = {"stop-looking", "switch-team"}


def look_through(member: Membership, *, session_says: str | None) -> Membership:
    """Give a member the eyes of the team-mate their session names, as long as that is one."""
    if session_says:
        member.looking_as = find_team_mate(member, session_says)
    return member


def check_only_looking(request: HttpRequest, member: Membership) -> None:
    """Raise `Conflict` for a page that changes something, or shows nothing of what a team-mate would see."""
    name = request.resolver_match.url_name if request.resolver_match else None
    if member.looking_as is None or name in _STOPPING:
        return
    if request.method not in {"GET", "HEAD"} or name not in _SHOWN:
        raise Conflict(
            f"You are looking as {member.looking_as.user}: nothing can be changed, and only contacts,"
            " conversations, search and insights are shown.",
            way_out="Stop looking as them first.",
        )
