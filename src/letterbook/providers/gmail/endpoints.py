"""Where Google listens, so that any compatible server can stand in for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GoogleEndpoints:
    """The four addresses that a mailbox needs; the defaults are Google's own."""

    auth_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, not a secret
    revoke_url: str = "https://oauth2.googleapis.com/revoke"
    api_url: str = "https://gmail.googleapis.com"

    @classmethod
    def at(cls, base_url: str) -> GoogleEndpoints:
        """Return the endpoints of a server that answers for all of Google at one address."""
        base = base_url.rstrip("/")
        return cls(
            auth_url=f"{base}/o/oauth2/v2/auth",
            token_url=f"{base}/token",
            revoke_url=f"{base}/revoke",
            api_url=base,
        )
