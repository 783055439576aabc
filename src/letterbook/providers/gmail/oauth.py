"""Asking a person for permission to their mailbox, and keeping that permission fresh (RFC 6749, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx

from letterbook.providers.errors import PermissionMissing
from letterbook.providers.gmail.endpoints import GoogleEndpoints
from letterbook.providers.gmail.token_answers import error_code, meaning_of, read_tokens
from letterbook.providers.gmail.tokens import TokenSet
from letterbook.providers.gmail.transport import Call, Reply, Silence, Wire

# The one scope that reads, keeps drafts (our send handle) and sends. The address comes from getProfile, so
# nothing else is asked for, and a consent of one scope cannot be half given.
SCOPES = ("https://www.googleapis.com/auth/gmail.modify",)

# Any of these can do what `SCOPES` is asked for.
_SUFFICIENT = frozenset({*SCOPES, "https://mail.google.com/"})
_TOKEN_SECONDS = 30.0


def new_pkce() -> tuple[str, str]:
    """Return a fresh verifier to keep and its S256 challenge to send."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, eq=False)
class GoogleClient:
    """This installation as Google knows it. Nothing is repeated; `repr` shows no secret."""

    client_id: str
    client_secret: str = field(repr=False)
    endpoints: GoogleEndpoints = field(default_factory=GoogleEndpoints)
    transport: httpx.BaseTransport | None = field(default=None, repr=False)
    clock: Callable[[], datetime] = field(default=_now, repr=False)

    def authorize_url(
        self,
        *,
        state: str,
        code_challenge: str,
        redirect_uri: str,
        login_hint: str = "",
        force_consent: bool = True,
    ) -> str:
        """Return where to send a person to give permission.

        Without `force_consent` Google gives a refresh token only the first time a person agrees.
        """
        asked = {
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(SCOPES),
            "access_type": "offline",
            "include_granted_scopes": "true",
            "state": state,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
            "login_hint": login_hint,
            "prompt": "consent" if force_consent else "",
        }
        parts = urlsplit(self.endpoints.auth_url)
        query = parse_qsl(parts.query) + [(name, value) for name, value in asked.items() if value]
        return urlunsplit(parts._replace(query=urlencode(query)))

    def exchange_code(self, code: str, *, verifier: str, redirect_uri: str) -> TokenSet:
        """Return the tokens for a code that Google just gave.

        Raises `AccessRevoked` when the code is used up, old or not for this verifier, and
        `PermissionMissing` when less was granted than a mailbox needs or it would not last.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
        }
        tokens = self._ask_for_tokens(form, refresh_token="", hidden=(code, verifier))
        if not tokens.refresh_token:
            raise PermissionMissing(
                "Google gave no lasting permission (no refresh token). "
                "Connect again and agree once more when Google asks."
            )
        return tokens

    def refresh(self, refresh_token: str) -> TokenSet:
        """Return fresh tokens; raise `AccessRevoked` when the grant is dead and no retry will help."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._ask_for_tokens(form, refresh_token=refresh_token, hidden=(refresh_token,))

    def revoke(self, token: str) -> None:
        """End the whole grant that `token` belongs to; one that has ended already is fine."""
        answer = self._post(self.endpoints.revoke_url, {"token": token})
        is_done = isinstance(answer, Reply) and answer.status == 200
        if not is_done and error_code(answer) != "invalid_token":
            raise meaning_of(answer, at=self.clock(), secrets=(token,))

    def _ask_for_tokens(
        self, form: Mapping[str, str], *, refresh_token: str, hidden: tuple[str, ...]
    ) -> TokenSet:
        # The lifetime counts from before the question: better a minute early than a token thought alive.
        asked_at = self.clock()
        client = {"client_id": self.client_id, "client_secret": self.client_secret}
        answer = self._post(self.endpoints.token_url, {**form, **client})
        tokens = read_tokens(
            answer,
            refresh_token=refresh_token,
            asked_scopes=SCOPES,
            at=asked_at,
            secrets=(*hidden, self.client_secret),
        )
        if not tokens.scopes & _SUFFICIENT:
            raise PermissionMissing(
                "The permission given is too small. Connect again and allow everything asked for.",
                evidence=f"granted: {' '.join(sorted(tokens.scopes))}",
            )
        return tokens

    def _post(self, url: str, form: Mapping[str, str]) -> Reply | Silence:
        wire = Wire(url=url, transport=self.transport)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        try:
            return wire.perform(Call("POST", url, (), headers, body, _TOKEN_SECONDS))
        finally:
            wire.close()
