"""What is typed into the forms of notes, calls, meetings and tasks, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.http import QueryDict
from django.utils.timezone import localtime, make_aware

from letterbook.kit.refusals import Invalid
from letterbook.timeline.activity_types import type_of
from letterbook.timeline.fields import ActivityFields
from letterbook.timeline.reading import TimelineLine

ONLY_ME = "me"
THE_TEAM = "team"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields of a form."""

    text: str = ""
    occurred_at: str = ""
    minutes: str = ""
    due_on: str = ""
    assignee: str = ""
    seen_by: str = ""


def read_typed(post: QueryDict) -> Typed:
    """Return what was typed, as it was typed."""
    return Typed(**{name: post.get(name, "") for name in Typed.__dataclass_fields__})


def as_typed(line: TimelineLine) -> Typed:
    """Return what somebody wrote as it stands in its form; its time is that of the time zone that is active."""
    return Typed(
        text=line.text,
        occurred_at=localtime(line.occurred_at).strftime("%Y-%m-%dT%H:%M"),
        minutes=str(line.minutes or ""),
        due_on=line.due_on.isoformat() if line.due_on else "",
        assignee=str(line.assignee.pk) if line.assignee else "",
        seen_by=ONLY_ME if line.is_private else THE_TEAM,
    )


def read_fields(post: QueryDict, name: str) -> ActivityFields:
    """Return what was typed as the fields of that type of activity; raise `Invalid` naming the field."""
    typed, kind = read_typed(post), type_of(name)
    fields = ActivityFields({"text": typed.text})
    # Only its writer is asked who sees it.
    if typed.seen_by:
        fields["is_private"] = typed.seen_by == ONLY_ME
    if kind.has_length:
        fields["minutes"] = _minutes(typed.minutes)
        if typed.occurred_at:
            fields["occurred_at"] = _moment(typed.occurred_at)
    if kind.is_to_do:
        fields["due_on"] = _day(typed.due_on)
        fields["assignee_id"] = _person(typed.assignee)
    return fields


def _minutes(text: str) -> int | None:
    if text and not text.strip().isascii():
        raise Invalid("Minutes are a number.", field="minutes")
    try:
        return int(text) if text else None
    except ValueError as error:
        raise Invalid("Minutes are a number.", field="minutes") from error


def _moment(text: str) -> datetime:
    try:
        return make_aware(datetime.fromisoformat(text).replace(tzinfo=None))
    except (ValueError, OverflowError) as error:
        raise Invalid(
            "This is no time.", way_out="Give a day and a time.", field="occurred_at"
        ) from error


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(
            "This is no day.", way_out="Give it as 2026-12-01.", field="due_on"
        ) from error


def _person(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Invalid("There is no such person in this team.", field="assignee_id") from error
