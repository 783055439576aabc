"""The tokens that open a mailbox. None of them is ever shown by `repr`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TokenSet:
    """What Google granted: a short-lived access token, the lasting refresh token, and the scopes."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: frozenset[str]


class AccessTokens(Protocol):
    """Where a mailbox client gets its access token; keeping and locking them is the caller's business."""

    def access_token(self) -> str:
        """Return an access token that should be valid now."""

    def refresh_now(self, rejected: str) -> str:
        """Return another token because Gmail refused `rejected`; raise `AccessRevoked` when there is none."""
