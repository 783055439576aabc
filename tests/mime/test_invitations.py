from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.invitations import Invitation, read_invitation

INVITATION = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Plan the mill\\, again
DTSTART;TZID=Europe/Berlin:20260503T100000
DTEND;TZID=Europe/Berlin:20260503T113000
LOCATION:Room 4\\; second floor
ORGANIZER;CN="Lind, Anna":mailto:anna@lindwerk.example
ATTENDEE;PARTSTAT=ACCEPTED;CN=Ruth:MAILTO:ruth@haldenrowe.example
ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:
 tom@haldenrowe.example
RRULE:FREQ=WEEKLY;COUNT=3
BEGIN:VALARM
SUMMARY:an alarm
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def event(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT"]).encode()


def test_who_invites_whom_to_what_when_and_where():
    """S39: an invitation is read as what it is."""
    found = read_invitation(INVITATION.encode())
    assert (found.method, found.summary) == ("request", "Plan the mill, again")
    assert found.location == "Room 4; second floor"
    assert found.starts.at == datetime(2026, 5, 3, 8, tzinfo=UTC)
    assert found.ends.at == datetime(2026, 5, 3, 9, 30, tzinfo=UTC)
    assert (found.organiser.name, found.organiser.email) == ("Lind, Anna", "anna@lindwerk.example")
    assert [(one.address.email, one.answer) for one in found.attendees] == [
        ("ruth@haldenrowe.example", "accepted"),
        ("tom@haldenrowe.example", ""),
    ]
    assert found.repeats == "every week"


def test_a_day_has_no_hour():
    starts = read_invitation(event("DTSTART;VALUE=DATE:20260503")).starts
    assert (starts.is_whole_day, starts.at, starts.clock.day) == (True, None, 3)


def test_a_zone_nobody_knows_leaves_the_clock_and_its_name():
    starts = read_invitation(event("DTSTART;TZID=W. Europe Standard Time:20260503T100000")).starts
    assert (starts.clock.hour, starts.at, starts.zone) == (10, None, "W. Europe Standard Time")


def test_an_end_may_be_told_as_a_duration():
    found = read_invitation(event("DTSTART:20260503T100000Z", "DURATION:PT1H30M"))
    assert found.ends.at == datetime(2026, 5, 3, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone", ["../../etc/passwd", "/etc/localtime", "Europe", "\0", "Etc/../UTC", "x" * 5000]
)
def test_a_zone_is_a_name_and_never_a_path(zone):
    starts = read_invitation(event(f"DTSTART;TZID={zone}:20260503T100000")).starts
    assert starts is None or starts.at is None


@pytest.mark.parametrize(
    "content", [b"", b"BEGIN:VCALENDAR\nEND:VCALENDAR", b"BEGIN:VEVENT\nEND:VEVENT", b"\xff\0"]
)
def test_a_file_without_an_event_is_no_invitation(content):
    assert read_invitation(content) is None


LINES = ["BEGIN:VEVENT", "END:VEVENT", "SUMMARY:x", "DTSTART:99991231T235959Z", "DURATION:P9999D"]
LINES += ["DTSTART;TZID=Etc/GMT+12:99991231T235959", 'ATTENDEE;CN="a:b', "ORGANIZER:", "\t:"]
LINES += ["DTEND:00000000", "RRULE:FREQ=", "METHOD:\0"]


@given(st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=20))
def test_any_lines_are_read_or_no_invitation(lines):
    found = read_invitation(
        "\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines]).encode("utf-8", "replace")
    )
    assert found is None or isinstance(found, Invitation)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_no_invitation(content):
    found = read_invitation(b"BEGIN:VEVENT\n" + content)
    assert found is None or isinstance(found, Invitation)


@pytest.mark.parametrize(
    "line", ["X;A=" + '"' * 50, "\n ", "ATTENDEE:mailto:a@b\n", "BEGIN:VEVENT\n", "X;a=b", ";" * 9]
)
def test_reading_is_linear(line):
    started = time.process_time()
    read_invitation(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + (line * (2_000_000 // len(line))).encode())
    assert time.process_time() - started < 1
