"""What an answer of Google's token server means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from letterbook.providers.errors import (
    AccessRevoked,
    PermissionMissing,
    ProviderError,
    Rejected,
    SetupWrong,
    TryLater,
)
from letterbook.providers.gmail.answers import parse_object
from letterbook.providers.gmail.redaction import redact
from letterbook.providers.gmail.retry_times import read_retry_time
from letterbook.providers.gmail.tokens import TokenSet
from letterbook.providers.gmail.transport import Reply, Silence

_WRONG_SETUP = {
    "admin_policy_enforced",
    "deleted_client",
    "disabled_client",
    "invalid_client",
    "invalid_scope",
    "org_internal",
    "redirect_uri_mismatch",
    "unauthorized_client",
}


def read_tokens(
    answer: Reply | Silence,
    *,
    refresh_token: str,
    asked_scopes: Sequence[str],
    at: datetime,
    secrets: tuple[str, ...],
) -> TokenSet:
    """Return the tokens in `answer`, or raise what it means that there are none."""
    if isinstance(answer, Reply) and answer.status == 200:
        # A server may leave out the scope when it granted exactly what was asked (RFC 6749, 5.1).
        body = {"scope": " ".join(asked_scopes), **(parse_object(answer.body) or {})}
        tokens = _tokens_in(body, refresh_token=refresh_token, at=at)
        if tokens:
            return tokens
    raise meaning_of(answer, at=at, secrets=secrets)


# Any: JSON as it came.
def _tokens_in(body: Mapping[str, Any], *, refresh_token: str, at: datetime) -> TokenSet | None:
    try:
        return TokenSet(
            access_token=_text(body["access_token"]),
            # Google repeats no refresh token when refreshing; other servers rotate theirs.
            refresh_token=str(body.get("refresh_token") or refresh_token),
            expires_at=at + timedelta(seconds=int(body["expires_in"])),
            scopes=frozenset(str(body["scope"]).split()),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("an empty token")
    return value


def error_code(answer: Reply | Silence) -> str:
    """Return the short error code in an OAuth error body, or an empty text."""
    if isinstance(answer, Silence):
        return ""
    return str((parse_object(answer.body) or {}).get("error", ""))


def meaning_of(answer: Reply | Silence, *, at: datetime, secrets: tuple[str, ...]) -> ProviderError:
    """Return the error that a refusal, a garbled answer or silence of the token server stands for."""
    if isinstance(answer, Silence):
        return TryLater("Google could not be reached.", redact(answer.reason, secrets=secrets))
    evidence = redact(answer.body.decode("utf-8", "replace"), secrets=secrets)
    code = error_code(answer)
    if code == "invalid_grant":
        return AccessRevoked(
            "Google no longer accepts this mailbox's permission.", evidence, answer.status
        )
    if code in _WRONG_SETUP:
        return SetupWrong(
            f"Google does not accept this installation ({code}).", evidence, answer.status
        )
    if code == "access_denied":
        return PermissionMissing("Google was not allowed to give access.", evidence, answer.status)
    if code and 400 <= answer.status < 500 and answer.status not in {408, 429}:
        return Rejected("Google rejected the request for access.", evidence, answer.status)
    header = answer.headers.get("retry-after", "")
    return TryLater(
        "Google gave no usable answer to the request for access.",
        evidence,
        answer.status,
        retry_at=read_retry_time(text="", header=header, at=at),
    )
