"""Which team a page is of. Whoever is in several acts in one at a time, and may have pages of the others still open.

Every form says its page's team (the tag `csrf_token` writes it), and every request of a script does by a header. Where
that is no longer the team the person acts in, nothing is done, and the answer offers to do it in the page's team.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from letterbook.kit.refusals import Conflict
from letterbook.teams.models import Membership, Team
from letterbook.teams.people import memberships_of

TEAM_IN_SESSION = "team_id"
FIELD = "of_team"
HEADER = "X-Letterbook-Team"
# Posted with a form: act in this team from now on, and first of all do this there.
ACT_IN = "act_in"
_LEADS_ELSEWHERE = {"switch-team"}
_SAID_ANEW = {FIELD, ACT_IN, "csrfmiddlewaretoken"}


class OfAnotherTeam(Conflict):
    """The page is of `team`, None where that is none of the person's; they act in another, `now_in`."""

    def __init__(self, team: Team | None, *, now_in: Team) -> None:
        super().__init__(
            f"This page is of {team or 'another team'}, and you are in {now_in} now. Nothing was done.",
            way_out=f"Go on in {team}, or in {now_in}." if team else f"Go on in {now_in}.",
        )
        self.team = team
        self.now_in = now_in


@dataclass(frozen=True, slots=True)
class Posted:
    """A field of a form as it was posted."""

    name: str
    value: str


def act_where_asked(request: HttpRequest) -> None:
    """Let the person act from now on in the team that the posted form asks for, if any."""
    if request.method == "POST" and ACT_IN in request.POST:
        request.session[TEAM_IN_SESSION] = request.POST[ACT_IN]


def check_page_is_of(member: Membership, request: HttpRequest) -> None:
    """Raise `OfAnotherTeam` where the page that asks is of another team than the one the person acts in."""
    said = request.POST.get(FIELD) or request.headers.get(HEADER) or ""
    if said == str(member.team_id) or _may_say_nothing(request, said):
        return
    teams = {str(one.team_id): one.team for one in memberships_of(member.user)}
    # A form that says no team can only be meant for one by somebody who is in no other.
    if said or len(teams) > 1:
        raise OfAnotherTeam(teams.get(said), now_in=member.team)


def _may_say_nothing(request: HttpRequest, said: str) -> bool:
    name = request.resolver_match.url_name if request.resolver_match else ""
    return name in _LEADS_ELSEWHERE or (not said and request.method in {"GET", "HEAD"})


def show_of_another_team(request: HttpRequest, refused: OfAnotherTeam) -> HttpResponse:
    """Answer a request that was refused so: a page, a part of one or JSON, each with the way on that loses nothing."""
    context = {"refused": refused}
    if request.accepts("application/json") and not request.accepts("text/html"):
        notice = render_to_string("web/other_team/while_writing.html", context)
        message = f"not saved: this page is of {refused.team or 'another team'}"
        return JsonResponse({"message": message, "notice": notice}, status=409)
    if getattr(request, "htmx", False):
        answer = render(request, "web/other_team/notice.html", context, status=409)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#other-team", "innerHTML"
        return answer
    page = context | {"fields": _posted(request), "has_files": bool(request.FILES)}
    return render(request, "web/other_team/page.html", page, status=409)


def _posted(request: HttpRequest) -> list[Posted]:
    return [
        Posted(name, value)
        for name, values in request.POST.lists()
        if name not in _SAID_ANEW
        for value in values
    ]
