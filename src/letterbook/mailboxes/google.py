"""This installation as Google knows it, from the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

import httpx
from django.conf import settings
from django.db import connection
from django.utils import timezone

from letterbook.kit.refusals import NotNow
from letterbook.providers.gmail.client import GmailMailbox
from letterbook.providers.gmail.endpoints import GoogleEndpoints
from letterbook.providers.gmail.oauth import GoogleClient
from letterbook.providers.gmail.tokens import AccessTokens
from letterbook.providers.gmail.transport import open_transport


def google_client(*, clock: Callable[[], datetime] = timezone.now) -> GoogleClient:
    """Return the OAuth client of this installation; where it is not registered, Google will say so."""
    return GoogleClient(
        client_id=settings.GOOGLE_CLIENT_ID,
        client_secret=settings.GOOGLE_CLIENT_SECRET,
        endpoints=google_endpoints(),
        transport=google_transport(),
        clock=clock,
    )


def gmail_client(
    tokens: AccessTokens,
    *,
    clock: Callable[[], datetime] = timezone.now,
    longest: float = float("inf"),
) -> GmailMailbox:
    """Return a client for the mailbox that `tokens` open; no request of it takes more than `longest` seconds."""
    return GmailMailbox(
        tokens=tokens,
        api_url=google_endpoints().api_url,
        transport=google_transport() or gmail_transport(google_endpoints().api_url),
        clock=clock,
        longest=longest,
    )


def check_google_is_configured() -> None:
    """Raise `NotNow` while this installation has no client at Google, saying what an admin must set."""
    if settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET:
        return
    raise NotNow(
        "This Letterbook is not registered with Google yet, so no mailbox can be connected.",
        way_out=(
            "An admin of this server creates an OAuth client at console.cloud.google.com with the redirect address "
            f"{redirect_uri()} and sets LETTERBOOK_GOOGLE_CLIENT_ID and LETTERBOOK_GOOGLE_CLIENT_SECRET."
        ),
        code="google_not_configured",
    )


def redirect_uri() -> str:
    """Return where Google sends people back to; it must be registered there letter by letter."""
    return f"{settings.BASE_URL}/mailboxes/connected"


def google_endpoints() -> GoogleEndpoints:
    """Return the configured endpoints; what is not configured is Google's own."""
    google = GoogleEndpoints()
    return GoogleEndpoints(
        auth_url=settings.GOOGLE_AUTH_URL or google.auth_url,
        token_url=settings.GOOGLE_TOKEN_URL or google.token_url,
        revoke_url=settings.GOOGLE_REVOKE_URL or google.revoke_url,
        api_url=settings.GMAIL_API_URL or google.api_url,
    )


def google_transport() -> httpx.BaseTransport | None:
    """Return the transport that tests put in Google's place, None outside them."""
    transport: httpx.BaseTransport | None = getattr(settings, "GOOGLE_TRANSPORT", None)
    return transport


@cache
def gmail_transport(url: str) -> httpx.BaseTransport:
    """Return the one transport of this process to Gmail: a connection that one mailbox used serves the next."""
    return _WithoutDatabase(open_transport(url))


class _WithoutDatabase(httpx.BaseTransport):
    """While Gmail thinks, this thread's database connection is for others: a worker waits for it most of the time."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not connection.in_atomic_block:
            connection.close()
        return self._inner.handle_request(request)
