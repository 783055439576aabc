"""The token endpoint and its opposite, the revocation endpoint."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta

from letterbook.providers.fake_gmail.state import Code, Grant, State
from letterbook.providers.fake_gmail.wire import FakeAnswer, FakeRequest, json_answer


def give_tokens(state: State, request: FakeRequest) -> FakeAnswer:
    """Answer a code or a refresh token with an access token, or with Google's short refusal."""
    form = request.form()
    client = state.clients.get(form.get("client_id", ""))
    if client is None:
        return _refuse("invalid_client", "The OAuth client was not found.", status=401)
    if not hmac.compare_digest(client.secret, form.get("client_secret", "")):
        return _refuse("invalid_client", "Unauthorized", status=401)
    if form.get("grant_type") == "authorization_code":
        return _exchange(state, form)
    if form.get("grant_type") == "refresh_token":
        return _refresh(state, form)
    return _refuse("unsupported_grant_type", "Invalid grant_type")


def _refuse(code: str, description: str, *, status: int = 400) -> FakeAnswer:
    return json_answer({"error": code, "error_description": description}, status=status)


def _exchange(state: State, form: Mapping[str, str]) -> FakeAnswer:
    # A code works once, even when the exchange then fails.
    code = state.codes.pop(form.get("code", ""), None)
    if code is None or code.expires_at <= state.now() or code.client_id != form["client_id"]:
        return _refuse("invalid_grant", "Malformed auth code.")
    if code.redirect_uri != form.get("redirect_uri"):
        return _refuse("redirect_uri_mismatch", "Bad Request")
    if not _proves(form.get("code_verifier", ""), challenge=code.challenge):
        return _refuse("invalid_grant", "Invalid code verifier.")
    return _tokens_answer(state, _grant_for(state, code), is_lasting=code.is_lasting)


def _proves(verifier: str, *, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge


def _grant_for(state: State, code: Code) -> Grant:
    refresh_token = state.ids.refresh_token() if code.is_lasting else ""
    grant = Grant(code.client_id, code.address, code.scopes, refresh_token)
    state.grants.append(grant)
    return grant


def _refresh(state: State, form: Mapping[str, str]) -> FakeAnswer:
    token = form.get("refresh_token", "")
    for grant in state.grants:
        if token and grant.refresh_token == token and grant.client_id == form["client_id"]:
            return _tokens_answer(state, grant, is_lasting=False)
    return _refuse("invalid_grant", "Token has been expired or revoked.")


def _tokens_answer(state: State, grant: Grant, *, is_lasting: bool) -> FakeAnswer:
    body: dict[str, object] = {
        "access_token": new_access_token(state, grant),
        "expires_in": state.behaviour.access_token_seconds,
        "scope": " ".join(sorted(grant.scopes)),
        "token_type": "Bearer",
    }
    if is_lasting:
        body["refresh_token"] = grant.refresh_token
    return json_answer(body)


def new_access_token(state: State, grant: Grant) -> str:
    """Return one more access token of a grant."""
    token = state.ids.access_token()
    lifetime = timedelta(seconds=state.behaviour.access_token_seconds)
    grant.access_tokens[token] = state.now() + lifetime
    return token


def revoke(state: State, request: FakeRequest) -> FakeAnswer:
    """End the grant that either of its tokens names."""
    token = request.form().get("token", "") or request.first("token")
    for grant in state.grants:
        if token and (token == grant.refresh_token or token in grant.access_tokens):
            state.grants.remove(grant)
            return json_answer({})
    return _refuse("invalid_token", "Token expired or revoked")
