"""Lines that a page shows by the dozen are drawn as safely as the rest of it, and link to the same places."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.middleware.csrf import get_token
from django.template import engines
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse, set_script_prefix
from jinja2 import UndefinedError

from letterbook.web.entries import Action, Entry, Former, ShownFile
from letterbook.web.fact_stamps import FactStamp
from letterbook.web.paths import path_to

AT = datetime(2026, 11, 17, 9, 41, tzinfo=UTC)
EVIL = "<script>alert('x')</script>\"><img src=x>"


def drawn(source: str, **context: Any) -> str:
    return engines["django"].from_string(source).render(context, RequestFactory().get("/"))


def line(**fields: Any) -> str:
    entry = Entry(**{"id": "line-1", "side": "in", "moment": AT, **fields})
    return drawn(
        '{% form_fields as fields %}{% draw "entries" "line" entry=entry fields=fields %}',
        entry=entry,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": EVIL, "url": EVIL, "text": EVIL, "people": EVIL, "name": EVIL},
        {"lead": EVIL, "side": "team", "icon": EVIL, "text": EVIL},
        {"locked": EVIL, "status": "sent", "word": EVIL, "aside": EVIL},
        {"tone": "bad", "status": "failed", "reason": EVIL},
        {"facts": (FactStamp("answered", EVIL, EVIL),)},
        {"files": (ShownFile(EVIL, 9, EVIL, is_image=False),)},
        {"actions": (Action(EVIL, EVIL, is_post=True, key="r"), Action(EVIL, EVIL))},
        {"menu": (Action(EVIL, EVIL, is_post=True), Action(EVIL, EVIL))},
        {"former": (Former(EVIL, AT, EVIL),)},
        {"earlier": (Entry(id=EVIL, side="in", moment=AT, people=EVIL, text=EVIL, url=EVIL),)},
    ],
)
def test_nothing_in_a_line_becomes_markup(fields):
    html = line(**fields)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script" in html


def test_a_form_in_a_line_says_the_token_of_its_page():
    source = '{% form_fields as fields %}{% draw "entries" "line" entry=entry fields=fields %}'
    request = RequestFactory().get("/")
    get_token(request)
    entry = Entry(id="", side="in", moment=AT, actions=(Action("Reply", "/r", is_post=True),))
    html = engines["django"].from_string(source).render({"entry": entry}, request)
    assert 'name="csrfmiddlewaretoken" value="' in html
    assert "&lt;input" not in html


def test_what_a_line_does_not_have_is_no_silent_nothing():
    with pytest.raises(UndefinedError):
        drawn('{% draw "components" "file" file=file %}', file={"name": "offer.pdf"})


def test_a_component_is_drawn_from_the_same_place_wherever_it_stands():
    page = drawn('{% include "web/components/stamp.html" with status="sent" only %}')
    assert 'class="stamp stamp-sent' in page
    assert page.strip() == drawn('{% draw "components" "stamp" status="sent" %}')


@pytest.mark.parametrize(
    ("name", "ids"), [("contacts", 0), ("conversation", 1), ("pin-activity", 2)]
)
def test_a_path_is_the_one_that_is_looked_up(name, ids):
    wanted = [uuid4() for _ in range(ids)]
    assert path_to(name, *wanted) == reverse(name, args=wanted)
    set_script_prefix("/letters/")
    try:
        assert path_to(name, *wanted) == reverse(name, args=wanted)
        assert path_to(name, *wanted).startswith("/letters/")
    finally:
        set_script_prefix("/")


def test_a_page_that_is_not_there_has_no_path():
    with pytest.raises(NoReverseMatch):
        path_to("nowhere", uuid4())
