"""Activities that people write, as the API takes and shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from ninja import Schema
from pydantic import Field

from letterbook.api.shapes import Given, Moment, TeamMate, Text, team_mate
from letterbook.timeline.activity_types import KnownType
from letterbook.timeline.changes import Change
from letterbook.timeline.fields import ActivityFields
from letterbook.timeline.models import Activity


class ActivityTypeShown(Schema):
    """A type of activity."""

    name: str
    words: str
    is_written: bool = Field(description="whether it can be written here; emails cannot")
    has_length: bool = Field(description="whether it takes `minutes`")
    is_to_do: bool = Field(description="whether it has `due_on`, `assignee_id` and `is_done`")


class WrittenShown(Schema):
    """A note, call, meeting, task or an activity of another app's type."""

    id: UUID
    contact_id: UUID
    type: str
    text: str
    user: TeamMate | None
    occurred_at: datetime
    minutes: int | None
    due_on: date | None
    assignee: TeamMate | None
    done_at: datetime | None
    pinned_at: datetime | None
    is_private: bool = Field(description="whether only its writer sees it")
    created_at: datetime
    updated_at: datetime


class _Fields(Given):
    """What is asked of both: a text and a time cannot be taken away, the rest can."""

    _beside: ClassVar[set[str]] = set()

    def fields(self) -> ActivityFields:
        """Return what was given, by the names of the activity's fields."""
        given = self.model_dump(exclude_unset=True, exclude=self._beside)
        for name in ("text", "occurred_at", "is_done", "is_private", "contact_id"):
            if given.get(name, "") is None:
                del given[name]
        return cast(ActivityFields, given)


class ActivityGiven(_Fields):
    """A new activity; it happened now unless `occurred_at` says otherwise."""

    _beside: ClassVar[set[str]] = {"contact_id", "type"}

    contact_id: UUID
    type: Text = Field(default="note", max_length=40, description="one of GET /activity-types")
    text: Text = Field(min_length=1, max_length=20_000)
    occurred_at: Moment | None = None
    minutes: int | None = Field(default=None, ge=1, le=1440)
    due_on: date | None = None
    assignee_id: UUID | None = None
    is_done: bool = False
    is_private: bool = Field(default=False, description="only its writer sees it")


class ActivityChanges(_Fields):
    """What is to be different; what is left out stays."""

    text: Text | None = Field(default=None, min_length=1, max_length=20_000)
    occurred_at: Moment | None = None
    minutes: int | None = Field(default=None, ge=1, le=1440)
    due_on: date | None = None
    assignee_id: UUID | None = None
    is_done: bool = False
    is_private: bool = Field(
        default=False, description="only its writer sees it, and only they change this"
    )
    contact_id: UUID | None = Field(default=None, description="in whose history it stands")


class ChangeShown(Schema):
    """Who changed an activity and when; `was` holds the fields that changed, as they were until then."""

    user: TeamMate | None
    at: datetime
    was: dict[str, Any]  # whichever fields changed


def show_type(kind: KnownType) -> ActivityTypeShown:
    """Return a type of activity as the API shows it."""
    return ActivityTypeShown(
        name=kind.name,
        words=kind.words,
        is_written=kind.is_written,
        has_length=kind.has_length,
        is_to_do=kind.is_to_do,
    )


def show_written(activity: Activity) -> WrittenShown:
    """Return an activity as the API shows it."""
    return WrittenShown(
        id=activity.pk,
        contact_id=activity.contact_id,
        type=activity.type,
        text=activity.text,
        user=team_mate(activity.user),
        occurred_at=activity.occurred_at,
        minutes=activity.minutes,
        due_on=activity.due_on,
        assignee=team_mate(activity.assignee),
        done_at=activity.done_at,
        pinned_at=activity.pinned_at,
        is_private=activity.is_private,
        created_at=activity.created_at,
        updated_at=activity.updated_at,
    )


def show_change(change: Change) -> ChangeShown:
    """Return a change as the API shows it."""
    return ChangeShown(user=team_mate(change.user), at=change.at, was=dict(change.was))
