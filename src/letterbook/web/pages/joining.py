"""Following an invitation, and being in no team at all."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from letterbook.teams.joining import accept_invitation, find_invitation
from letterbook.web.accounts import INVITATION_IN_SESSION
from letterbook.web.page_team import TEAM_IN_SESSION
from letterbook.web.requests import render_page


def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what; whoever is signed in accepts by POST, others sign in or sign up first."""
    invitation = find_invitation(token, at=now())
    request.session[INVITATION_IN_SESSION] = token
    if request.method == "POST" and request.user.is_authenticated:
        member = accept_invitation(token, user=request.user, at=now())
        request.session[TEAM_IN_SESSION] = str(member.team_id)
        request.session.pop(INVITATION_IN_SESSION, None)
        messages.success(request, f"You are in {member.team.name} now.")
        return redirect("today")
    return render_page(request, "web/join.html", {"invitation": invitation})


@require_GET
def without_team(request: HttpRequest) -> HttpResponse:
    """Say what somebody who is in no team can do."""
    return render_page(request, "web/without_team.html", {}, status=200)
