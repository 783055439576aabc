"""Requests of people who are signed in and act in a team."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from letterbook.kit.refusals import NotFound
from letterbook.teams.models import Membership, User
from letterbook.teams.second_wall import seen_by
from letterbook.web.accounts import is_first_start
from letterbook.web.looking import check_only_looking
from letterbook.web.other_team_links import offer_to_go_there, team_of_what_is_asked
from letterbook.web.page_team import act_where_asked, check_page_is_of
from letterbook.web.way_back import way_back

Rest = ParamSpec("Rest")


class MemberRequest(HttpRequest):
    """A request whose `member` is known: what `member_required` hands to a view."""

    member: Membership
    user: User
    htmx: HtmxDetails


def member_required(
    view: Callable[Concatenate[MemberRequest, Rest], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]:
    """Let a view run only for somebody who is signed in and in a team; others are led there."""

    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs
    ) -> HttpResponseBase:
        if not request.user.is_authenticated:
            if is_first_start():
                return redirect("account_signup")
            return _ask_to_sign_in(request)
        act_where_asked(request)
        if not request.member:  # type: ignore[attr-defined]  # set by middleware.signed_in_member, lazily
            return redirect("without-team")
        check_page_is_of(request.member, request)  # type: ignore[attr-defined]
        check_only_looking(request, request.member)  # type: ignore[attr-defined]
        try:
            with timezone.override(request.user.time_zone or None), seen_by(request.member):  # type: ignore[attr-defined]
                return view(request, *args, **kwargs)  # type: ignore[arg-type]
        except (NotFound, Http404):
            member: Membership = request.member  # type: ignore[attr-defined]
            if (team := team_of_what_is_asked(request, member)) is None:
                raise
            return offer_to_go_there(request, team, now_in=member.team)

    return guarded


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the page of signing in, and from there back to what was asked, or to where something was pressed."""
    if request.method in {"GET", "HEAD"}:
        return redirect_to_login(request.get_full_path())
    # Scripts ask for themselves, time and again: to them nobody pressed.
    if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        told = "You were signed out, so nothing was done. Sign in, and press once more."
        messages.warning(request, told)
    return redirect_to_login(way_back(request) or reverse("today"))


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    fragment: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render a page or, when htmx asks for a part of it, only the fragment's template with the same context."""
    is_part = bool(fragment) and bool(getattr(request, "htmx", False)) and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, fragment if is_part else template, context, status=status)
