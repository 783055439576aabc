"""The whole fake Gmail: ask it questions over its two adapters, and arrange things directly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from letterbook.providers.fake_gmail import answering, token_calls
from letterbook.providers.fake_gmail.contents import Content
from letterbook.providers.fake_gmail.faults import Fault
from letterbook.providers.fake_gmail.mailbox import FakeMailbox
from letterbook.providers.fake_gmail.state import (
    CLIENT_ID,
    Accepted,
    Behaviour,
    Grant,
    RegisteredClient,
    State,
)
from letterbook.providers.fake_gmail.times import to_ms
from letterbook.providers.fake_gmail.wire import FakeRequest, Outcome
from letterbook.providers.gmail.oauth import SCOPES
from letterbook.providers.gmail.tokens import TokenSet


class FakeGmail:
    """Accounts, what is in them, and everything that can happen to a request. Thread-safe."""

    def __init__(self, *, seed: int = 1, clock: Callable[[], datetime] | None = None) -> None:
        self._state = State(seed, clock) if clock else State(seed)
        self._lock = threading.RLock()

    @property
    def behaviour(self) -> Behaviour:
        """How this Gmail behaves; change its attributes at any time."""
        return self._state.behaviour

    @property
    def accepted(self) -> list[Accepted]:
        """Every email that really left, in order."""
        with self._lock:
            return list(self._state.accepted)

    @property
    def counts(self) -> dict[str, int]:
        """How many requests came for each call."""
        with self._lock:
            return dict(self._state.counts)

    def create_account(
        self,
        address: str,
        *,
        name: str = "",
        aliases: Collection[str] = (),
        signature: str = "",
    ) -> FakeMailbox:
        """Open an account and return its mailbox; the signature, as HTML, stands under its own address."""
        with self._lock:
            return self._state.create_mailbox(
                address, name=name, aliases=tuple(aliases), signature=signature
            )

    @property
    def addresses(self) -> list[str]:
        """The addresses of all accounts."""
        with self._lock:
            return [mailbox.address for mailbox in self._state.mailboxes.values()]

    def mailbox(self, address: str) -> FakeMailbox:
        """Return an account's mailbox; raise KeyError when there is none."""
        return self._state.mailboxes[address.casefold()]

    def inject(
        self,
        address: str,
        raw: bytes,
        *,
        labels: Collection[str] = ("INBOX", "UNREAD"),
        received_at: datetime | None = None,
        thread_id: str = "",
    ) -> str:
        """Put an email into a mailbox as if it had arrived, and return its id."""
        with self._lock:
            message = self.mailbox(address).add(
                Content(raw),
                labels=frozenset(labels),
                internal_ms=to_ms(received_at or self._state.now()),
                thread_id=thread_id,
                is_thread_fixed=bool(thread_id),
            )
            return message.id

    def ids(self, address: str) -> list[str]:
        """Return the ids of all that is in a mailbox now, newest first."""
        with self._lock:
            return [message.id for message in self.mailbox(address).newest_first()]

    def register_client(
        self, client_id: str, secret: str, *, redirect_uris: Collection[str] = ()
    ) -> None:
        """Make an application known; without redirect URIs it may use any."""
        with self._lock:
            client = RegisteredClient(secret, frozenset(redirect_uris))
            self._state.clients[client_id] = client

    def grant(self, address: str, *, scopes: Collection[str] = SCOPES) -> TokenSet:
        """Give permission without asking a person, and return its tokens."""
        with self._lock:
            state = self._state
            owner = self.mailbox(address).address
            grant = Grant(CLIENT_ID, owner, frozenset(scopes), state.ids.refresh_token())
            state.grants.append(grant)
            token = token_calls.new_access_token(state, grant)
            expires_at = grant.access_tokens[token]
            return TokenSet(token, grant.refresh_token, expires_at, grant.scopes)

    def revoke(self, address: str) -> None:
        """End every permission for an account, as its owner can at any time."""
        with self._lock:
            self._state.grants[:] = [
                grant
                for grant in self._state.grants
                if grant.address.casefold() != address.casefold()
            ]

    def expire_access_tokens(self, address: str) -> None:
        """Let every access token of an account be too old; its refresh tokens still work."""
        with self._lock:
            for grant in self._state.grants:
                if grant.address.casefold() == address.casefold():
                    grant.access_tokens.clear()

    def expire_history(self, address: str) -> None:
        """Let every history cursor handed out so far be too old."""
        with self._lock:
            self.mailbox(address).forget_history()

    def now(self) -> datetime:
        """Return the time in this world."""
        return self._state.now()

    def pass_time(self, seconds: float) -> None:
        """Move this world's clock forward."""
        with self._lock:
            self._state.shift += timedelta(seconds=seconds)

    def fail(
        self,
        match: str,
        how: str,
        *,
        times: int = 1,
        mailbox: str = "",
        skip: int = 0,
        retry_after: float = 0.0,
    ) -> None:
        """Let calls named like `match` (`drafts.send`, `drafts.*`, `*`) fail; `faults` says how."""
        with self._lock:
            self._state.faults.append(Fault(match, how, times, mailbox, skip, retry_after))

    def stop_failing(self) -> None:
        """Forget every fault that has not struck yet."""
        with self._lock:
            self._state.faults.clear()

    def reset(self, *, seed: int = 1) -> None:
        """Begin again with an empty world of the same behaviour."""
        with self._lock:
            self._state = State(seed, self._state.clock, self._state.behaviour)

    def answer(self, request: FakeRequest) -> Outcome:
        """Return what comes back for a request."""
        with self._lock:
            fault = answering.meet(self._state, request)
        if fault and fault.how.startswith("stall:"):
            time.sleep(fault.seconds)
        with self._lock:
            return answering.answer(self._state, request, fault=fault)
