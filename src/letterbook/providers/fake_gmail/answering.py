"""From a request to what comes back: which call it is, whose mailbox, and what gets in its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from email.utils import format_datetime

from letterbook.providers.fake_gmail import consent, token_calls
from letterbook.providers.fake_gmail.consent_page import CONSENT_PATH
from letterbook.providers.fake_gmail.faults import Fault, outcome_of
from letterbook.providers.fake_gmail.mailbox import FakeMailbox
from letterbook.providers.fake_gmail.refusals import (
    Refusal,
    not_found,
    scope_missing,
    unauthenticated,
)
from letterbook.providers.fake_gmail.routes import Call, find_call
from letterbook.providers.fake_gmail.state import Grant, State
from letterbook.providers.fake_gmail.wire import Dropped, FakeAnswer, FakeRequest, Outcome

Ask = Callable[[State, FakeRequest], FakeAnswer]

_OAUTH: Mapping[tuple[str, str], tuple[str, Ask]] = {
    ("GET", "/o/oauth2/v2/auth"): ("oauth.authorize", consent.show_consent),
    ("POST", CONSENT_PATH): ("oauth.consent", consent.take_decision),
    ("POST", "/token"): ("oauth.token", token_calls.give_tokens),
    ("POST", "/revoke"): ("oauth.revoke", token_calls.revoke),
}


def meet(state: State, request: FakeRequest) -> Fault | None:
    """Count an arriving request and return the fault that strikes it, if any."""
    name = _name_of(request)
    state.counts[name] += 1
    grant = _grant_behind(state, request)
    address = grant.address if grant else ""
    for fault in state.faults:
        if fault.strikes(name, mailbox=address):
            return fault
    return None


def _name_of(request: FakeRequest) -> str:
    if found := _OAUTH.get((request.method, request.path)):
        kinds = {"authorization_code": "oauth.exchange", "refresh_token": "oauth.refresh"}
        kind = request.form().get("grant_type", "") if found[0] == "oauth.token" else ""
        return kinds.get(kind, found[0])
    call = find_call(request)
    return call.name if call else "unknown"


def _grant_behind(state: State, request: FakeRequest) -> Grant | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return state.grant_of(token)
    token = request.form().get("refresh_token", "") if request.path == "/token" else ""
    return next((one for one in state.grants if token and one.refresh_token == token), None)


def answer(state: State, request: FakeRequest, *, fault: Fault | None) -> Outcome:
    """Return what comes back for a request that was met."""

    def act() -> FakeAnswer:
        return _act(state, request)

    outcome = outcome_of(fault, act, at=state.now()) if fault else act()
    return replace(_dated(state, outcome), after=outcome.after + state.behaviour.latency)


def _dated(state: State, outcome: Outcome) -> Outcome:
    off = state.behaviour.clock_off
    if off is None or isinstance(outcome, Dropped):
        return outcome
    told = format_datetime((state.now() + timedelta(seconds=off)).astimezone(UTC), usegmt=True)
    return replace(outcome, headers=(*outcome.headers, ("Date", told)))


def _act(state: State, request: FakeRequest) -> FakeAnswer:
    try:
        if found := _OAUTH.get((request.method, request.path)):
            return found[1](state, request)
        call = find_call(request)
        if call is None:
            raise not_found()
        mailbox = _open(state, request, call)
        mailbox.reveal(state.now().timestamp())
        return call.perform(state, mailbox, request)
    except Refusal as refusal:
        return refusal.answer()


def _open(state: State, request: FakeRequest, call: Call) -> FakeMailbox:
    grant = _grant_behind(state, request)
    if grant is None:
        raise unauthenticated()
    user = request.segments[request.segments.index("users") + 1]
    if user.casefold() not in {"me", grant.address.casefold()}:
        raise Refusal(403, "forbidden", f"Delegation denied for {grant.address}")
    if not grant.scopes & call.scopes:
        raise scope_missing()
    _meter(state, grant, call)
    return state.mailboxes[grant.address.casefold()]


def _meter(state: State, grant: Grant, call: Call) -> None:
    behaviour, at = state.behaviour, state.now()
    meter = state.meters[grant.address.casefold()]
    meter.occupy(seconds=behaviour.latency, limit=behaviour.concurrent_requests, at=at)
    meter.charge(call.units, quota=behaviour.quota, at=at)
