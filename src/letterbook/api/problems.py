"""Errors as problem details (RFC 9457): what is the matter, what to do next, which field it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound, NotNow, Refused

MEDIA_TYPE = "application/problem+json"

_ANSWERS: dict[type[Refused], tuple[int, str]] = {
    NotAllowed: (403, "Not allowed"),
    NotFound: (404, "Not found"),
    Conflict: (409, "Conflict"),
    Invalid: (422, "Cannot be used"),
    NotNow: (503, "Not now"),
}


class Problem(Schema):
    """Why a request was refused; `way_out` says what to do next, `field` which input it is about."""

    type: str
    title: str
    status: int
    detail: str
    way_out: str
    field: str


@dataclass(frozen=True, slots=True)
class _Problem:
    type: str
    title: str
    status: int
    detail: str
    way_out: str = ""
    field: str = ""


def answer_with_problems(api: NinjaAPI) -> None:
    """Let every expected no of this API be answered as problem details; anything else is a bug and rises."""
    api.add_exception_handler(Refused, _answering(_refused))
    api.add_exception_handler(ValidationError, _answering(_not_valid))
    api.add_exception_handler(AuthenticationError, _answering(_not_signed_in))
    api.add_exception_handler(HttpError, _answering(_unreadable))
    api.add_exception_handler(Http404, _answering(_nowhere))
    for broken in (MultiPartParserError, SuspiciousOperation):
        api.add_exception_handler(broken, _answering(_broken_form))


# Any: an error of the kind the description is registered for; ninja's own type allows classes of errors too.
def _answering(describe: Callable[[Any], _Problem]) -> Callable[[HttpRequest, Any], HttpResponse]:
    def answer(_: HttpRequest, error: Any) -> HttpResponse:
        problem = describe(error)
        response = HttpResponse(
            json.dumps(asdict(problem)), content_type=MEDIA_TYPE, status=problem.status
        )
        if problem.status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = 'Bearer realm="Letterbook"'
        return response

    return answer


def _refused(refused: Refused) -> _Problem:
    kind = next(one for one in type(refused).__mro__ if one in _ANSWERS)
    status, title = _ANSWERS[kind]
    return _Problem(
        _type(refused.code), title, status, refused.message, refused.way_out, refused.field
    )


def _not_valid(error: ValidationError) -> _Problem:
    first = error.errors[0]
    detail = str(first.get("msg", "Not valid")).removeprefix("Value error, ")
    field = ".".join(str(step) for step in _inside(first.get("loc", ())))
    return _Problem(
        _type("Invalid"), "Cannot be used", 422, detail, "Compare with openapi.json.", field
    )


def _inside(place: Any) -> tuple[Any, ...]:  # ninja: ("body", name of the parameter, field, …)
    where, *steps = place or ("",)
    return tuple(steps[1:] if where == "body" else steps)


def _not_signed_in(_: AuthenticationError) -> _Problem:
    return _Problem(
        _type("NotSignedIn"),
        "Not signed in",
        HTTPStatus.UNAUTHORIZED,
        "There is no valid token in the Authorization header.",
        "Send Authorization: Bearer <token>; create one under Settings.",
    )


def _unreadable(error: HttpError) -> _Problem:
    return _Problem(
        _type("Unreadable"),
        "Unreadable",
        error.status_code,
        "The body is not JSON, or too large.",
        "Send a JSON object.",
    )


def _broken_form(_: MultiPartParserError | SuspiciousOperation) -> _Problem:
    return _Problem(
        _type("Unreadable"),
        "Unreadable",
        HTTPStatus.BAD_REQUEST,
        "The form cannot be read: a part of it is cut off, or a name in it is too long.",
        "Send it again; a file's name may have 200 characters.",
    )


def _nowhere(_: Http404) -> _Problem:
    return _refused(NotFound("There is nothing here."))


def _type(code: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", "-", code).lower()
    return f"urn:letterbook:problem:{words}"
