"""Calendar invitations (RFC 5545, 5546): who asks whom to what, when and where.

Only what a person reads is taken; every count is bounded, and repetitions are named, never worked out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from letterbook.mime.addresses import Address
from letterbook.mime.calendar_times import CalendarTime, later_by, read_calendar_time
from letterbook.mime.characters import single_line
from letterbook.mime.charsets import decode_text

MAX_CALENDAR = 512 * 1024
MAX_LINES = 10_000
MAX_ATTENDEES = 200
MAX_LINE_OF_TEXT = 300
CALENDAR_TYPES = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"([A-Za-z0-9-]{1,60})((?:;(?:[^:\"]|\"[^\"]*\")*+)?):(.*)", re.DOTALL)
_PARAMETER = re.compile(r";([A-Za-z0-9-]{1,60})=(?:\"([^\"]*)\"|([^;\"]*))")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_FREQUENCY = re.compile(r"\bFREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)\b", re.IGNORECASE)
_REPEATS = {
    "DAILY": "every day",
    "WEEKLY": "every week",
    "MONTHLY": "every month",
    "YEARLY": "every year",
}


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody invited; `answer` is accepted, declined, tentative, delegated or nothing yet."""

    address: Address
    answer: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An event that an email brings; `method` is request, reply, cancel, … or nothing where it only tells."""

    method: str
    summary: str
    location: str
    starts: CalendarTime | None
    ends: CalendarTime | None
    repeats: str
    organiser: Address | None
    attendees: tuple[Attendee, ...]


@dataclass(frozen=True, slots=True)
class _Property:
    parameters: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)


def read_invitation(content: bytes) -> Invitation | None:
    """Return the first event of a calendar file, or None where it holds none."""
    method = ""
    event: dict[str, list[_Property]] | None = None
    within: list[str] = []
    for name, found in _properties(decode_text(content[:MAX_CALENDAR], "utf-8")):
        if name == "BEGIN" and len(within) < 10:
            within.append(found.value.strip().upper())
            event = {} if event is None and within[-1] == "VEVENT" else event
        elif name == "END" and within:
            if within.pop() == "VEVENT":
                break
        elif within[-1:] == ["VEVENT"] and event is not None:
            event.setdefault(name, []).append(found)
        elif name == "METHOD":
            method = single_line(found.value).strip().lower()[:20]
    return _invitation(method, event) if event else None


def _properties(text: str) -> Iterator[tuple[str, _Property]]:
    for line in _FOLD.sub("", text).split("\n", MAX_LINES)[:MAX_LINES]:
        if found := _LINE.match(line.rstrip("\r")):
            parameters = {
                one[1].upper(): one[2] or one[3] or "" for one in _PARAMETER.finditer(found[2])
            }
            yield found[1].upper(), _Property(parameters, found[3])


def _invitation(method: str, event: dict[str, list[_Property]]) -> Invitation:
    starts = _time(event, "DTSTART")
    ends = _time(event, "DTEND")
    if ends is None and starts and "DURATION" in event:
        ends = later_by(starts, event["DURATION"][0].value)
    organisers = [_address(one) for one in event.get("ORGANIZER", ())[:1]]
    return Invitation(
        method=method,
        summary=_line(event, "SUMMARY"),
        location=_line(event, "LOCATION"),
        starts=starts,
        ends=ends,
        repeats=_repeats(_text(event, "RRULE")),
        organiser=organisers[0] if organisers else None,
        attendees=tuple(_attendee(one) for one in event.get("ATTENDEE", ())[:MAX_ATTENDEES]),
    )


def _time(event: dict[str, list[_Property]], name: str) -> CalendarTime | None:
    found = event.get(name)
    return (
        read_calendar_time(found[0].value, zone=found[0].parameters.get("TZID", ""))
        if found
        else None
    )


def _text(event: dict[str, list[_Property]], name: str) -> str:
    found = event.get(name)
    return found[0].text if found else ""


def _line(event: dict[str, list[_Property]], name: str) -> str:
    return single_line(_text(event, name)[:MAX_LINE_OF_TEXT]).strip()


def _repeats(rule: str) -> str:
    found = _FREQUENCY.search(rule[:1_000])
    if found is None:
        return "again and again" if rule else ""
    # "every second week" and its like are too many to word: the file says it exactly.
    return _REPEATS[found[1].upper()] if "INTERVAL" not in rule.upper() else "again and again"


def _attendee(found: _Property) -> Attendee:
    answer = found.parameters.get("PARTSTAT", "").lower()
    known = answer in {"accepted", "declined", "tentative", "delegated"}
    return Attendee(_address(found), answer if known else "")


def _address(found: _Property) -> Address:
    _, scheme, email = found.value.strip().rpartition(
        "mailto:" if "mailto:" in found.value else ":"
    )
    shown = email if scheme else found.value
    return Address(
        name=single_line(found.parameters.get("CN", "")[:MAX_LINE_OF_TEXT]).strip(),
        email=single_line(shown[:MAX_LINE_OF_TEXT]).strip(),
    )
