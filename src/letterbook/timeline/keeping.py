"""Notes, calls, meetings, tasks and whatever other apps add: what people write into a contact's history themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Unpack
from uuid import UUID

from django.db import transaction

from letterbook.contacts.holding import check_is_not_held
from letterbook.contacts.models import Contact
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership
from letterbook.timeline.activity_types import find_activity_type
from letterbook.timeline.fields import ActivityFields, checked_columns
from letterbook.timeline.models import Activity, ActivityChange, ActivityType
from letterbook.timeline.telling import tell_of_line
from letterbook.timeline.words import words_of
from letterbook.timeline.writable import check_may_write, lock_activity


@transaction.atomic
def write_activity(
    member: Membership,
    contact: Contact,
    *,
    type: str,  # noqa: A002 - the column's name, and the word the API uses
    at: datetime,
    **fields: Unpack[ActivityFields],
) -> Activity:
    """Add a note, call, meeting or task to a contact's history and return it; raise `Invalid` naming the field.

    It happened now unless `occurred_at` says otherwise.
    """
    if contact.team_id != member.team_id:
        raise NotFound("There is no such contact.")
    asked = ActivityFields({"text": "", "occurred_at": at, **fields})
    columns = checked_columns(find_activity_type(type), asked, member=member, at=at)
    activity = Activity(
        team_id=member.team_id, contact=contact, type=type, user=member.user, **columns
    )
    _check_is_for_its_writer(activity)
    activity.words = words_of(activity.text)
    activity.save(force_insert=True)
    tell_of_line(activity)
    return activity


@transaction.atomic
def rewrite_activity(
    member: Membership, activity_id: UUID, *, at: datetime, **fields: Unpack[ActivityFields]
) -> Activity:
    """Change what somebody wrote and return it; raise `NotFound`, `NotAllowed`, `Conflict` or `Invalid`.

    What it was before can still be read: `changes_of`. Who else than its writer may only say that it is done. With
    `contact_id` it leaves one contact's history for another's, with `is_private` everybody's eyes but its writer's.
    """
    if "contact_id" in fields:
        # Before the activity, as by whoever merges contacts.
        _lock_contact(member, fields["contact_id"])
    activity = lock_activity(member, activity_id)
    if activity.type == ActivityType.EMAIL:
        raise Conflict("What an email says cannot be changed here.")
    if fields.keys() - {"is_done"}:
        check_may_write(member, activity)
    if fields.get("is_private", activity.is_private) != activity.is_private:
        _check_wrote_it(member, activity)
    if fields.get("contact_id", activity.contact_id) != activity.contact_id:
        check_is_not_held(activity.contact, "lose anything of their history")
    kind = find_activity_type(activity.type)
    return _change(activity, checked_columns(kind, fields, member=member, at=at), member, at=at)


@transaction.atomic
def pin_activity(
    member: Membership, activity_id: UUID, *, is_pinned: bool, at: datetime
) -> Activity:
    """Keep an activity on top of its contact's history, or no longer; raise `NotFound`."""
    activity = lock_activity(member, activity_id)
    if is_pinned == (activity.pinned_at is not None):
        return activity
    return _change(activity, {"pinned_at": at if is_pinned else None}, member, at=at)


def _lock_contact(member: Membership, contact_id: UUID) -> None:
    contacts = Contact.objects.visible_to(member).select_for_update(of=("self",))
    if contacts.filter(pk=contact_id).first() is None:
        raise Invalid(
            "There is no such contact.", way_out="Perhaps it was deleted.", field="contact_id"
        )


def _check_wrote_it(member: Membership, activity: Activity) -> None:
    if activity.user_id != member.user_id:
        raise NotAllowed("Only who wrote this says who sees it.", way_out="Ask them.")


def _check_is_for_its_writer(activity: Activity) -> None:
    if activity.is_private and activity.assignee_id not in {None, activity.user_id}:
        raise Invalid(
            "What only you see cannot be for somebody else to do.",
            way_out="Show it to the team, or make it your own.",
            field="is_private",
        )


# Any: the value of whichever column.
def _change(
    activity: Activity, columns: dict[str, Any], member: Membership, *, at: datetime
) -> Activity:
    was = {name: getattr(activity, name) for name in columns}
    changed = [name for name in columns if columns[name] != was[name]]
    if not changed:
        return activity
    ActivityChange.objects.create(
        team_id=activity.team_id,
        activity=activity,
        user=member.user,
        at=at,
        was={name: _as_json(was[name]) for name in changed},
        was_private=activity.is_private,
    )
    was_the_teams = not activity.is_private
    for name in changed:
        setattr(activity, name, columns[name])
    _check_is_for_its_writer(activity)
    if "text" in changed:
        activity.words = words_of(activity.text)
    activity.updated_at = at
    activity.save(update_fields=[*changed, "words", "updated_at"])
    tell_of_line(activity, was_the_teams=was_the_teams)
    if was_the_teams and activity.is_private:
        _record_taken_from_the_team(activity, member, at=at)
    return activity


def _record_taken_from_the_team(activity: Activity, member: Membership, *, at: datetime) -> None:
    record_audit(
        f"{activity.type} made private",
        team_id=activity.team_id,
        user=member.user,
        at=at,
        subject=("contact", activity.contact_id),
        activity=str(activity.pk),
    )


def _as_json(value: str | int | date | UUID | None) -> str | int | None:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
