"""S36: from the button, over Google's page, to a mailbox that is due for its first retrieval; and everything else."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from browsing import as_member, words
from factories import a_mailbox
from letterbook.mailboxes.models import Grant, Mailbox, MailboxState, Sharing, StoringPolicy
from letterbook.providers.fake_gmail.world import FakeGmail
from letterbook.teams.models import Membership

Consent = Callable[..., dict[str, str]]
ALICE = "alice@haldenrowe.example"
CHOSEN = {"sharing": "1", "policy": "everyone"}


@pytest.fixture
def account(gmail: FakeGmail) -> str:
    gmail.create_account(ALICE, name="Alice Halden")
    return ALICE


def _asked(browser: Client, **form: str) -> str:
    answer = browser.post(reverse("connect-mailbox"), {**CHOSEN, **form})
    assert answer.status_code == 303
    return answer["Location"]


def _come_back(browser: Client, parameters: dict[str, str]):
    return browser.get(f"{reverse('mailbox-connected')}?{urlencode(parameters)}", follow=True)


def test_a_mailbox_is_connected_as_it_was_chosen(alice: Membership, account: str, consent: Consent):
    browser = as_member(alice)
    answer = _come_back(browser, consent(_asked(browser), account=account))
    mailbox = Mailbox.objects.get()
    assert (mailbox.owner, mailbox.address) == (alice.user, ALICE)
    assert (mailbox.sharing, mailbox.policy) == (Sharing.METADATA, StoringPolicy.EVERYONE)
    assert mailbox.is_connected
    page = words(answer)
    assert f"{ALICE} is connected." in page
    assert "who and when" in page


def test_nothing_is_shared_by_default(alice: Membership, account: str):
    browser = as_member(alice)
    page = words(browser.get(reverse("connect-mailbox")))
    assert page.count('name="sharing"') == 4
    answer = browser.post(reverse("connect-mailbox"), {"policy": "everyone"})
    assert answer.status_code == 422
    assert "Choose how much your team may see." in words(answer)


def test_forms_may_lead_to_google_and_nowhere_else(alice: Membership, gmail: FakeGmail):
    policy = as_member(alice).get(reverse("connect-mailbox"))["Content-Security-Policy"]
    assert "form-action 'self' https://accounts.google.com;" in policy


def test_an_answer_with_another_state_connects_nothing(
    alice: Membership, account: str, consent: Consent
):
    browser = as_member(alice)
    parameters = consent(_asked(browser), account=account)
    answer = _come_back(browser, {**parameters, "state": "guessed"})
    assert "does not belong to a connection that you began here" in words(answer)
    assert not Mailbox.objects.exists()


def test_an_answer_is_good_for_one_browser_and_one_time(
    alice: Membership, bob: Membership, account: str, consent: Consent
):
    browser = as_member(alice)
    parameters = consent(_asked(browser), account=account)
    assert "does not belong" in words(_come_back(as_member(bob), parameters))
    assert not Mailbox.objects.exists()
    assert "is connected" in words(_come_back(browser, parameters))
    assert "does not belong" in words(_come_back(browser, parameters))
    assert Mailbox.objects.count() == 1


def test_whoever_says_no_at_google_reads_what_to_do(
    alice: Membership, account: str, consent: Consent
):
    browser = as_member(alice)
    answer = _come_back(browser, consent(_asked(browser), account=account, decision="deny"))
    assert "You did not allow access at Google" in words(answer)
    assert "choose Continue" in words(answer)
    assert not Mailbox.objects.exists()


def test_a_permission_that_was_left_out_connects_nothing(
    alice: Membership, account: str, consent: Consent
):
    browser = as_member(alice)
    answer = _come_back(browser, consent(_asked(browser), account=account, scopes="openid"))
    assert "leave every box ticked" in words(answer)
    assert not Mailbox.objects.exists()
    assert not Grant.objects.exists()


def test_without_a_google_client_the_way_out_is_told(alice: Membership):
    browser = as_member(alice)
    assert "Google is not set up on this server yet." in words(
        browser.get(reverse("connect-mailbox"))
    )
    answer = browser.post(reverse("connect-mailbox"), CHOSEN)
    assert answer.status_code == 503
    assert "LETTERBOOK_GOOGLE_CLIENT_ID" in words(answer)


def test_reconnecting_keeps_what_was_chosen(alice: Membership, mailbox: Mailbox, consent: Consent):
    Mailbox.objects.update(state=MailboxState.NEEDS_RECONNECTING, sharing=Sharing.SUBJECT)
    browser = as_member(alice)
    assert "Reconnect" in words(browser.get(reverse("mailboxes")))
    asked = browser.post(reverse("reconnect-mailbox", args=[mailbox.pk]))["Location"]
    _come_back(browser, consent(asked, account=mailbox.address))
    mailbox.refresh_from_db()
    assert mailbox.is_connected
    assert mailbox.sharing == Sharing.SUBJECT


def test_a_mailbox_that_somebody_else_connected_stays_theirs(
    alice: Membership, bob: Membership, account: str, consent: Consent
):
    a_mailbox(bob, address=ALICE)
    browser = as_member(alice)
    answer = _come_back(browser, consent(_asked(browser), account=account))
    assert "already connected in this team, by Bob Rowe" in words(answer)
    assert Mailbox.objects.get().owner == bob.user
