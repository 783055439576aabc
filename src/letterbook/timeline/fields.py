"""What people write into an activity, checked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal, TypedDict
from uuid import UUID

from letterbook.kit.refusals import Invalid
from letterbook.teams.models import Membership
from letterbook.timeline.activity_types import KnownType

LONGEST_TEXT = 20_000
LONGEST_MINUTES = 24 * 60
_FURTHEST_AHEAD = timedelta(days=366)
_AS_THEY_ARE: tuple[Literal["is_private", "contact_id"], ...] = ("is_private", "contact_id")
_EARLIEST_YEAR = 1900
_LATEST_YEAR = 2200


class ActivityFields(TypedDict, total=False):
    """The fields of an activity that people write; what is left out stays as it is."""

    text: str
    occurred_at: datetime
    minutes: int | None
    due_on: date | None
    assignee_id: UUID | None
    is_done: bool
    is_private: bool
    contact_id: UUID


# Any: the value of whichever column.
def checked_columns(
    kind: KnownType, fields: ActivityFields, *, member: Membership, at: datetime
) -> dict[str, Any]:
    """Return the columns that these fields fill; raise `Invalid` naming the field that is wrong."""
    _check_that_the_type_has(kind, fields)
    columns: dict[str, Any] = {}
    if "text" in fields:
        columns["text"] = _checked_text(fields["text"])
    if "occurred_at" in fields:
        columns["occurred_at"] = _checked_time(fields["occurred_at"], at=at)
    if "minutes" in fields:
        columns["minutes"] = _checked_minutes(fields["minutes"])
    if "due_on" in fields:
        columns["due_on"] = _checked_day(fields["due_on"])
    if "assignee_id" in fields:
        columns["assignee_id"] = _checked_person(fields["assignee_id"], member)
    if "is_done" in fields:
        columns["done_at"] = at if fields["is_done"] else None
    return columns | {name: fields[name] for name in _AS_THEY_ARE if name in fields}


def _check_that_the_type_has(kind: KnownType, fields: ActivityFields) -> None:
    if not kind.is_written:
        raise Invalid("An email is not written here.", way_out="Send it.", field="type")
    if fields.get("minutes") is not None and not kind.has_length:
        raise Invalid(f"A {kind.words.lower()} takes no time.", field="minutes")
    if not kind.is_to_do:
        for name in ("due_on", "assignee_id", "is_done"):
            if fields.get(name):
                raise Invalid(f"A {kind.words.lower()} is not to be done.", field=name)


def _checked_text(text: str) -> str:
    text = text.replace("\0", "").strip()
    if not text:
        raise Invalid("There is nothing written in it.", field="text")
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"It can have {LONGEST_TEXT:,} characters at most.", field="text")
    return text


def _checked_time(occurred_at: datetime, *, at: datetime) -> datetime:
    if occurred_at.tzinfo is None:
        raise Invalid("The time has no time zone.", way_out="Add one, or Z.", field="occurred_at")
    if occurred_at.year < _EARLIEST_YEAR or occurred_at > at + _FURTHEST_AHEAD:
        raise Invalid("That time is too far away.", field="occurred_at")
    return occurred_at


def _checked_minutes(minutes: int | None) -> int | None:
    if minutes is not None and not 1 <= minutes <= LONGEST_MINUTES:
        raise Invalid("It took between one minute and a day.", field="minutes")
    return minutes


def _checked_day(day: date | None) -> date | None:
    if day is not None and not _EARLIEST_YEAR <= day.year <= _LATEST_YEAR:
        raise Invalid("That day is too far away.", field="due_on")
    return day


def _checked_person(user_id: UUID | None, member: Membership) -> UUID | None:
    if user_id is None:
        return None
    if not Membership.objects.filter(team_id=member.team_id, user_id=user_id).exists():
        raise Invalid("There is no such person in this team.", field="assignee_id")
    return user_id
