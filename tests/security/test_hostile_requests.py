"""Whatever arrives in a form, an address or a body: it is answered, and never by a fault of ours."""

from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from browsing import as_member
from factories import a_contact, a_message, a_note
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import OutgoingEmail
from letterbook.teams.models import ApiToken
from letterbook.teams.tokens import create_token
from letterbook.web.urls import urlpatterns
from reading_code import names_in_web

NUL, LONG = "a\0b", "x" * 30_000
DEEP = "[" * 20_000
# Whatever a page reads or a form offers, so that a new field is tried without being listed here.
NAMES = names_in_web(r'(?:GET|POST|FILES)(?:\.get|\.getlist)?[(\[]"(\w+)"', r'\bname="(\w+)"')
# What Django's forms name, and what Google sends people back with.
NAMES |= {"addresses", "job_title", "company", "phone", "note", "email", "time_zone", "html_text"}
NAMES |= {"code", "error", "user", "contact"}
HOSTILE = {
    "NUL": NUL,
    "long": LONG,
    "many digits": "9" * 5_000,
    "a line break": "a\r\nBcc: vera@hidden.example",
    "a deep cursor": base64.urlsafe_b64encode(DEEP.encode()).decode(),
    "an early cursor": base64.urlsafe_b64encode(
        b'["0001-01-01T00:00:00+14:00","' + b"0" * 32 + b'"]'
    ).decode(),
    "a late cursor": base64.urlsafe_b64encode(
        b'["9999-12-31T23:59:59-14:00","' + b"0" * 32 + b'"]'
    ).decode(),
    "an early time": "0001-01-01T00:00+14:00",
    "a late time": "9999-12-31T23:59-14:00",
    "the end of time": "9999-12-31T23:59",
    "verb and rest": "remove:nothing",
    "a time to send at": "schedule:9999-12-31T23:59",
    "not unicode": "\udcff",
}


@pytest.fixture
def world(alice, mailbox, at) -> dict[str, Any]:
    """One of everything in alice's team, by the names that addresses give them."""
    contact = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    message = a_message(mailbox, contact, raw=b"From: anna@lindwerk.example\r\n\r\nHello")
    text = DraftText(to="anna@lindwerk.example", subject="S", html="<p>Yes</p>")
    return {
        "contact": contact.pk,
        "activity": a_note(alice, contact).pk,
        "mailbox": mailbox.pk,
        "message": message.pk,
        "thread": message.thread_id,
        "draft": create_draft(alice, mailbox=mailbox, text=text, at=at).pk,
        "sender": f"{mailbox.pk}|{mailbox.address}",
    }


def addresses(world) -> list[str]:
    first = {
        "contacts": "contact",
        "conversations": "thread",
        "messages": "message",
        "outgoing": "draft",
    }
    found = []
    for pattern in urlpatterns:
        if pattern.name == "events":
            continue
        kind = first.get(str(pattern.pattern).partition("/")[0], "mailbox")
        values = {"pk": world[kind], "activity": world["activity"], "number": 1, "token": "x"}
        values |= {
            "attachment": uuid4(),
            "content_id": "picture@letterbook.example",
            "row": 1,
            "page": 0,
            "other": uuid4(),
            "form": "csv",
        }
        if str(pattern.pattern).startswith(("team/", "settings/")):
            values["pk"] = uuid4()
        needed = {name: values[name] for name in pattern.pattern.converters}
        found.append(reverse(str(pattern.name), kwargs=needed))
    return found


@pytest.fixture
def browser(alice) -> Client:
    browser = as_member(alice)
    browser.raise_request_exception = False
    return browser


def is_fault(answer) -> bool:
    return answer.status_code >= 500 and answer.status_code != 503


@pytest.mark.parametrize("kind", ["NUL", "a deep cursor", "an early cursor", "a late cursor"])
def test_no_query_can_make_a_page_fail(kind, world, browser):
    """F8, F9, B21."""
    queries = dict.fromkeys(NAMES, as_typed(kind))
    failed = [path for path in addresses(world) if is_fault(browser.get(path, queries))]
    assert not failed


@pytest.mark.parametrize("kind", ["NUL", "long", "many digits"])
def test_no_form_can_make_a_page_fail(kind, world, browser, gmail):
    """C1, F8, B21."""
    form = dict.fromkeys(NAMES, as_typed(kind))
    failed = [path for path in addresses(world) if is_fault(browser.post(path, form))]
    assert not failed


