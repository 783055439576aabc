"""Asking for permission: what is granted, what is refused, and that no token is ever shown."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from halden_rowe import ANN, BOB

from letterbook.providers.errors import (
    AccessRevoked,
    PermissionMissing,
    ProviderError,
    Rejected,
    SetupWrong,
    TryLater,
)
from letterbook.providers.fake_gmail.connecting import RefreshingTokens
from letterbook.providers.fake_gmail.state import CLIENT_ID, CLIENT_SECRET
from letterbook.providers.gmail.client import GmailMailbox
from letterbook.providers.gmail.endpoints import GoogleEndpoints
from letterbook.providers.gmail.oauth import SCOPES, GoogleClient, new_pkce

BACK = "https://letterbook.example/mailboxes/connected"


@pytest.fixture
def google(world, way):
    base_url, open_way = way
    transport = open_way()
    endpoints = GoogleEndpoints.at(base_url) if base_url else GoogleEndpoints()
    yield GoogleClient(CLIENT_ID, CLIENT_SECRET, endpoints, transport, world.now)
    transport.close()


class Browser:
    """A person who looks at Google's page and answers it."""

    def __init__(self, google):
        self.http = httpx.Client(transport=google.transport)
        self.google = google

    def open(self, *, verifier="", **changes):
        challenge = new_pkce()[1] if not verifier else challenge_of(verifier)
        asked = {"state": "s1", "code_challenge": challenge, "redirect_uri": BACK} | changes
        self.page = self.http.get(self.google.authorize_url(**asked))
        return self.page

    def agree(self, account=ANN, *, granted=SCOPES, decision="allow"):
        hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', self.page.text)
        form = [(name, unescape(value)) for name, value in hidden]
        form += [("account", account), ("decision", decision)]
        form += [("granted", one) for one in granted]
        action = re.search(r'action="([^"]*)"', self.page.text)[1]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        url = httpx.URL(self.google.endpoints.auth_url).join(action)
        return came_back(self.http.post(url, content=urlencode(form), headers=headers))


def challenge_of(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def came_back(response):
    assert response.status_code == 302
    target = urlsplit(response.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == BACK
    return {name: values[0] for name, values in parse_qs(target.query).items()}


@pytest.fixture
def browser(google):
    return Browser(google)


def connected(google, browser, *, verifier="v" * 43, **changes):
    browser.open(verifier=verifier, **changes)
    code = browser.agree()["code"]
    return google.exchange_code(code, verifier=verifier, redirect_uri=BACK)


def test_a_person_who_agrees_connects_their_mailbox(world, google, browser):
    tokens = connected(google, browser)
    assert tokens.scopes == set(SCOPES)
    assert tokens.expires_at == world.now() + timedelta(hours=1)
    held = RefreshingTokens(
        google, access_token=tokens.access_token, refresh_token=tokens.refresh_token
    )
    box = GmailMailbox(tokens=held, api_url=google.endpoints.api_url, transport=google.transport)
    assert box.read_profile().address == ANN


def test_the_page_offers_every_account_and_ticks_what_is_asked(browser):
    page = browser.open(login_hint=BOB).text
    assert ANN in page
    assert re.search(rf'value="{BOB}" required checked', page)
    assert re.search(rf'type="checkbox" name="granted" value="{SCOPES[0]}" checked', page)


def test_the_state_comes_back_unchanged(browser):
    browser.open(state="a b&c=d")
    assert browser.agree()["state"] == "a b&c=d"


def test_a_person_may_say_no(browser):
    browser.open()
    assert browser.agree(decision="deny")["error"] == "access_denied"


def test_the_page_can_be_skipped_in_a_demo(google, browser):
    auth_url = f"{google.endpoints.auth_url}?auto=1"
    browser.google = replace(google, endpoints=replace(google.endpoints, auth_url=auth_url))
    assert "code" in came_back(browser.open(login_hint=BOB))


def test_a_refreshed_token_works_and_the_refresh_token_stays(google, browser):
    first = connected(google, browser)
    second = google.refresh(first.refresh_token)
    assert second.access_token != first.access_token
    assert second.refresh_token == first.refresh_token


@pytest.mark.parametrize("changes", [{"state": ""}, {"code_challenge": ""}])
def test_a_request_without_state_or_challenge_is_sent_back(browser, changes):
    assert came_back(browser.open(**changes))["error"] == "invalid_request"


def test_an_unregistered_redirect_is_never_followed(world, browser):
    world.register_client(CLIENT_ID, CLIENT_SECRET, redirect_uris=[BACK])
    assert browser.open().status_code == 200
    page = browser.open(redirect_uri=f"{BACK}/../evil")
    assert (page.status_code, "redirect_uri_mismatch" in page.text) == (400, True)


def test_an_unknown_application_is_told_so_on_the_page(google, browser):
    browser.google = replace(google, client_id="nobody")
    assert browser.open().status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"verifier": "another verifier of the right length for it...."},
        {"verifier": ""},
        {"code": "4/never-given"},
    ],
)
def test_a_code_works_only_with_its_own_verifier(google, browser, wrong):
    verifier, _ = new_pkce()
    browser.open(verifier=verifier)
    right = {"code": browser.agree()["code"], "verifier": verifier, "redirect_uri": BACK}
    attempt = right | wrong
    with pytest.raises(AccessRevoked):
        google.exchange_code(attempt.pop("code"), **attempt)


