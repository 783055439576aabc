"""Dates of headers: the short way to read them and the library's say the same."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from hypothesis import example, given
from hypothesis import strategies as st

from letterbook.mime.dates import read_date

_WRITTEN = st.builds(
    "{}{} {} {} {}:{}:{} {}{}".format,
    st.sampled_from(["", "Mon, ", "Tue,", "Sunday, "]),
    st.sampled_from(["1", "09", "29", "30", "31", "32", "0"]),
    st.sampled_from(["Jan", "Feb", "sep", "Dec", "December", "Foo"]),
    st.sampled_from(["1999", "2000", "2023", "2024", "24", "0000", "9999", "1"]),
    *[
        st.sampled_from(["00", "09", "23", "24", "5"]),
        *[st.sampled_from(["00", "59", "60", "7"])] * 2,
    ],
    st.sampled_from(
        ["+0000", "-0000", "+0200", "-1130", "+2360", "+2400", "-0960", "GMT", "EST", ""]
    ),
    st.sampled_from(["", " (UTC)", " (Mitteleuropäische Zeit)", " x"]),
)


@given(_WRITTEN | st.text(max_size=40))
@example("Mon, 1 Jan 2024 10:00:00 +0200 (CET)")
def test_a_date_is_what_the_library_says(text):
    assert read_date(text) == _as_the_library_reads(text)


def _as_the_library_reads(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
