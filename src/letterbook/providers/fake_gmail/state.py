"""Everything that exists in the fake world, without how it is asked for."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from letterbook.providers.fake_gmail.faults import Fault
from letterbook.providers.fake_gmail.ids import Ids
from letterbook.providers.fake_gmail.mailbox import FakeMailbox, FakeSendAs
from letterbook.providers.fake_gmail.quotas import Meter, Quota


@dataclass
class Behaviour:
    """How this Gmail behaves; change any of it at any time."""

    message_ids: Literal["rewrite", "keep"] = "rewrite"
    sent_visible_after: float = 0.0  # seconds until listings and history show a SENT copy
    sent_drafts: Literal["gone", "linger"] = "gone"
    quota: Quota = "off"
    daily_sends: int = 0  # 0: no limit
    latency: float = 0.0  # seconds that every answer takes
    concurrent_requests: int = 0  # at most so many within the latency of one; 0: no limit
    access_token_seconds: int = 3600
    clock_off: float | None = (
        None  # seconds by which the Date of answers is ahead of this world's; None: no Date
    )
    skips_account_chooser: bool = False
    send_key_header: str = "X-Letterbook-Send-Key"


@dataclass(frozen=True, slots=True)
class Accepted:
    """One email that really left: the ledger that tests count."""

    mailbox: str
    send_key: str
    raw_sha256: str  # of the bytes as they were handed in
    recipients: tuple[str, ...]
    at: datetime
    message_id: str  # as it went out
    gmail_message_id: str


@dataclass
class Grant:
    """What one person allowed one client."""

    client_id: str
    address: str
    scopes: frozenset[str]
    refresh_token: str = field(default="", repr=False)
    access_tokens: dict[str, datetime] = field(default_factory=dict, repr=False)  # → expiry


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that waits for its exchange."""

    client_id: str
    address: str
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str = field(repr=False)
    is_lasting: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """An application known to the fake Google; without `redirect_uris` any is allowed."""

    secret: str = field(repr=False)
    redirect_uris: frozenset[str] = frozenset()


CLIENT_ID = "letterbook.apps.fake-google.example"
CLIENT_SECRET = "fake-client-secret"  # noqa: S105 - opens nothing but the fake


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class State:
    """The accounts, the grants, the ledger and the clock."""

    seed: int
    clock: Callable[[], datetime] = _utc_now
    behaviour: Behaviour = field(default_factory=Behaviour)
    mailboxes: dict[str, FakeMailbox] = field(default_factory=dict)
    clients: dict[str, RegisteredClient] = field(
        default_factory=lambda: {CLIENT_ID: RegisteredClient(CLIENT_SECRET)}
    )
    grants: list[Grant] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict, repr=False)
    accepted: list[Accepted] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    meters: defaultdict[str, Meter] = field(default_factory=lambda: defaultdict(Meter))
    faults: list[Fault] = field(default_factory=list)
    shift: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.ids = Ids(self.seed)

    def now(self) -> datetime:
        return self.clock() + self.shift

    def create_mailbox(
        self, address: str, *, name: str, aliases: tuple[str, ...], signature: str = ""
    ) -> FakeMailbox:
        """Open an account for `address`; aliases may send and receive too."""
        own = FakeSendAs(address, name, signature, is_default=True)
        others = [FakeSendAs(alias, name) for alias in aliases]
        mailbox = FakeMailbox(
            address=address,
            name=name,
            ids=self.ids,
            history_id=1000 + self.ids.history_step(),
            send_as=[own, *others],
        )
        mailbox.oldest_history_id = mailbox.history_id
        self.mailboxes[address.casefold()] = mailbox
        return mailbox

    def mailbox_that_receives(self, address: str) -> FakeMailbox | None:
        """Return whose mail `address` is: an account, its verified alias, or either with a +tag."""
        plain = re.sub(r"\+[^@]*(?=@)", "", address.casefold())
        if plain in self.mailboxes:
            return self.mailboxes[plain]
        for mailbox in self.mailboxes.values():
            if any(one.is_verified and one.address.casefold() == plain for one in mailbox.send_as):
                return mailbox
        return None

    def grant_of(self, access_token: str) -> Grant | None:
        """Return the grant that a still valid access token belongs to."""
        for grant in self.grants:
            expires_at = grant.access_tokens.get(access_token)
            if expires_at and expires_at > self.now():
                return grant
        return None