def test_a_code_works_only_for_the_redirect_it_was_given_to(google, browser):
    browser.open(verifier="v" * 43)
    with pytest.raises(SetupWrong):
        google.exchange_code(
            browser.agree()["code"], verifier="v" * 43, redirect_uri=f"{BACK}/other"
        )


def test_a_code_works_once_and_not_for_long(world, google, browser):
    browser.open(verifier="v" * 43)
    code = browser.agree()["code"]
    google.exchange_code(code, verifier="v" * 43, redirect_uri=BACK)
    with pytest.raises(AccessRevoked):
        google.exchange_code(code, verifier="v" * 43, redirect_uri=BACK)
    browser.open(verifier="v" * 43)
    late = browser.agree()["code"]
    world.pass_time(601)
    with pytest.raises(AccessRevoked):
        google.exchange_code(late, verifier="v" * 43, redirect_uri=BACK)


@pytest.mark.parametrize("granted", [[], ["https://www.googleapis.com/auth/gmail.readonly"]])
def test_an_unticked_permission_is_noticed(google, browser, granted):
    """E4: consent with scopes unticked."""
    browser.open(verifier="v" * 43)
    code = browser.agree(granted=granted)["code"]
    with pytest.raises(PermissionMissing, match="too small"):
        google.exchange_code(code, verifier="v" * 43, redirect_uri=BACK)


def test_a_second_consent_without_force_gives_no_lasting_permission(google, browser):
    """E4: no refresh token returned."""
    connected(google, browser)
    with pytest.raises(PermissionMissing, match="no refresh token"):
        connected(google, browser, force_consent=False)
    assert connected(google, browser).refresh_token


def test_a_revoked_grant_cannot_be_refreshed_and_revoking_twice_is_fine(google, browser):
    tokens = connected(google, browser)
    google.revoke(tokens.access_token)
    google.revoke(tokens.refresh_token)
    with pytest.raises(AccessRevoked) as caught:
        google.refresh(tokens.refresh_token)
    assert (caught.value.status, "invalid_grant" in caught.value.evidence) == (400, True)


def test_a_server_that_names_no_scope_granted_what_was_asked():
    body = '{"access_token": "x", "expires_in": 60}'
    answers = httpx.MockTransport(lambda request: httpx.Response(200, text=body))
    assert GoogleClient("id", "secret", transport=answers).refresh("r").scopes == set(SCOPES)


