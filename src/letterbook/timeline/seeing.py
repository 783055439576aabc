"""Which activities of a contact a member may know of: the gate of everything that reads a contact's history."""

from __future__ import annotations

from django.db.models import Q

from letterbook.contacts.models import Contact
from letterbook.correspondence.access import Reach, reach_of
from letterbook.correspondence.models import (
    access_level,
    bcc_seen,
    is_reachable,
    is_reachable_one_by_one,
    tells_bcc,
)
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import Membership
from letterbook.timeline.models import Activity, ActivityQuerySet, is_written_for


def seen_activities(
    member: Membership, *, contact: Contact, reach: Reach | None = None
) -> ActivityQuerySet:
    """Return a contact's activities this member may know of, each with its `access`; for pages of them.

    Says the same as `visible_to`, but so that PostgreSQL asks about each line it reads instead of first gathering all
    the mail the member can see. Mail that a contact got by Bcc is on their timeline for those who may read the copy
    that says so.
    """
    reach = reach or reach_of(member)
    may_know = is_reachable_one_by_one(reach, level=Sharing.METADATA, message_ref="message_id")
    return (
        _activities(member, contact)
        .filter(is_written_for(reach) | Q(may_know))
        .filter(Q(message=None) | _is_known_to_be_on_it(contact, reach))
        .annotate(
            viewer_access=access_level(reach, message_ref="message_id"),
            viewer_bcc=bcc_seen(reach, message_ref="message_id"),
        )
    )


def counted_activities(
    member: Membership, *, contact: Contact, reach: Reach | None = None
) -> ActivityQuerySet:
    """Return the same activities without their `access`; for counting a whole history.

    There gathering all the mail the member can see, once, is the cheaper way round.
    """
    reach = reach or reach_of(member)
    may_know = is_reachable(reach, level=Sharing.METADATA, message_ref="message_id")
    return _activities(member, contact).filter(
        is_written_for(reach) | (Q(may_know) & _is_known_to_be_on_it(contact, reach))
    )


def _activities(member: Membership, contact: Contact) -> ActivityQuerySet:
    if contact.team_id != member.team_id:
        raise NotFound("There is no such contact.")
    return Activity.objects.filter(team_id=member.team_id, contact=contact)


def _is_known_to_be_on_it(contact: Contact, reach: Reach) -> Q:
    """Return the condition "that this contact got the message is no secret of its Bcc, or one the viewer may know".

    A line whose address was taken from the contact since is shown where no Bcc of its message is hidden.
    """
    keys = [one.key for one in contact.addresses.all()]
    told = tells_bcc(reach, keys, message_ref="message_id", bcc_ref="message__bcc_keys")
    condition = Q(message__bcc_keys=[]) | Q(told)
    for key in keys:
        openly = Q(message__address_keys__contains=[key])
        condition |= openly & ~Q(message__bcc_keys__contains=[key])
    return condition
