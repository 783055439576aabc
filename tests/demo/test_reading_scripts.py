"""The plain-text form of the correspondence."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.demo.cast import companies, everyone
from letterbook.demo.scripts import BadScript, duration, parse_scripts, read_scripts
from letterbook.demo.wording import Wording, add_working_days

SCRIPT = """# a remark

== Subject of {place}
for: client lund
needs: many
stage: 4

-- them | cc also mate | phone
First words.

Second paragraph.

-- me | +1d2h | pdf a file | png another
Answer.
"""


def test_a_script_is_read_into_beats():
    (script,) = parse_scripts(SCRIPT)
    first, second = script.beats
    assert (script.subject, script.stage) == ("Subject of {place}", 4)
    assert (script.suits, script.needs) == ({"client", "lund"}, {"many"})
    assert (first.role, first.cc, first.is_from_phone) == ("them", ("also", "mate"), True)
    assert first.words == "First words.\n\nSecond paragraph."
    assert second.after == timedelta(days=1, hours=2)
    assert second.files == (("pdf", "a file"), ("png", "another"))


@pytest.mark.parametrize(
    "text",
    ["== A\nfor: x\n\n-- me | nonsense\nB", "== A\nwhen: x\n\n-- me\nB", "== A\nfor\n\n-- me\nB"],
)
def test_a_script_with_a_slip_is_refused(text):
    with pytest.raises(BadScript):
        list(parse_scripts(text))


@given(st.integers(0, 400), st.integers(0, 60), st.integers(0, 60))
def test_durations_are_read(days, hours, minutes):
    found = duration(f"{days}d{hours}h{minutes}m")
    assert found == timedelta(days=days, hours=hours, minutes=minutes)


@pytest.mark.parametrize("text", ["", "5", "h", "1d x", "-1d"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(BadScript):
        duration(text)


def test_every_script_can_be_played_by_somebody():
    known = {company.key for company in companies()} | {company.kind for company in companies()}
    for script in read_scripts():
        assert script.beats
        assert script.suits <= known
        assert set(script.cast.values()) <= set(everyone())
        played = {beat.role for beat in script.beats} | {
            one for beat in script.beats for one in beat.cc
        }
        assert played <= {"them", "also", "me", "mate"}
        if not script.suits:
            assert played <= set(script.cast)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 60))
def test_so_many_working_days_later_is_a_working_day(day, count):
    later = add_working_days(day, count)
    assert later.weekday() < 5
    assert timedelta(days=count) <= later - day <= timedelta(days=count * 7 / 5 + 4)


def test_words_are_chosen_and_slots_filled():
    wording = Wording({"place": "the shop"}, date(2026, 11, 17), random.Random(1))
    assert wording.fill("{Place} [is|was] open") in {"The shop is open", "The shop was open"}
    assert (
        wording.fill("{day+3}, {weekday+1}, {date}") == "Friday 20 November, Wednesday, 17 November"
    )
    with pytest.raises(KeyError):
        wording.fill("{nobody}")
