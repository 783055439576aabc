"""Style sheets and scripts come whole, in part, or not again, and the log stays quiet about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import AsyncClient

ICON = "/static/icon.svg"


@async_to_sync
async def answered(method: str = "GET", **headers: str) -> HttpResponse:
    """Return what is said to a browser, as the server asks for it: asynchronously."""
    return await AsyncClient().generic(method, ICON, headers=headers)


@pytest.fixture
def icon() -> bytes:
    return Path(str(finders.find("icon.svg"))).read_bytes()


def test_a_file_comes_whole_and_is_no_stream(icon):
    answer = answered()
    assert (answer.status_code, answer.streaming) == (200, False)
    assert answer.content == icon
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Content-Length"] == str(len(icon))


def test_its_head_comes_alone(icon):
    answer = answered("HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Length"] == str(len(icon))


def test_a_part_comes_alone(icon):
    answer = answered(Range="bytes=1-4")
    assert (answer.status_code, answer.content) == (206, icon[1:5])


def test_what_the_browser_has_is_not_sent_again():
    answer = answered(**{"If-None-Match": answered()["ETag"]})
    assert (answer.status_code, answer.content) == (304, b"")


def test_nothing_is_written_there():
    assert answered("POST").status_code == 405
