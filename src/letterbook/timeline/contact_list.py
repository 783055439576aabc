"""The list of contacts with all its filters: also those that ask about mail, as far as the viewer may see it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from letterbook.contacts.filtering import ContactFilter, narrowed
from letterbook.contacts.models import ContactAddress, ContactQuerySet
from letterbook.contacts.reading import NO_CONDITION, ContactPage, list_contacts
from letterbook.correspondence.access import reach_of
from letterbook.correspondence.later_facts import recipients_that_bounced
from letterbook.correspondence.models import Direction
from letterbook.teams.models import Membership
from letterbook.timeline.seeing_many import emails_seen


def list_filtered(
    member: Membership, asked: ContactFilter, *, cursor: str = "", limit: int = 50, at: datetime
) -> ContactPage:
    """Return a page of the contacts that fit; what asks about mail counts only mail this member may know of."""
    return list_contacts(
        member,
        asked=asked,
        within=_has_bounced(member) if asked.has_bounced else NO_CONDITION,
        also=_of_mail(member, asked, at=at),
        cursor=cursor,
        limit=limit,
    )


def filtered(member: Membership, asked: ContactFilter, *, at: datetime) -> ContactQuerySet:
    """Return all contacts that fit, by name; for what is done with all of them at once."""
    contacts = narrowed(member, asked)
    if asked.has_bounced:
        contacts = contacts.filter(_has_bounced(member))
    condition = _of_mail(member, asked, at=at)
    if condition is not None:
        contacts = contacts.filter(condition)
    return contacts.order_by("sort_key", "id")


def _of_mail(member: Membership, asked: ContactFilter, *, at: datetime) -> Q | None:
    """The condition on a contact for what a filter asks about mail, None where it asks nothing."""
    if asked.quiet_days is None and not asked.answered:
        return None
    emails = emails_seen(member, reach=reach_of(member)).filter(contact=OuterRef("pk"))
    condition = Q()
    if asked.quiet_days is not None:
        since = at - timedelta(days=asked.quiet_days)
        condition &= ~Q(Exists(emails.filter(occurred_at__gte=since)))
    if asked.answered:
        theirs = Q(Exists(emails.filter(direction=Direction.INCOMING)))
        ours = Q(Exists(emails.filter(direction=Direction.OUTGOING)))
        condition &= (ours & ~theirs) if asked.answered == "never-by-them" else (theirs & ~ours)
    return condition


def _has_bounced(member: Membership) -> Q:
    bad = ContactAddress.objects.visible_to(member).filter(key__in=recipients_that_bounced(member))
    return Q(pk__in=bad.values("contact_id"))
