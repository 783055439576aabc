"""Notes, calls, meetings, tasks and whatever other apps add to a contact's history."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from ninja import Router, Status

from letterbook.api.activity_shapes import (
    ActivityChanges,
    ActivityGiven,
    ActivityTypeShown,
    ChangeShown,
    WrittenShown,
    show_change,
    show_type,
    show_written,
)
from letterbook.api.contacts import ActivityShown, show_line
from letterbook.api.repeating import once
from letterbook.api.shapes import Cursor, Direction, Limit, Moment, Page, Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.finding import find_contact
from letterbook.kit.refusals import NotFound
from letterbook.teams.models import Membership
from letterbook.timeline.activity_types import activity_types, find_activity_type
from letterbook.timeline.changes import changes_of
from letterbook.timeline.deleting import delete_activity, restore_activity
from letterbook.timeline.keeping import pin_activity, rewrite_activity, write_activity
from letterbook.timeline.models import Activity
from letterbook.timeline.narrowing import TimelineFilter
from letterbook.timeline.reading import read_timeline

router = Router(tags=["activities"])


@router.get(
    "/activity-types",
    response=answers(list[ActivityTypeShown]),
    operation_id="list_activity_types",
)
def get_types(request: TokenRequest) -> list[ActivityTypeShown]:  # noqa: ARG001 - the same for everyone
    """The types of activity that this Letterbook knows, those of other apps among them."""
    return [show_type(kind) for kind in activity_types()]


@router.get("/activities", response=answers(Page[ActivityShown]), operation_id="list_activities")
def get_activities(
    request: TokenRequest,
    contact_id: UUID,
    type: Text = "",  # noqa: A002 - the query's word
    direction: Direction | None = None,
    person_id: UUID | None = None,
    mailbox_id: UUID | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    has_files: bool = False,
    has_failed: bool = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[ActivityShown]:
    """A contact's activities, newest first, narrowed by whatever is given.

    `person_id` is the team-mate an activity went through; `since` and `until` bound its time, the second exclusive.
    """
    wanted = TimelineFilter(
        type=find_activity_type(type).name if type else "",
        direction=direction or "",
        person_id=person_id,
        mailbox_id=mailbox_id,
        since=since,
        until=until,
        has_files=has_files,
        has_failed=has_failed,
    )
    contact = find_contact(request.auth, contact_id)
    page = read_timeline(request.auth, contact, wanted=wanted, cursor=cursor, limit=limit)
    return Page(items=[show_line(line) for line in page.lines], next_cursor=page.next_cursor)


@router.post(
    "/activities", response=answers(WrittenShown, status=201), operation_id="create_activity"
)
def post_activity(request: TokenRequest, given: ActivityGiven) -> Status[WrittenShown]:
    """Write a note, call, meeting or task into a contact's history."""
    member = request.auth
    activity = once(
        request,
        member,
        create=lambda: write_activity(
            member,
            find_contact(member, given.contact_id),
            type=given.type,
            at=timezone.now(),
            **given.fields(),
        ),
        find=lambda activity_id: _find(member, activity_id),
        id_of=lambda activity: activity.pk,
        at=timezone.now(),
    )
    return Status(201, show_written(activity))


@router.get(
    "/activities/{activity_id}", response=answers(WrittenShown), operation_id="get_activity"
)
def get_activity(request: TokenRequest, activity_id: UUID) -> WrittenShown:
    """One activity; what an email says stands in its message."""
    return show_written(_find(request.auth, activity_id))


@router.patch(
    "/activities/{activity_id}", response=answers(WrittenShown), operation_id="edit_activity"
)
def patch_activity(
    request: TokenRequest, activity_id: UUID, changes: ActivityChanges
) -> WrittenShown:
    """Change an activity of your own, who sees it and whose history it is in, or say that a task is done.

    What an email says cannot be changed.
    """
    return show_written(
        rewrite_activity(request.auth, activity_id, at=timezone.now(), **changes.fields())
    )


@router.delete(
    "/activities/{activity_id}", response=answers(None, status=204), operation_id="delete_activity"
)
def remove_activity(request: TokenRequest, activity_id: UUID) -> Status[None]:
    """Take an activity out of the history; an email stays stored, and does not come back into this history."""
    delete_activity(request.auth, activity_id, at=timezone.now())
    return Status(204, None)


@router.post(
    "/activities/{activity_id}/restoration",
    response=answers(WrittenShown),
    operation_id="restore_activity",
)
def post_restoration(request: TokenRequest, activity_id: UUID) -> WrittenShown:
    """Put a deleted activity back; what was written can be put back for thirty days."""
    return show_written(restore_activity(request.auth, activity_id, at=timezone.now()))


@router.put(
    "/activities/{activity_id}/pin", response=answers(WrittenShown), operation_id="pin_activity"
)
def put_pin(request: TokenRequest, activity_id: UUID) -> WrittenShown:
    """Keep an activity on top of its contact's history."""
    return show_written(_pin(request.auth, activity_id, is_pinned=True, at=timezone.now()))


@router.delete(
    "/activities/{activity_id}/pin", response=answers(WrittenShown), operation_id="unpin_activity"
)
def remove_pin(request: TokenRequest, activity_id: UUID) -> WrittenShown:
    """Keep it there no longer."""
    return show_written(_pin(request.auth, activity_id, is_pinned=False, at=timezone.now()))


@router.get(
    "/activities/{activity_id}/changes",
    response=answers(list[ChangeShown]),
    operation_id="list_activity_changes",
)
def get_changes(request: TokenRequest, activity_id: UUID) -> list[ChangeShown]:
    """Who changed an activity, when, and what it was before, the latest first."""
    activity = _find(request.auth, activity_id)
    return [
        show_change(one) for one in changes_of(request.auth, [activity.pk]).get(activity.pk, ())
    ]


def _pin(member: Membership, activity_id: UUID, *, is_pinned: bool, at: datetime) -> Activity:
    return pin_activity(member, activity_id, is_pinned=is_pinned, at=at)


def _find(member: Membership, activity_id: UUID) -> Activity:
    visible = Activity.objects.visible_to(member).select_related("user", "assignee")
    found = visible.filter(pk=activity_id).first()
    if found is None:
        raise NotFound("There is no such activity.")
    return found
