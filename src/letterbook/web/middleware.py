"""What every request passes: the content security policy, who is acting, and how an expected no is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject

from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound, NotNow, Refused
from letterbook.mailboxes.google import google_endpoints
from letterbook.teams.asked_once import forget_answers, remember_answers
from letterbook.teams.models import Membership
from letterbook.teams.people import memberships_of
from letterbook.web.looking import LOOKING_AS, look_through
from letterbook.web.page_team import TEAM_IN_SESSION, OfAnotherTeam, show_of_another_team
from letterbook.web.way_back import way_back

_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self' {google}; frame-ancestors 'self'"
)
_STATUS_OF: dict[type[Refused], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Conflict: 409,
    Invalid: 422,
    NotNow: 503,
}

Answer = Callable[[HttpRequest], HttpResponse]
AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponse]]


def _for_both(  # type: ignore[no-untyped-def]  # noqa: ANN202
    before: Callable[[HttpRequest], None], after: Callable[[HttpRequest, HttpResponse], None]
):
    """Make a middleware that runs natively under sync and async, so that event streams hold no thread."""

    def middleware(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
        if iscoroutinefunction(get_response):

            async def answer_async(request: HttpRequest) -> HttpResponse:
                before(request)
                response: HttpResponse = await get_response(request)
                after(request, response)
                return response

            return markcoroutinefunction(answer_async)

        def answer(request: HttpRequest) -> HttpResponse:
            before(request)
            response: HttpResponse = get_response(request)  # type: ignore[assignment]
            after(request, response)
            return response

        return answer

    middleware.async_capable = middleware.sync_capable = True  # type: ignore[attr-defined]
    return middleware


def _set_policy(_request: HttpRequest, response: HttpResponse) -> None:
    response.headers.setdefault("Content-Security-Policy", page_policy())
    # What is personal is kept by nobody: a copy would outlive the session, and the right to see it.
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")


def page_policy() -> str:
    """Return the content security policy of our own pages."""
    # Connecting a mailbox is a form whose answer leads to Google; browsers ask form-action about that too.
    parts = urlsplit(google_endpoints().auth_url)
    return _PAGE_POLICY.format(google=f"{parts.scheme}://{parts.netloc}")


def _nothing(_: HttpRequest) -> None:
    return None


def _attach_member(request: HttpRequest) -> None:
    request.member = SimpleLazyObject(lambda: find_member(request))  # type: ignore[attr-defined]


def _begin_reading(request: HttpRequest) -> None:
    _attach_member(request)
    # A page asks a dozen times who sees what. Whoever changes something must see the change.
    if request.method in {"GET", "HEAD"}:
        remember_answers()


def _see_other(request: HttpRequest, response: HttpResponse) -> None:
    # 302 leaves open whether the form is to be sent a second time; 303 says that what became of it is there to read.
    if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
        response.status_code = HTTPStatus.SEE_OTHER


def _say_that_it_is_no_page(request: HttpRequest, response: HttpResponse) -> None:
    # Who loads a page again that answered a form asks for the form's address. Browsers show an empty answer as a fault.
    is_looking = request.method == "GET" and response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    if is_looking and not response.content:
        response.content = render_to_string("405.html")


def _end_reading(_request: HttpRequest, _response: HttpResponse) -> None:
    # A stream goes on after this, and looks at rights anew every few seconds.
    forget_answers()


def find_member(request: HttpRequest, *, team: str = "") -> Membership | None:
    """Return the membership the signed-in person acts as: in that team, the one they chose, or their first."""
    if not request.user.is_authenticated:
        return None
    chosen = team or request.session.get(TEAM_IN_SESSION)
    members = memberships_of(request.user)
    found = next(
        (member for member in members if str(member.team_id) == chosen),
        members[0] if members else None,
    )
    return found and look_through(found, session_says=request.session.get(LOOKING_AS))


def status_of(refused: Refused) -> int:
    """Return the HTTP status of an expected no."""
    return next(_STATUS_OF[one] for one in type(refused).__mro__ if one in _STATUS_OF)


content_security_policy = _for_both(_nothing, _set_policy)
see_what_became = _for_both(_nothing, _see_other)
say_that_it_is_no_page = _for_both(_nothing, _say_that_it_is_no_page)
signed_in_member = _for_both(_begin_reading, _end_reading)


class show_refusals:  # noqa: N801 - named like the other entries of MIDDLEWARE
    """Show an expected no as a page (or, to htmx, a fragment) that says what to do next."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Answer | AsyncAnswer) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn a `Refused` into an answer; anything else is a bug and rises."""
        if not isinstance(exception, Refused):
            return None
        if isinstance(exception, OfAnotherTeam):
            return show_of_another_team(request, exception)
        status = status_of(exception)
        template = (
            "web/refused_fragment.html" if getattr(request, "htmx", False) else "web/refused.html"
        )
        context = {"refused": exception, "back": way_back(request)}
        return render(request, template, context, status=status)
