"""The content security policy forbids inline scripts and handlers: no template may hold one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import get_template, render_to_string

import letterbook.web

TEMPLATES = Path(letterbook.web.__file__).parent / "templates"
NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
DRAWN = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.jinja"))
FORBIDDEN = {
    "an inline script": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", re.IGNORECASE
    ),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an htmx handler, which needs eval": re.compile(
        r"\bhx-on\b|\bhx-vals\s*=\s*['\"]js:|\bhx-trigger\s*=\s*\"[^\"]*\["
    ),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "a foreign address": re.compile(r"(?:src|href)\s*=\s*['\"](?:https?:)?//", re.IGNORECASE),
}


@pytest.mark.parametrize("name", NAMES + DRAWN)
def test_no_template_needs_more_than_the_policy_allows(name):
    source = (TEMPLATES / name).read_text()
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(source)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_template_can_be_read(name):
    assert get_template(name)


@pytest.mark.parametrize("name", ["404.html", "403.html", "403_csrf.html", "429.html", "500.html"])
def test_an_error_page_needs_no_context(name):
    page = render_to_string(name)
    assert "<h1" in page
    assert 'href="/"' in page


def test_every_icon_alone_is_hidden_from_screen_readers():
    for name in NAMES + DRAWN:
        for tag in re.findall(r"<span class=\"iconify[^>]*>", (TEMPLATES / name).read_text()):
            assert 'aria-hidden="true"' in tag, f"{name}: {tag}"
