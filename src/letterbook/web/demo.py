"""In the demo, and only there: the first visitor from this machine is signed in as the sample team's owner."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse

from letterbook.teams.models import Membership, Role

_THIS_MACHINE = {"127.0.0.1", "::1"}


def signed_in_visitor(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Sign the visitor in unless they are. In MIDDLEWARE only with LETTERBOOK_DEMO."""

    def answer(request: HttpRequest) -> HttpResponse:
        is_page = request.method == "GET" and not request.path.startswith(
            ("/api/", "/accounts/", "/health/")
        )
        if (
            is_page
            and request.META.get("REMOTE_ADDR") in _THIS_MACHINE
            and not request.user.is_authenticated
        ):
            owner = (
                Membership.objects.filter(role=Role.OWNER)
                .select_related("user")
                .order_by("created_at")
                .first()
            )
            if owner is not None:
                login(request, owner.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return get_response(request)

    return answer
