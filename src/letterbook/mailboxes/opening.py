"""Opening a connected mailbox: a provider whose access token is fetched, kept and refreshed by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from letterbook.mailboxes.google import gmail_client
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.refreshing import AccessToken, obtain_token, stored_tokens
from letterbook.providers.errors import TryLater
from letterbook.providers.mail import MailProvider


def open_mailbox(mailbox: Mailbox, *, clock: Callable[[], datetime] = timezone.now) -> MailProvider:
    """Return the provider of a mailbox. Nothing is asked yet: whatever is wrong is raised by the first call."""
    return gmail_client(GrantTokens(mailbox.pk, clock=clock), clock=clock)


def open_at_hand(
    mailbox_ids: Iterable[UUID], *, at: datetime, seconds: float
) -> dict[UUID, MailProvider]:
    """Return the providers of those mailboxes whose stored token is fresh, for a few requests at once.

    One query for all of them; they never touch the database themselves. A request that takes longer than `seconds`,
    or whose token is refused, raises `TryLater`.
    """
    clock = timezone.now
    return {
        mailbox_id: gmail_client(_TokenAtHand(token), clock=clock, longest=seconds)
        for mailbox_id, token in stored_tokens(mailbox_ids, at=at).items()
    }


class _TokenAtHand:
    """The stored token and no other."""

    def __init__(self, token: AccessToken) -> None:
        self._token = token

    def access_token(self) -> str:
        return self._token.text

    def refresh_now(self, rejected: str) -> str:  # noqa: ARG002 - there is no other, whichever was refused
        raise TryLater("The token was refused before its time.")


class GrantTokens:
    """The access tokens of one mailbox; may be shared by a few threads. No token shows in `repr`."""

    def __init__(self, mailbox_id: UUID, *, clock: Callable[[], datetime]) -> None:
        self._mailbox_id = mailbox_id
        self._clock = clock
        self._held: AccessToken | None = None
        self._turn = threading.Lock()
        self._opened_in = threading.get_ident()

    def access_token(self) -> str:
        """Return a token that is good for at least another minute."""
        with self._turn:
            if self._held is None or not self._held.is_fresh(at=self._clock()):
                self._held = self._obtain(rejected="")
            return self._held.text

    def refresh_now(self, rejected: str) -> str:
        """Return another token because Gmail refused `rejected`; raise `AccessRevoked` when there is none."""
        with self._turn:
            if self._held is None or self._held.text == rejected:
                self._held = self._obtain(rejected=rejected)
            return self._held.text

    def _obtain(self, *, rejected: str) -> AccessToken:
        try:
            return obtain_token(self._mailbox_id, rejected=rejected, clock=self._clock)
        finally:
            # Django gives every thread a connection of its own, and nobody else would close a fetching thread's.
            if threading.get_ident() != self._opened_in:
                connection.close()
