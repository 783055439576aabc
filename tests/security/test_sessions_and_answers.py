"""Sessions, cookies, links that leave the house, and what may be kept of an answer."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from browsing import as_member
from factories import a_contact, a_mailbox, a_message
from letterbook.teams.joining import invite
from letterbook.teams.models import User
from letterbook.teams.tokens import create_token

PASSWORD = "a long password"


def sign_in(member, **more) -> Client:
    browser = Client()
    answer = browser.post(
        "/accounts/login/", {"login": member.user.email, "password": PASSWORD}, **more
    )
    assert answer.status_code == 303, answer.content
    return browser


def test_what_is_personal_is_kept_by_nobody(alice, at):
    """A browser's or a proxy's copy would outlive the right to see it: sign-out, another's turn, less sharing."""
    contact, box = a_contact(alice), a_mailbox(alice)
    message = a_message(box, contact, raw=b"From: anna@lindwerk.example\r\n\r\nHello")
    browser = as_member(alice)
    paths = [
        reverse("today"),
        reverse("contact", args=[contact.pk]),
        reverse("conversation", args=[message.thread_id]),
        reverse("letter-frame", args=[message.pk]),
        reverse("source", args=[message.pk]) + "?download=1",
        reverse("suggest-recipients") + "?q=anna",
        reverse("contact", args=[message.pk]),
    ]
    for path in paths:
        assert browser.get(path)["Cache-Control"] == "private, no-store", path
    headers = {"Authorization": f"Bearer {create_token(alice, name='A program', at=at)}"}
    answer = Client().get(f"/api/v1/messages/{message.pk}", headers=headers)
    assert answer["Cache-Control"] == "private, no-store"


def test_a_link_for_a_new_password_leads_here_whatever_host_was_asked(alice, settings):
    """E11."""
    settings.BASE_URL = "https://letterbook.haldenrowe.example"
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(
        "/accounts/password/reset/",
        {"email": alice.user.email},
        headers={"Host": "evil.example:99"},
    )
    [notice] = mail.outbox
    links = re.findall(r"https?://\S+", notice.body)
    assert any("/accounts/password/reset/key/" in link for link in links)
    assert all(link.startswith(settings.BASE_URL) for link in links)
    assert "evil.example" not in notice.body + notice.subject


def test_a_link_for_a_new_password_works_once_and_ends_other_sessions(alice):
    """E9."""
    before = sign_in(alice)
    Client().post("/accounts/password/reset/", {"email": alice.user.email})
    [link] = re.findall(r"https?://[^/]+(/accounts/\S+)", mail.outbox[0].body)
    browser = Client()
    form = browser.get(link, follow=True)
    path = form.redirect_chain[-1][0]
    assert (
        browser.post(
            path, {"password1": "quite another one", "password2": "quite another one"}
        ).status_code
        == 303
    )
    assert before.get(reverse("today")).status_code == 302
    assert Client().get(link, follow=True).content.find(b'name="password1"') == -1


def test_an_unknown_address_gets_the_same_answer(alice):
    """E11."""
    known, unknown = (
        Client().post("/accounts/password/reset/", {"email": address}, follow=True)
        for address in (alice.user.email, "nobody@haldenrowe.example")
    )
    assert known.redirect_chain == unknown.redirect_chain
    wrong = [
        Client()
        .post("/accounts/login/", {"login": address, "password": "wrong wrong"})
        .content.decode()
        for address in (alice.user.email, "nobody@haldenrowe.example")
    ]
    plain = [re.sub(r'value="[^"]*"|CSRFToken": "[^"]*"', "", page) for page in wrong]
    assert plain[0] == plain[1]


def test_nobody_takes_another_address_by_typing_it(alice, bob, at):
    """P9: an invitation is for whoever has its address, so an address is not something to choose."""
    browser = as_member(bob)
    for action in ("action_add", "action_primary"):
        answer = browser.post("/accounts/email/", {"email": "new@haldenrowe.example", action: ""})
        assert answer.status_code == 404
    assert User.objects.get(pk=bob.user_id).email == "bob@haldenrowe.example"


def test_a_session_begun_before_signing_in_is_another_one_after(alice):
    """E9."""
    browser = Client()
    token = invite(alice, email="new@haldenrowe.example", role="member", at=alice.created_at)
    browser.get(reverse("join", args=[token]))
    before = browser.cookies["letterbook"].value
    browser.post("/accounts/login/", {"login": alice.user.email, "password": PASSWORD})
    assert browser.cookies["letterbook"].value != before
    cookie = browser.cookies["letterbook"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_session_ends_at_sign_out(alice):
    browser = sign_in(alice)
    kept = browser.cookies["letterbook"].value
    assert browser.get("/accounts/logout/").status_code == 200
    assert browser.get(reverse("today")).status_code == 200
    browser.post("/accounts/logout/")
    again = Client()
    again.cookies["letterbook"] = kept
    assert again.get(reverse("today")).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/logout/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/password/change/",
        "/settings",
        "/settings/tokens",
        "/team",
        "/team/switch",
        "/mailboxes/connect",
        "/mailboxes/import",
        "/write",
        "/write/draft",
        "/contacts/new",
        "/contacts/import",
    ],
)
def test_no_form_is_taken_without_our_own_token(path, alice):
    """E12, and login CSRF."""
    browser = Client(enforce_csrf_checks=True)
    if path not in {"/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"}:
        browser.force_login(alice.user)
    assert browser.post(path, {"login": "x"}).status_code == 403
    assert browser.post(path, "{}", content_type="text/plain").status_code == 403


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\\\\evil.example",
        "///evil.example",
        "https:evil.example",
    ],
)
def test_nobody_is_led_elsewhere(elsewhere, alice, mailbox):
    """E8."""
    answer = Client().post(
        "/accounts/login/", {"login": alice.user.email, "password": PASSWORD, "next": elsewhere}
    )
    assert answer["Location"] == reverse("today")
    form = {
        "from": f"{mailbox.pk}|{mailbox.address}",
        "subject": "S",
        "do": "close",
        "back": elsewhere,
    }
    answer = as_member(alice).post(reverse("write"), form)
    assert answer["Location"] == reverse("outbox")
    page = as_member(alice).get(
        reverse("write"), {"back": elsewhere}, headers={"Referer": elsewhere}
    )
    assert "evil.example" not in page.content.decode()


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "8.8.8.8"}]
)
def test_the_figures_are_for_this_machine_not_for_who_says_so(headers, db):
    assert Client().get("/metrics", headers=headers).status_code == 404
    assert Client(REMOTE_ADDR="203.0.113.5").get("/metrics", headers=headers).status_code == 404
    assert Client(REMOTE_ADDR="203.0.113.5").get("/metrics").status_code == 404


def test_nobody_is_signed_in_unasked_outside_the_demo(alice, settings):
    assert not settings.DEMO
    assert not [name for name in settings.MIDDLEWARE if "demo" in name]
    assert Client().get(reverse("today")).status_code == 302


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL"])
def test_no_header_changes_what_is_asked(header, alice, bob):
    """D7."""
    value = "DELETE" if "Method" in header else reverse("audit")
    assert as_member(bob).get(reverse("contacts"), headers={header: value}).status_code == 200
    assert (
        b"team founded"
        not in as_member(bob).get(reverse("contacts"), headers={header: value}).content
    )


def test_a_strangers_address_is_never_written_to(alice):
    Client().post("/accounts/password/reset/", {"email": "nobody@elsewhere.example"})
    assert mail.outbox == []
