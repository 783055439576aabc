"""The authorization endpoint: checks what an application asks, then asks a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from letterbook.providers.fake_gmail.consent_page import consent_page, refusal_page
from letterbook.providers.fake_gmail.state import Code, State
from letterbook.providers.fake_gmail.wire import FakeAnswer, FakeRequest

_CODE_LIFETIME = timedelta(minutes=10)


def show_consent(state: State, request: FakeRequest) -> FakeAnswer:
    """Show the account chooser, or go straight back with a code where nobody need be asked."""
    asked = dict(request.query)
    if (refusal := _refuse_application(state, asked)) is not None:
        return refusal
    if (problem := _problem_of(asked)) is not None:
        return _back(asked, {"error": "invalid_request", "error_description": problem})
    scopes = asked["scope"].split()
    account = _account_without_asking(state, asked)
    if account:
        return _give_code(state, asked, account=account, scopes=scopes)
    accounts = [mailbox.address for mailbox in state.mailboxes.values()]
    return consent_page(asked=asked, accounts=accounts, scopes=scopes)


def take_decision(state: State, request: FakeRequest) -> FakeAnswer:
    """Send the person back with a code for what they ticked, or with their no."""
    pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    asked = dict(pairs)
    if (refusal := _refuse_application(state, asked)) is not None:
        return refusal
    granted = [value for name, value in pairs if name == "granted"]
    account = asked.get("account", "").casefold()
    if asked.get("decision") != "allow" or account not in state.mailboxes:
        return _back(asked, {"error": "access_denied"})
    return _give_code(state, asked, account=account, scopes=granted)


def _refuse_application(state: State, asked: Mapping[str, str]) -> FakeAnswer | None:
    client = state.clients.get(asked.get("client_id", ""))
    redirect_uri = asked.get("redirect_uri", "")
    if client is None:
        return refusal_page("invalid_client", "The OAuth client was not found.")
    if not urlsplit(redirect_uri).scheme.startswith("http"):
        return refusal_page("redirect_uri_mismatch", "The redirect URI is missing.")
    if client.redirect_uris and redirect_uri not in client.redirect_uris:
        return refusal_page("redirect_uri_mismatch", "The redirect URI is not registered.")
    return None


def _problem_of(asked: Mapping[str, str]) -> str | None:
    if asked.get("response_type") != "code":
        return "response_type must be code"
    if not asked.get("scope"):
        return "scope is missing"
    # Stricter than Google, which would let an application do without either.
    if not asked.get("state"):
        return "state is missing"
    if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
        return "a S256 code_challenge is missing"
    return None


def _account_without_asking(state: State, asked: Mapping[str, str]) -> str:
    hint = asked.get("login_hint", "").casefold()
    if asked.get("auto") == "1":
        return hint if hint in state.mailboxes else next(iter(state.mailboxes), "")
    if state.behaviour.skips_account_chooser and hint in state.mailboxes:
        return hint
    return ""


def _give_code(
    state: State, asked: Mapping[str, str], *, account: str, scopes: Iterable[str]
) -> FakeAnswer:
    code = state.ids.code()
    granted = frozenset(scopes)
    state.codes[code] = Code(
        client_id=asked["client_id"],
        address=state.mailboxes[account].address,
        scopes=granted,
        redirect_uri=asked["redirect_uri"],
        challenge=asked.get("code_challenge", ""),
        is_lasting=_is_lasting(state, asked, account=account),
        expires_at=state.now() + _CODE_LIFETIME,
    )
    return _back(asked, {"code": code, "scope": " ".join(sorted(granted))})


def _is_lasting(state: State, asked: Mapping[str, str], *, account: str) -> bool:
    """Google gives a refresh token at the first consent, and later only when asked to ask again."""
    if asked.get("access_type") != "offline":
        return False
    knows_client = any(
        grant.client_id == asked["client_id"] and grant.address.casefold() == account
        for grant in state.grants
    )
    return not knows_client or "consent" in asked.get("prompt", "").split()


def _back(asked: Mapping[str, str], answer: Mapping[str, str]) -> FakeAnswer:
    parts = urlsplit(asked["redirect_uri"])
    query = [*parse_qsl(parts.query), ("state", asked.get("state", "")), *answer.items()]
    target = urlunsplit(parts._replace(query=urlencode(query)))
    return FakeAnswer(302, headers=(("Location", target),))
