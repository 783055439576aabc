"""This machine's clock against the `Date` of an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.providers.clocks import clock_off

NOON = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
SECONDS = st.floats(0, 300)


def told(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


@given(off=st.floats(-3e7, 3e7), on_its_way=SECONDS, on_its_way_back=SECONDS)
def test_it_is_as_far_off_as_the_answer_proves_and_no_farther(off, on_its_way, on_its_way_back):
    """Whatever the answer's way took: never more than the truth, and less by no more than that way."""
    answered = NOON + timedelta(seconds=on_its_way)
    found = clock_off(
        told(answered),
        asked_at=NOON + timedelta(seconds=off),
        answered_at=answered + timedelta(seconds=off + on_its_way_back),
    ).total_seconds()
    assert found * off >= 0
    assert abs(found) <= abs(off) + 1e-3
    assert abs(found) >= abs(off) - on_its_way - on_its_way_back - 2


def test_a_slow_answer_is_no_wrong_clock():
    """Given at once and underway for minutes, or given after minutes."""
    for when in (NOON, NOON + timedelta(minutes=3)):
        off = clock_off(told(when), asked_at=NOON, answered_at=NOON + timedelta(minutes=3))
        assert off == timedelta()


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 32 Foo 2026", "\x00"])
def test_what_is_no_date_tells_nothing(date):
    assert clock_off(date, asked_at=NOON, answered_at=NOON) == timedelta()
