"""Whose an activity is to change: who wrote it; of an email, whoever holds or sent it; and owners and admins."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from letterbook.correspondence.models import Message
from letterbook.kit.refusals import NotAllowed, NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity


def lock_activity(member: Membership, activity_id: UUID) -> Activity:
    """Return an activity that this member may know of, locked in the caller's transaction; raise `NotFound`."""
    # The row alone is locked: `visible_to` first says whether this member may know of it, and how much.
    seen = Activity.objects.visible_to(member).filter(pk=activity_id).first()
    own = Activity.objects.select_for_update().filter(pk=activity_id, team_id=member.team_id)
    activity = own.first() if seen is not None else None
    if activity is None or seen is None:
        raise NotFound("There is no such activity.")
    activity.__dict__["viewer_access"] = seen.access
    return activity


def check_may_write(member: Membership, activity: Activity) -> None:
    """Raise `NotAllowed` unless the activity, from `lock_activity`, is this member's to change."""
    if may_write(member, activity):
        return
    if activity.message_id is not None:
        raise NotAllowed(
            "Only who holds or sent this email can take it out of the history.",
            way_out="Ask them, or an owner or admin who may read it.",
        )
    raise NotAllowed(
        "Only who wrote this can change it.", way_out="Ask them, or an owner or admin."
    )


def may_write(member: Membership, activity: Activity) -> bool:
    """Whether an activity that was loaded for this member is theirs to change or delete."""
    if activity.message_id is None:
        return activity.user_id == member.user_id or member.may_administer
    if member.may_administer and activity.access >= Sharing.FULL:
        return True
    own = Q(sent_by_id=member.user_id) | Q(copies__mailbox__owner_id=member.user_id)
    return Message.objects.filter(own, pk=activity.message_id).exists()
