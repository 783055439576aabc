"""What can go wrong at a mail provider, named by what must be done next.

ProviderError
├── OutcomeUnknown       the request may have been carried out: ask, never repeat blindly
└── Refused by the provider (nothing was done)
    ├── TryLater         busy, limited or unreachable: the same call is safe later
    ├── AccessRevoked    the grant is dead: a person must reconnect
    ├── PermissionMissing  the grant lacks a scope: a person must reconnect and tick it
    ├── SetupWrong       this installation or the Google project is misconfigured: an admin must act
    ├── Rejected         this very request will never be accepted
    └── Gone             the thing asked for is no longer there
        └── HistoryExpired  the history cursor is too old: catch up by listing
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Limit = Literal["none", "rate", "concurrency", "daily_sending", "project"]


@dataclass(eq=False)
class ProviderError(Exception):
    """Any answer (or silence) of a provider that is not the one asked for.

    `message` is safe to show to people and says what happened; `evidence` is the provider's own redacted
    reply for the log; `status` is the HTTP status, 0 when there was none.
    """

    message: str
    evidence: str = ""
    status: int = 0

    def __str__(self) -> str:
        return self.message


class OutcomeUnknown(ProviderError):
    """The request left this machine and no trustworthy answer came back: it may or may not have been done."""


class RefusedByProvider(ProviderError):
    """The provider said no, or was never reached: nothing was done."""


@dataclass(eq=False)
class TryLater(RefusedByProvider):
    """Nothing was done; the same request is safe later, not before `retry_at` where the provider named a time."""

    retry_at: datetime | None = None
    limit: Limit = "none"


class AccessRevoked(RefusedByProvider):
    """The grant no longer works and no retry will help: the mailbox needs reconnecting."""


class PermissionMissing(RefusedByProvider):
    """The grant works but lacks a scope that this request needs."""


class SetupWrong(RefusedByProvider):
    """The installation is misconfigured at the provider (client, API, policy): an admin has to act."""


class Rejected(RefusedByProvider):
    """This very request is wrong in itself and will never be accepted."""


class Gone(RefusedByProvider):
    """The message, draft or thread asked for does not exist (any more)."""


class HistoryExpired(Gone):
    """The history cursor is older than the provider remembers."""