@pytest.mark.parametrize("kind", [one for one in HOSTILE if "cursor" not in one])
def test_no_field_of_the_composer_can_make_it_fail(kind, world, browser):
    """C1 to C4, C13."""
    whole = {
        "from": world["sender"],
        "to": "anna@lindwerk.example",
        "subject": "S",
        "html": "<p>Hi</p>",
    }
    hostile = as_typed(kind)
    failed = []
    for path in (
        reverse("write"),
        reverse("begin-draft"),
        reverse("edit-email", args=[world["draft"]]),
    ):
        for field, value in (
            *[
                (name, hostile)
                for name in (
                    "to",
                    "cc",
                    "bcc",
                    "subject",
                    "html",
                    "html_text",
                    "key",
                    "back",
                    "version",
                )
            ],
            ("from", f"{world['mailbox']}|{hostile}"),
            ("do", hostile),
            ("do", f"remove:{hostile}"),
            ("do", f"schedule:{hostile}"),
        ):
            version = str(OutgoingEmail.objects.get(pk=world["draft"]).version)
            form = whole | {"version": version} | {field: value}
            if is_fault(browser.post(path, form)):
                failed.append((path, field, value[:20]))
    assert not failed


def as_typed(kind: str) -> str:
    return HOSTILE[kind].encode("utf-8", "surrogatepass").decode("utf-8", "replace")


@pytest.mark.parametrize("name", ["a\0b", "x" * 81, "\0", " "])
def test_a_tokens_name_is_one_that_can_be_kept(name, browser, alice):
    answer = browser.post(reverse("create-token"), {"name": name})
    assert answer.status_code == 200
    kept = list(ApiToken.objects.values_list("name", flat=True))
    assert kept == (["ab"] if name == "a\0b" else [])


BODIES = {
    "deep": (DEEP, 400),
    "deep inside": ('{"name": ' + DEEP, 400),
    "half a character": ('{"name": "\\ud800"}', 422),
    "NUL": ('{"name": "a\\u0000"}', 422),
    "no number": ('{"name": 1e999}', 422),
    "many digits": ('{"name": ' + "9" * 5_000 + "}", 400),
    "no unicode": ("\udcff", 400),
    "a list": ("[]", 422),
    "nothing": ("", 400),
    "a key twice": ('{"name": "A", "name": 5}', 422),
}


@pytest.mark.parametrize("kind", list(BODIES))
def test_no_body_can_make_the_api_fail(kind, alice, at):
    """F8: an answer that says what is wrong, and fast."""
    body, status = BODIES[kind]
    headers = {"Authorization": f"Bearer {create_token(alice, name='A program', at=at)}"}
    for path in ("contacts", "activities", "outgoing-emails"):
        answer = Client(raise_request_exception=False).post(
            f"/api/v1/{path}",
            body.encode("utf-8", "surrogateescape"),
            "application/json",
            headers=headers,
        )
        assert answer.status_code in {status, 422}, answer.content
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    [
        "cursor=" + "%5B" * 3000,
        "cursor=%00",
        "limit=0",
        "limit=-1",
        "limit=99999999999999999999",
        "q=%00",
        "q=%ff",
        "weeks=1e999",
        "contact_id=x",
        "direction=%00",
    ],
)
def test_no_query_can_make_the_api_fail(query, alice, at):
    headers = {"Authorization": f"Bearer {create_token(alice, name='A program', at=at)}"}
    for path in (
        "contacts",
        "activities",
        "outgoing-emails",
        "search",
        "mailboxes",
        "insights/volume",
        "messages/x",
        "threads/%00",
    ):
        answer = Client(raise_request_exception=False).get(
            f"/api/v1/{path}?{query}", headers=headers
        )
        assert answer.status_code in {200, 404, 422}, (path, answer.content)


@pytest.mark.parametrize("given", ["Bearer é", "Bearer ", "", "Basic x", "Bearer a\udcff"])
def test_a_wrong_token_for_the_figures_is_refused_whatever_it_is(given, db, settings):
    settings.METRICS_TOKEN = "the token"
    answer = Client(raise_request_exception=False).get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 404
