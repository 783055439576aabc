"""Taking lines out of a contact's history, and putting them back.

A deleted line is its own tombstone. An email's stays for good, so that nothing brings the email back into the history;
it says nothing. What somebody wrote is forgotten after thirty days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from letterbook.contacts.holding import check_is_not_held
from letterbook.contacts.models import Contact
from letterbook.kit.refusals import NotFound
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity, ActivityQuerySet
from letterbook.timeline.telling import tell_of_line
from letterbook.timeline.writable import check_may_write, lock_activity, may_write

KEPT_FOR = timedelta(days=30)
MOST_SHOWN = 100


@transaction.atomic
def delete_activity(member: Membership, activity_id: UUID, *, at: datetime) -> Activity:
    """Take an activity out of the history and return it; raise `NotFound`, `NotAllowed` or `Held`.

    An email stays stored, in its conversation and in the history of everybody else who is on it.
    """
    activity = lock_activity(member, activity_id)
    check_may_write(member, activity)
    check_is_not_held(activity.contact, "lose anything of their history")
    activity.deleted_at, activity.deleted_by, activity.updated_at = at, member.user, at
    activity.save(update_fields=["deleted_at", "deleted_by", "updated_at"])
    tell_of_line(activity)
    _record("deleted", activity, member, at=at)
    return activity


@transaction.atomic
def restore_activity(member: Membership, activity_id: UUID, *, at: datetime) -> Activity:
    """Put a deleted activity back where it was and return it; raise `NotFound` where there is none to put back."""
    deleted = Activity.with_deleted.select_for_update(of=("self",)).filter(
        pk=activity_id, deleted_at__isnull=False
    )
    seen = Activity.with_deleted.visible_to(member).filter(pk=activity_id).first()
    activity = deleted.first() if seen is not None and may_write(member, seen) else None
    if activity is None:
        raise NotFound("There is no such deleted activity.")
    activity.deleted_at, activity.deleted_by, activity.updated_at = None, None, at
    activity.save(update_fields=["deleted_at", "deleted_by", "updated_at"])
    tell_of_line(activity)
    _record("put back", activity, member, at=at)
    return activity


def deleted_activities(member: Membership, contact: Contact) -> Sequence[Activity]:
    """Return what was taken out of a contact's history and this member may put back, the latest first."""
    lines = Activity.with_deleted.visible_to(member).filter(
        contact=contact, deleted_at__isnull=False
    )
    newest = lines.select_related("message", "user", "deleted_by").defer(
        "message__text", "message__search"
    )
    found = newest.order_by("-deleted_at", "-id")[:MOST_SHOWN]
    return [activity for activity in found if may_write(member, activity)]


def forget_deleted(*, at: datetime) -> int:
    """Delete for good what people wrote and deleted more than thirty days ago; return how many that were."""
    old: ActivityQuerySet = Activity.with_deleted.filter(
        deleted_at__lt=at - KEPT_FOR, message=None, contact__held_at=None
    )
    return old.delete()[1].get(Activity._meta.label, 0)


def _record(what: str, activity: Activity, member: Membership, *, at: datetime) -> None:
    # The log is the team's; what only its writer sees is not told there either.
    if activity.is_private:
        return
    record_audit(
        f"{activity.type} {what}",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("contact", activity.contact_id),
        activity=str(activity.pk),
    )
