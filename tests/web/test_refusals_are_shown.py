"""An expected no is a page with its way out and the right status; to htmx, a part of one; a bug stays a bug."""

from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from browsing import as_member, words
from factories import a_mailbox
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound, NotNow, Refused
from letterbook.mailboxes.models import Mailbox, MailboxState
from letterbook.teams.models import Membership
from letterbook.web.middleware import show_refusals


@pytest.mark.parametrize(
    ("kind", "status"),
    [(NotFound, 404), (NotAllowed, 403), (Conflict, 409), (Invalid, 422), (NotNow, 503)],
)
def test_each_kind_has_its_status_and_shows_its_way_out(
    db: None, rf: RequestFactory, kind: type[Refused], status: int
):
    request = rf.get("/")
    request.session = {}
    shown = _shown(request, kind("It is <closed>.", way_out="Come back tomorrow."))
    assert shown.status_code == status
    assert "It is &lt;closed&gt;." in shown.content.decode()
    assert "Come back tomorrow." in shown.content.decode()


def test_anything_else_is_a_bug_and_rises(rf: RequestFactory):
    middleware = show_refusals(lambda _request: None)
    assert middleware.process_exception(rf.get("/"), ValueError("a bug")) is None


def test_htmx_is_given_a_part_that_it_may_put_in_place(alice: Membership):
    box = a_mailbox(alice)
    Mailbox.objects.update(state=MailboxState.DISCONNECTED)
    path = reverse("resume-mailbox", args=[box.pk])
    part = as_member(alice).post(path, headers={"HX-Request": "true"})
    assert part.status_code == 409
    assert "<html" not in words(part)
    assert "Reconnect it first." in words(part)
    page = as_member(alice).post(path)
    assert page.status_code == 409
    assert "Go to Today" in words(page)


@pytest.mark.parametrize(
    "path", ["/no-such-page", "/mailboxes/00000000-0000-7000-8000-000000000000", "/mailboxes/1"]
)
def test_what_is_not_there_and_what_is_not_ones_own_look_the_same(alice: Membership, path: str):
    answer = as_member(alice).get(path)
    assert answer.status_code == 404
    assert "/" in words(answer)


def test_a_forged_form_is_refused_in_words(alice: Membership):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice.user)
    answer = browser.post(reverse("settings"), {"name": "Mallory"})
    assert answer.status_code == 403
    assert "Letterbook" in words(answer)
    alice.user.refresh_from_db()
    assert alice.user.name == "Alice Halden"


def test_every_page_carries_its_policy(alice: Membership):
    for path in ("/", "/accounts/login/", "/no-such-page"):
        policy = as_member(alice).get(path, follow=True)["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "'unsafe-eval'" not in policy
        assert "script-src" not in policy


def _shown(request: HttpRequest, refused: Refused):
    answer = show_refusals(lambda _request: None).process_exception(request, refused)
    assert answer is not None
    return answer


def test_who_was_signed_out_meanwhile_comes_back_to_where_they_pressed(alice: Membership):
    """Signing in leads to the page with the button, never to the address that only its form may ask for."""
    browser, pressed = Client(), reverse("retrieve-all")
    answer = browser.post(pressed, headers={"Referer": "http://testserver/mailboxes?x=1"})
    assert answer["Location"] == "/accounts/login/?next=/mailboxes%3Fx%3D1"
    assert "You were signed out, so nothing was done." in words(browser.get(answer["Location"]))
    asked = Client().post(pressed, headers={"Referer": "https://evil.example/mailboxes"})
    assert asked["Location"] == "/accounts/login/?next=/"
    by_script = Client()
    by_script.post(pressed, headers={"Sec-Fetch-Mode": "cors"})
    assert "You were signed out" not in words(by_script.get("/accounts/login/"))


def test_the_address_of_a_form_says_that_it_is_no_page(alice: Membership):
    """Loading such a page again asks for it; browsers take an answer without content for a broken server."""
    answer = as_member(alice).get(reverse("retrieve-all"))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "There is nothing to look at here." in words(answer)
