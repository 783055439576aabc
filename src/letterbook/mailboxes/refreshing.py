"""A valid access token for a mailbox, whoever asks: one worker refreshes, those who wait find it fresh."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from letterbook.kit.secrets import SecretUnreadable
from letterbook.mailboxes.google import google_client
from letterbook.mailboxes.grants import keep_refreshed, open_access_token, open_refresh_token
from letterbook.mailboxes.models import Grant, MailboxState, Trouble
from letterbook.mailboxes.states import mark_needs_reconnecting
from letterbook.providers.errors import AccessRevoked, PermissionMissing, SetupWrong
from letterbook.providers.gmail.tokens import TokenSet

# Refreshed this long before it ends: a request that starts now must still arrive with a living token.
_MARGIN = timedelta(seconds=60)

Clock = Callable[[], datetime]

UNREADABLE = (
    "No key in LETTERBOOK_SECRET_KEYS opens this mailbox's stored permission. "
    "Put the key it was sealed with back, or reconnect the mailbox."
)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and when it ends. `repr` does not show it."""

    text: str = field(repr=False)
    expires_at: datetime

    def is_fresh(self, *, at: datetime) -> bool:
        """Whether a request that starts at `at` may rely on it."""
        return at < self.expires_at - _MARGIN


def obtain_token(mailbox_id: UUID, *, rejected: str = "", clock: Clock) -> AccessToken:
    """Return a fresh token other than `rejected`: the stored one, or one that Google gives now.

    Raises `AccessRevoked` or `PermissionMissing` after the mailbox was marked as needing its owner, `SetupWrong`
    when the stored permission cannot be opened, `TryLater` when Google cannot be asked.
    """
    grant = _found(Grant.objects.filter(pk=mailbox_id))
    return _stored_token(grant, rejected, at=clock()) or _refresh_alone(mailbox_id, rejected, clock)


def stored_tokens(mailbox_ids: Iterable[UUID], *, at: datetime) -> dict[UUID, AccessToken]:
    """Return the stored tokens that are fresh, by mailbox; what cannot be opened is left out."""
    found: dict[UUID, AccessToken] = {}
    for grant in Grant.objects.filter(pk__in=mailbox_ids):
        with suppress(SetupWrong):
            token = _stored_token(grant, "", at=at)
            if token:
                found[grant.pk] = token
    return found


def _found(grants: QuerySet[Grant]) -> Grant:
    grant = grants.first()
    if grant is None:
        raise AccessRevoked("This mailbox is not connected.")
    return grant


def _stored_token(grant: Grant, rejected: str, *, at: datetime) -> AccessToken | None:
    text = _opened(open_access_token, grant)
    if not text or text == rejected or grant.access_expires_at is None:
        return None
    token = AccessToken(text, grant.access_expires_at)
    return token if token.is_fresh(at=at) else None


def _opened(open_token: Callable[[Grant], str], grant: Grant) -> str:
    try:
        return open_token(grant)
    except SecretUnreadable as error:
        raise SetupWrong(UNREADABLE) from error


def _refresh_alone(mailbox_id: UUID, rejected: str, clock: Clock) -> AccessToken:
    # The one place where the network is called inside a transaction, on purpose: the row lock lets eight workers
    # ask Google once, and frees itself when its holder dies. The question ends with the client's own deadline.
    with transaction.atomic():
        grant = _found(Grant.objects.select_for_update().filter(pk=mailbox_id))
        token = _stored_token(grant, rejected, at=clock())
        if token:
            return token
        answer = _ask_google(grant, clock)
    # Raised only here, so that what the mailbox needs is committed.
    if isinstance(answer, TokenSet):
        return AccessToken(answer.access_token, answer.expires_at)
    raise answer


def _ask_google(grant: Grant, clock: Clock) -> TokenSet | AccessRevoked | PermissionMissing:
    # `grant.mailbox` is read here for the first time: joined to the locking query it would be as old as the wait.
    if grant.mailbox.state == MailboxState.NEEDS_RECONNECTING:
        return AccessRevoked(grant.mailbox.state_reason)
    try:
        tokens = google_client(clock=clock).refresh(_opened(open_refresh_token, grant))
    except (AccessRevoked, PermissionMissing) as refused:
        trouble = Trouble.SCOPE if isinstance(refused, PermissionMissing) else Trouble.REVOKED
        mark_needs_reconnecting(grant.mailbox, reason=refused.message, trouble=trouble, at=clock())
        return refused
    keep_refreshed(grant, tokens)
    return tokens
