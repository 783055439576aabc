"""What is still to be done: for a contact, and by one person."""

from __future__ import annotations

from datetime import date

from django.db.models import F, Q

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import reach_of
from letterbook.teams.models import Membership
from letterbook.timeline.activity_types import to_do_types
from letterbook.timeline.models import Activity, is_written_for

MOST_SHOWN = 20


def open_tasks(member: Membership, contact: Contact) -> list[Activity]:
    """Return the contact's open tasks, those due first at the top, those without a day at the end."""
    wanted = Q(contact=contact, message=None, type__in=to_do_types(), done_at=None)
    # Most contacts have none, and to find that out takes a fifth of the time.
    if not Activity.objects.filter(wanted).exists():
        return []
    open_ones = Activity.objects.visible_to(member).filter(wanted).select_related("assignee")
    return list(open_ones.order_by(F("due_on").asc(nulls_last=True), "id")[:MOST_SHOWN])


def tasks_now(member: Membership, *, today: date) -> list[Activity]:
    """Return what this person is to have done by today, the longest overdue first, and at the end what has no day.

    That is what is theirs, and what they wrote down for nobody in particular.
    """
    theirs = Q(assignee=member.user_id) | Q(assignee=None, user=member.user_id)
    due = Activity.objects.filter(
        is_written_for(reach_of(member)),
        theirs,
        Q(due_on__lte=today) | Q(due_on=None),
        team_id=member.team_id,
        type__in=to_do_types(),
        done_at=None,
    )
    found = due.select_related("contact", "user").prefetch_related("contact__addresses")
    return list(found.order_by(F("due_on").asc(nulls_last=True), "id")[:MOST_SHOWN])
