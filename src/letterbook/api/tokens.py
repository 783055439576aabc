"""Who is asking: a program with a member's token. A browser's session is not enough, so no page can be made to ask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from letterbook.teams.models import Membership
from letterbook.teams.second_wall import seen_by
from letterbook.teams.tokens import member_for_token

Answer = TypeVar("Answer")


class TokenRequest(HttpRequest):
    """A request whose token was recognised: `auth` is whom it speaks for."""

    auth: Membership


class BearerToken(HttpBearer):
    """Recognises `Authorization: Bearer <token>`."""

    def authenticate(self, request: HttpRequest, token: str) -> Membership | None:
        """Return the member this token speaks for, None when it is unknown, revoked or theirs no more."""
        member = member_for_token(token, at=timezone.now())
        if member is not None:
            request.until_answered.enter_context(seen_by(member))  # type: ignore[attr-defined]
        return member


def answered_behind_the_wall(run: Callable[..., Answer]) -> Callable[..., Answer]:
    """Let whoever is recognised while a request is answered see no more than is theirs until it is."""

    @wraps(run)
    def answer(
        request: HttpRequest, **path: Any
    ) -> Answer:  # whatever the path of the endpoint holds
        with ExitStack() as request.until_answered:  # type: ignore[attr-defined]
            return run(request, **path)

    return answer


class BearerTokenWhileStreaming(HttpBearer):
    """The same for an asynchronous endpoint."""

    async def authenticate(self, request: HttpRequest, token: str) -> Membership | None:  # noqa: ARG002 - ninja's signature
        """Return the member this token speaks for, None when it is unknown, revoked or theirs no more."""
        return await sync_to_async(member_for_token)(token, at=timezone.now())


def token_of(request: HttpRequest) -> str:
    """Return the token a recognised request came with."""
    return request.headers["Authorization"].partition(" ")[2]
