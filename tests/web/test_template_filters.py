"""How times, counts, people and fields are written on a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.template import Context, Engine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from letterbook.web.templatetags import figures, times
from letterbook.web.templatetags.stamps import STAMPS, stamp_of

AT = datetime(2026, 11, 17, 9, 41, tzinfo=UTC)
ENGINE = Engine(libraries={"letterbook": "letterbook.web.templatetags.letterbook"}, builtins=[])
moments = st.integers(946_684_800, 2_840_140_800).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)


@pytest.fixture(autouse=True)
def greenwich():
    with timezone.override("UTC"):
        yield


def render(source: str, **context: Any) -> str:
    return ENGINE.from_string("{% load letterbook %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("moment", "heading"),
    [
        (datetime(2026, 11, 17, 0, 0, tzinfo=UTC), "Today, 17 November"),
        (datetime(2026, 11, 16, 23, 59, tzinfo=UTC), "Yesterday, 16 November"),
        (datetime(2026, 11, 18, 8, 0, tzinfo=UTC), "Tomorrow, 18 November"),
        (datetime(2026, 11, 15, 5, 38, tzinfo=UTC), "Sunday, 15 November"),
        (datetime(2024, 2, 29, 12, 0, tzinfo=UTC), "Thursday, 29 February 2024"),
    ],
)
def test_a_day_is_named_from_where_the_reader_stands(moment, heading):
    assert times.day_heading(moment, at=AT) == heading


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 17, 8, 12, tzinfo=UTC), "08:12"),
        (datetime(2026, 11, 15, 5, 38, tzinfo=UTC), "Sun 05:38"),
        (datetime(2026, 11, 11, 0, 1, tzinfo=UTC), "Wed 00:01"),
        (datetime(2026, 11, 10, 23, 59, tzinfo=UTC), "10 Nov"),
        (datetime(2026, 10, 12, 10, 0, tzinfo=UTC), "12 Oct"),
        (datetime(2024, 10, 12, 10, 0, tzinfo=UTC), "12 Oct 2024"),
        (datetime(2026, 11, 18, 8, 0, tzinfo=UTC), "Tomorrow 08:00"),
        (datetime(2026, 11, 20, 10, 0, tzinfo=UTC), "Fri 10:00"),
        (datetime(2027, 1, 4, 10, 0, tzinfo=UTC), "4 Jan 2027"),
    ],
)
def test_when_is_as_short_as_it_can_be_told_apart(moment, written):
    assert times.short_when(moment, at=AT) == written


def test_a_day_begins_at_the_readers_midnight_not_at_greenwichs():
    late = datetime(2026, 11, 16, 23, 30, tzinfo=UTC)
    assert times.short_when(late, at=AT) == "Mon 23:30"
    with timezone.override("Europe/Berlin"):
        assert times.short_when(late, at=AT) == "00:30"
        assert times.day_heading(late, at=AT) == "Today, 17 November"
        assert times.time_of_day(late) == "00:30"


@given(moment=moments, other=moments)
def test_two_days_never_share_a_heading(moment, other):
    is_same_day = moment.date() == other.date()
    with timezone.override("UTC"):
        headings = times.day_heading(moment, at=AT), times.day_heading(other, at=AT)
    assert (headings[0] == headings[1]) == is_same_day


@pytest.mark.parametrize(
    ("before", "written"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=3), "3 s ago"),
        (timedelta(seconds=59.9), "59 s ago"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=4, hours=17), "4 days ago"),
        (timedelta(days=59), "59 days ago"),
        (timedelta(days=60), "2 months ago"),
        (timedelta(days=364), "12 months ago"),
        (timedelta(days=365), "1 year ago"),
        (timedelta(days=3 * 365), "3 years ago"),
        (timedelta(minutes=-4), "in 4 min"),
        (timedelta(hours=-22, minutes=-19), "in 22 h"),
    ],
)
def test_how_long_ago_takes_one_unit(before, written):
    assert times.ago(AT - before, at=AT) == written


@pytest.mark.parametrize(
    ("span", "written"),
    [
        (timedelta(seconds=48), "48 s"),
        (timedelta(minutes=14), "14 min"),
        (timedelta(minutes=59, seconds=40), "1 h"),
        (timedelta(hours=3, minutes=40), "3 h 40 min"),
        (timedelta(hours=7, minutes=2), "7 h"),
        (timedelta(hours=23, minutes=40), "1 d"),
        (timedelta(days=1, hours=13), "1 d 13 h"),
        (timedelta(days=36), "36 d"),
        (7 * 3600, "7 h"),
    ],
)
def test_a_duration_takes_two_units_at_most(span, written):
    assert times.duration(span) == written


def test_a_fine_duration_keeps_its_minutes():
    assert times.duration(timedelta(hours=7, minutes=10), precision="fine") == "7 h 10 min"


@given(st.floats(min_value=0, max_value=10**9))
def test_no_duration_writes_a_unit_that_is_full(seconds):
    for number, unit in zip(*[iter(times.duration(seconds).split())] * 2, strict=True):
        assert int(number) < {"s": 60, "min": 60, "h": 24, "d": 10**9}[unit]


@pytest.mark.parametrize(("left", "seconds"), [(7.0, 7), (6.2, 7), (0.0, 0), (-3.0, 0)])
def test_a_countdown_never_ends_too_early(left, seconds):
    assert times.seconds_until(AT + timedelta(seconds=left), at=AT) == seconds


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (480_000, "480 KB"),
        (999_600, "1.0 MB"),
        (2_100_000, "2.1 MB"),
        (999_960_000, "1.0 GB"),
        (3_200_000_000_000_000, "3200.0 TB"),
    ],
)
def test_a_size_takes_the_unit_in_which_it_is_short(size, written):
    assert figures.file_size(size) == written


def test_counts_have_their_thousands_apart():
    assert figures.thousands(51372) == "51,372"


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [
        (51372, 51478, "99.7"),
        (51477, 51478, "99.9"),
        (51478, 51478, "100"),
        (0, 0, "100"),
        (0, 5, "0.0"),
    ],
)
def test_a_hundred_percent_means_all_of_them(part, whole, percent):
    assert figures.share(part, whole) == percent


@pytest.mark.parametrize(
    ("part", "whole", "width"), [(79, 100, 79), (1, 51478, 1), (0, 10, 0), (5, 0, 0), (11, 10, 100)]
)
def test_the_smallest_part_of_a_meter_is_still_seen(part, whole, width):
    assert figures.meter_share(part, whole) == width


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ruth Adeyemi", "RA"),
        ("Jan van der Berg", "JB"),
        ("Ruth", "RU"),
        ("ruth.adeyemi@caldermuseum.example", "RA"),
        ("hello@haldenrowe.example", "HE"),
        ("Österreich (Wien)", "ÖS"),
        ("李 小龙", "李小"),
        ("“”", "?"),
        ("", "?"),
    ],
)
def test_two_letters_stand_for_a_person(name, letters):
    assert figures.initials(name) == letters


@given(st.text())
def test_any_name_has_initials(name):
    assert figures.initials(name)


def test_every_stamp_has_a_shape_an_icon_and_a_word():
    for stamp in STAMPS.values():
        assert stamp.shape.startswith("stamp-")
        assert stamp.icon.startswith("lucide--")
        assert stamp.word


def test_a_status_without_a_look_is_a_mistake():
    with pytest.raises(KeyError):
        stamp_of("lost")


def test_the_page_shown_is_marked_in_the_navigation():
    def mark(begins: str, path: str) -> str:
        request = SimpleNamespace(path=path, resolver_match=SimpleNamespace())
        return render(f'{{% current "{begins}" %}}', request=request)

    assert mark("contacts companies", "/contacts") == 'aria-current="page"'
    assert mark("contacts companies", "/contacts/new") == 'aria-current="true"'
    assert mark("contacts companies", "/") == mark("outbox outgoing", "/contacts") == ""
    assert mark("- first-run", "/") == 'aria-current="page"'
    assert render('{% current "outbox" %}') == ""


def test_only_our_two_themes_come_out_of_a_cookie():
    assert (
        render("{% theme %}", request=SimpleNamespace(COOKIES={"theme": "ink"}))
        == 'data-theme="ink"'
    )
    assert render("{% theme %}", request=SimpleNamespace(COOKIES={"theme": '"><script>'})) == ""
    assert render("{% theme %}") == ""


def test_a_filter_reads_the_clock_when_no_moment_is_given():
    now = timezone.now()
    assert render("{{ m|ago }}", m=now - timedelta(hours=3, minutes=5)) == "3 h ago"
    assert (
        render("{{ m|short_when:at }} {{ m|day_heading:at }}", m=AT, at=AT)
        == "09:41 Today, 17 November"
    )
    assert render("{{ m|seconds_until:at }} {{ d|duration }}", m=AT, at=AT, d=90) == "0 2 min"


class Everything(forms.Form):
    name = forms.CharField()
    level = forms.ChoiceField(choices=[("full", "Full")])
    note = forms.CharField(widget=forms.Textarea)
    agree = forms.BooleanField()


def test_a_field_gets_the_class_of_its_kind():
    form = Everything()
    assert 'class="input w-full"' in render("{{ f|widget }}", f=form["name"])
    assert 'class="select w-full"' in render("{{ f|widget }}", f=form["level"])
    assert 'class="textarea w-full"' in render("{{ f|widget }}", f=form["note"])
    assert "checkbox-primary" in render("{{ f|widget }}", f=form["agree"])
    assert (
        render("{{ f|is_checkbox }} {{ g|is_checkbox }}", f=form["agree"], g=form["name"])
        == "True False"
    )