def test_a_wrong_client_secret_is_the_installations_fault(google, browser):
    tokens = connected(google, browser)
    with pytest.raises(SetupWrong, match="invalid_client"):
        replace(google, client_secret="wrong").refresh(tokens.refresh_token)


def test_a_token_for_too_little_is_refused_by_the_mailbox(world, google):
    readonly = "https://www.googleapis.com/auth/gmail.readonly"
    tokens = world.grant(ANN, scopes=[readonly])
    held = RefreshingTokens(
        google, access_token=tokens.access_token, refresh_token=tokens.refresh_token
    )
    box = GmailMailbox(tokens=held, api_url=google.endpoints.api_url, transport=google.transport)
    box.read_profile()
    with pytest.raises(PermissionMissing):
        box.create_draft(b"Subject: x\r\n\r\n")


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (400, '{"error": "invalid_grant"}', AccessRevoked),
        (400, '{"error": "admin_policy_enforced"}', SetupWrong),
        (401, '{"error": "unauthorized_client"}', SetupWrong),
        (400, '{"error": "unsupported_grant_type"}', Rejected),
        (400, "<html>", TryLater),
        (429, '{"error": "rate_limit_exceeded"}', TryLater),
        (500, '{"error": "internal_failure"}', TryLater),
        (503, "", TryLater),
        (200, "", TryLater),
        (200, '{"access_token": "", "expires_in": 1, "scope": "x"}', TryLater),
        (200, '{"access_token": "x", "expires_in": "soon", "scope": "x"}', TryLater),
    ],
)
def test_an_answer_of_the_token_server_has_one_meaning(status, body, meaning):
    answers = httpx.MockTransport(lambda request: httpx.Response(status, text=body))
    client = GoogleClient("id", "secret", transport=answers)
    for ask in (
        lambda: client.refresh("r"),
        lambda: client.exchange_code("c", verifier="v", redirect_uri=BACK),
    ):
        with pytest.raises(ProviderError) as caught:
            ask()
        assert type(caught.value) is meaning


def test_silence_of_the_token_server_is_tried_later_and_asked_once():
    calls = []

    def silence(request):
        calls.append(request)
        raise httpx.ReadTimeout("too slow", request=request)

    client = GoogleClient("id", "secret", transport=httpx.MockTransport(silence))
    with pytest.raises(TryLater):
        client.refresh("r")
    with pytest.raises(TryLater):
        client.revoke("r")
    assert len(calls) == 2


def test_no_secret_appears_when_things_are_printed_or_logged(google, browser, caplog):
    """S30: tokens are never logged."""
    caplog.set_level(logging.DEBUG)
    tokens = connected(google, browser)
    google.refresh(tokens.refresh_token)
    with pytest.raises(PermissionMissing) as caught:
        connected(google, browser, force_consent=False)
    shown = f"{tokens!r} {google!r} {caught.value!r} {caught.value.evidence} {caplog.text}"
    for secret in (tokens.access_token, tokens.refresh_token, CLIENT_SECRET):
        assert secret not in shown
    assert "expires_at" in shown


def test_each_verifier_is_new_and_its_challenge_follows_from_it():
    verifier, challenge = new_pkce()
    assert challenge == challenge_of(verifier)
    assert 43 <= len(verifier) <= 128
    assert verifier != new_pkce()[0]


def test_what_is_asked_of_google_is_what_its_guide_says():
    url = GoogleClient("id", "secret").authorize_url(
        state="s", code_challenge="c", redirect_uri=BACK, login_hint=ANN, force_consent=False
    )
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://accounts.google.com/o/oauth2/v2/auth"
    )
    assert {name: values[0] for name, values in parse_qs(parts.query).items()} == {
        "client_id": "id",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "https://www.googleapis.com/auth/gmail.modify",
        "access_type": "offline",
        "include_granted_scopes": "true",
        "state": "s",
        "code_challenge": "c",
        "code_challenge_method": "S256",
        "login_hint": ANN,
    }
