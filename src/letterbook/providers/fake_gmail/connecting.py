"""A ready client for a fake mailbox, as if its owner had just connected it."""

from __future__ import annotations

import httpx

from letterbook.providers.fake_gmail.in_process import FakeTransport
from letterbook.providers.fake_gmail.state import CLIENT_ID, CLIENT_SECRET
from letterbook.providers.fake_gmail.world import FakeGmail
from letterbook.providers.gmail.client import GmailMailbox
from letterbook.providers.gmail.endpoints import GoogleEndpoints
from letterbook.providers.gmail.oauth import GoogleClient


class RefreshingTokens:
    """Keeps one grant's tokens in memory and refreshes them at the fake Google."""

    def __init__(self, google: GoogleClient, *, access_token: str, refresh_token: str) -> None:
        self._google = google
        self._access_token = access_token
        self._refresh_token = refresh_token

    def access_token(self) -> str:
        return self._access_token

    def refresh_now(self, rejected: str) -> str:
        """Return another access token; raise `AccessRevoked` once the grant has ended."""
        if rejected == self._access_token:
            self._access_token = self._google.refresh(self._refresh_token).access_token
        return self._access_token


def open_mailbox(
    world: FakeGmail,
    address: str,
    *,
    base_url: str = "",
    transport: httpx.BaseTransport | None = None,
) -> GmailMailbox:
    """Return a client for `address`: in this process, or over HTTP where a base URL is given."""
    if transport is None and not base_url:
        transport = FakeTransport(world)
    endpoints = GoogleEndpoints.at(base_url) if base_url else GoogleEndpoints()
    grant = world.grant(address)
    tokens = RefreshingTokens(
        GoogleClient(CLIENT_ID, CLIENT_SECRET, endpoints, transport),
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
    )
    return GmailMailbox(
        tokens=tokens, api_url=endpoints.api_url, transport=transport, clock=world.now
    )
