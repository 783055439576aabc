"""What narrows a contact's timeline: what the address asks for, and what can be chosen."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils.timezone import make_aware

from letterbook.mailboxes.of_team import mailboxes_of_team
from letterbook.teams.models import Membership
from letterbook.teams.people import people_of
from letterbook.timeline.activity_types import activity_types
from letterbook.timeline.narrowing import TimelineFilter
from letterbook.web.choices import Choice

_DIRECTIONS = {"": "Both ways", "in": "From them", "out": "From us"}
_YEARS = range(1900, 2201)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, as text; what makes no sense narrows nothing.

    `show` is a type; `since` and `until` are days, both included; `files` and `failed` are "1" or nothing.
    """

    show: str = ""
    direction: str = ""
    person: str = ""
    mailbox: str = ""
    since: str = ""
    until: str = ""
    files: str = ""
    failed: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything beside the type is asked for."""
        return replace(self, show="") != Asked()

    @property
    def query(self) -> str:
        """The same as the end of an address, with an ampersand behind it where there is any."""
        kept = urlencode(self.fields)
        return f"{kept}&" if kept else ""

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The same as hidden fields of a form."""
        return [(name, value) for name, value in asdict(self).items() if value]

    @property
    def wanted(self) -> TimelineFilter:
        """The lines that are asked for; days are those of the time zone that is active."""
        until = _day(self.until)
        return TimelineFilter(
            type=self.show,
            direction=self.direction,
            person_id=UUID(self.person) if self.person else None,
            mailbox_id=UUID(self.mailbox) if self.mailbox else None,
            since=_midnight(_day(self.since)),
            until=_midnight(until + timedelta(days=1) if until else None),
            has_files=bool(self.files),
            has_failed=bool(self.failed),
        )


def read_asked(query: QueryDict) -> Asked:
    """Return what an address asks for."""
    types = {kind.name for kind in activity_types()}
    return Asked(
        show=_among(types, query.get("show", "")),
        direction=_among(_DIRECTIONS, query.get("direction", "")),
        person=_known_id(query.get("person", "")),
        mailbox=_known_id(query.get("mailbox", "")),
        since=_known_day(query.get("since", "")),
        until=_known_day(query.get("until", "")),
        files="1" if query.get("files") else "",
        failed="1" if query.get("failed") else "",
    )


def end_of_day(text: str) -> datetime | None:
    """Return when the day ends that somebody wants to go to, None for what is no day."""
    day = _day(text)
    return _midnight(day + timedelta(days=1)) if day else None


def choices_for(member: Membership, asked: Asked) -> dict[str, list[Choice]]:
    """Return what can be chosen, the chosen one marked."""
    boxes = mailboxes_of_team(member)
    people = {str(one.pk): str(one) for one in people_of(member)}
    return {
        "directions": _choices(_DIRECTIONS, asked.direction),
        "people": _choices({"": "Everyone", **people}, asked.person),
        "mailboxes": _choices(
            {"": "All", **{str(box.pk): box.address for box in boxes}}, asked.mailbox
        ),
    }


def type_tabs(asked: Asked) -> list[dict[str, Any]]:
    """Return a tab for everything and one for each type, which keep what else is asked for."""
    labels = {"": "Everything", **{kind.name: kind.plural for kind in activity_types()}}
    return [
        {
            "label": label,
            "url": "?" + replace(asked, show=name).query.rstrip("&"),
            "count": None,
            "is_current": name == asked.show,
        }
        for name, label in labels.items()
    ]


def _among(known: Any, text: str) -> str:  # whatever can be asked with `in`
    return text if text in known else ""


def _known_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _known_day(text: str) -> str:
    day = _day(text)
    return day.isoformat() if day else ""


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _midnight(day: date | None) -> datetime | None:
    return make_aware(datetime.combine(day, time.min)) if day else None


def _choices(labels: dict[str, str], chosen: str) -> list[Choice]:
    return [Choice(value, label, value == chosen) for value, label in labels.items()]
