"""What an activity was before each change: who changed it, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from letterbook.teams.models import Membership, User
from letterbook.timeline.models import ActivityChange

# What a field can have been: text, a number, or a moment, day or id as text.
Former = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody changed an activity; `was` holds the fields that changed, as they were until then."""

    user: User | None
    at: datetime
    was: Former


def changes_of(member: Membership, activity_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Change]]:
    """Return the changes of these activities, the latest first, by activity; unchanged ones are left out."""
    theirs = Q(activity__in=list(activity_ids))
    # Most were never changed, and to find that out takes a fifth of the time.
    if not ActivityChange.objects.filter(theirs).exists():
        return {}
    changes = ActivityChange.objects.visible_to(member).filter(theirs)
    by_activity: dict[UUID, list[Change]] = defaultdict(list)
    for one in changes.select_related("user").order_by("-at", "-id"):
        by_activity[one.activity_id].append(Change(one.user, one.at, one.was))
    return dict(by_activity)
