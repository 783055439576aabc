"""Looking at what one may see as a team-mate would see it; nothing can be changed meanwhile."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from letterbook.kit.refusals import NotFound
from letterbook.teams.people import find_team_mate
from letterbook.web.looking import LOOKING_AS
from letterbook.web.requests import MemberRequest, member_required
from letterbook.web.way_back import way_back


@require_POST
@member_required
def look_as(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Look as a team-mate from now on, until one stops or signs out."""
    if find_team_mate(request.member, str(pk)) is None:
        raise NotFound("There is no such team-mate.")
    request.session[LOOKING_AS] = str(pk)
    return redirect("contacts")


@require_POST
@member_required
def stop_looking(request: MemberRequest) -> HttpResponse:
    """See again with one's own eyes."""
    request.session.pop(LOOKING_AS, None)
    return redirect(way_back(request) or "team")
