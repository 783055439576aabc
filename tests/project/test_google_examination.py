"""The doctor walks through the set-up at Google and names the exact fix for what it finds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from letterbook.mailboxes.models import Grant, Mailbox
from letterbook.mailboxes.states import mark_needs_reconnecting
from letterbook.project.google_examination import examine_google

CLIENT_ID = "123456-abc.apps.googleusercontent.com"


@pytest.fixture
def ill(gmail):
    """What is wrong, with its fix, by what was looked at."""
    return lambda: {one.what: one.fix for one in examine_google() if not one.is_well}


def test_where_all_is_well_nothing_is_to_be_done(mailbox, ill):
    assert ill() == {}
    assert [one.what for one in examine_google()][-1] == "Gmail of alice@haldenrowe.example"


@pytest.mark.django_db
def test_without_a_client_google_is_not_asked(settings, gmail):
    settings.GOOGLE_CLIENT_ID = ""
    assert list(examine_google()) == []
    assert not gmail.counts


@pytest.mark.django_db
@pytest.mark.parametrize(
    "client_id", [" 123-abc.apps.googleusercontent.com", "my client", "GOCSPX-abc"]
)
def test_a_client_id_of_another_form_is_named(settings, ill, client_id):
    settings.GOOGLE_CLIENT_ID = client_id
    assert "ends in .apps.googleusercontent.com" in ill()["Client's form"]


@pytest.mark.django_db
def test_a_bare_number_is_no_redirect_address(settings, ill):
    settings.BASE_URL = "https://192.0.2.7"
    assert "LETTERBOOK_BASE_URL" in ill()["Redirect address"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "fix"),
    [
        ("refuse:invalid_client", "do not belong together"),
        ("refuse:deleted_client", "create another"),
        ("refuse:disabled_client", "Enable the client again"),
        ("refuse:unauthorized_client", "Web application"),
        ("refuse:redirect_uri_mismatch", "letter by letter"),
        ("refuse:org_internal", "Choose External"),
        ("refuse:admin_policy_enforced", "administrator has to allow"),
        ("refuse:invalid_scope", "gmail.modify"),
        ("drop_before", "oauth2.googleapis.com"),
        ("html", "oauth2.googleapis.com"),
    ],
)
def test_each_answer_to_the_client_has_its_fix(gmail, ill, answer, fix):
    gmail.fail("oauth.exchange", answer)
    assert fix in ill()["Client at Google"]


@pytest.mark.parametrize(
    ("answer", "fix"),
    [
        ("refuse:403:disabled", "gmail.googleapis.com"),
        ("refuse:403:scope", "every box ticked"),
        ("refuse:403:policy", "App access control"),
        ("refuse:503", "by itself"),
    ],
)
def test_each_answer_of_gmail_has_its_fix(mailbox, gmail, ill, answer, fix):
    gmail.fail("getProfile", answer)
    assert fix in ill()["Gmail of alice@haldenrowe.example"]


def test_the_link_to_the_api_is_that_of_the_own_project(mailbox, gmail, ill, settings):
    settings.GOOGLE_CLIENT_ID = CLIENT_ID
    gmail.fail("getProfile", "refuse:403:disabled")
    assert ill()["Gmail of alice@haldenrowe.example"].endswith("?project=123456")


def test_a_consent_screen_in_testing_is_found_by_its_seven_days(mailbox, gmail, ill, at):
    Grant.objects.update(granted_at=at - timedelta(days=7))
    mark_needs_reconnecting(mailbox, reason="Ended.", at=at)
    assert "In production" in ill()["Google ended the permission after seven days"]


def test_every_trouble_of_a_mailbox_has_a_fix(mailbox, ill):
    for trouble in ("revoked", "seven_days", "scope", "setup"):
        Mailbox.objects.update(trouble=trouble, state="needs_reconnecting")
        [fix] = ill().values()
        assert fix
