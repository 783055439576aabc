"""Merging contacts with all that hangs on them, shown before and undone within 30 days.

It stands here because emails that are being written name contacts, too; nothing below knows of those.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from letterbook.contacts.merging import (
    begin_merge,
    check_can_be_undone,
    end_merge,
    filled_fields,
    lock_two,
    part,
)
from letterbook.contacts.models import Contact, ContactMerge
from letterbook.correspondence.threading import lock_correspondence
from letterbook.kit.refusals import NotFound
from letterbook.outgoing.models import OutgoingEmail, Recipient, Regarding
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.merging import move_lines, move_lines_back
from letterbook.timeline.models import Activity, ActivityType

_CONTACT = "contact"
_FIELD_WORDS = {"owner_id": "owner", "tag_ids": "tags", "custom": "own fields"}


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What merging would move from one contact to the other, as far as the viewer may see it."""

    kept: Contact
    gone: Contact
    addresses: tuple[str, ...]
    emails: int
    notes: int
    outgoing: int
    fills: tuple[str, ...]


def preview_merge(member: Membership, kept: Contact, *, gone: Contact) -> MergePreview:
    """Return what merging would change, changing nothing; raise `Invalid` where it is one contact, or `NotFound`."""
    with transaction.atomic():
        kept, gone = lock_two(member, kept, gone)
    lines = Activity.objects.visible_to(member).filter(contact=gone)
    emails = lines.filter(type=ActivityType.EMAIL).count()
    named = Q(recipients__contact=gone) | Q(
        regarding__subject_type=_CONTACT, regarding__subject_id=str(gone.pk)
    )
    outgoing = OutgoingEmail.objects.visible_to(member).filter(named).distinct().count()
    words = (_FIELD_WORDS.get(name, name.replace("_", " ")) for name in filled_fields(kept, gone))
    addresses = gone.addresses.order_by("-is_primary", "pk").values_list("address", flat=True)
    return MergePreview(
        kept, gone, tuple(addresses), emails, lines.count() - emails, outgoing, tuple(words)
    )


@transaction.atomic
def merge_contacts(
    member: Membership, kept: Contact, *, gone: Contact, at: datetime
) -> ContactMerge:
    """Make one contact of two and return the record by which they can be parted; `kept` is the one that stays."""
    # First, as whoever stores mail takes it: nothing is linked to the one that goes while it goes.
    lock_correspondence(member.team_id)
    kept, gone = lock_two(member, kept, gone)
    merge = begin_merge(member, kept, gone, at=at)
    move_lines(merge)
    _move_outgoing(merge)
    end_merge(kept, gone, merge)
    _record(member, merge, "contacts merged", at=at)
    return merge


@transaction.atomic
def undo_merge(member: Membership, merge: ContactMerge, *, at: datetime) -> Contact:
    """Part two contacts and return the one that is back; raise `Conflict` where that cannot be done any more."""
    lock_correspondence(member.team_id)
    found = find_merge(member, merge.pk)
    check_can_be_undone(found, at=at)
    keys = part(found, at=at)
    move_lines_back(found, keys=keys, at=at)
    _move_outgoing_back(found, keys)
    _record(member, found, "merging undone", at=at)
    return Contact.objects.visible_to(member).get(pk=found.gone_id)


def merges_into(member: Membership, contact: Contact) -> list[ContactMerge]:
    """Return which contacts were merged into this one and can be parted again, latest first."""
    merges = ContactMerge.objects.visible_to(member).filter(kept_id=contact.pk, undone_at=None)
    return list(merges.exclude(fields={}).select_related("merged_by").order_by("-merged_at", "-pk"))


def find_merge(member: Membership, pk: UUID) -> ContactMerge:
    """Return the record of a merging, or raise `NotFound`."""
    found = ContactMerge.objects.visible_to(member).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such merging.")
    return found


@on_the_teams_behalf()
def _move_outgoing(merge: ContactMerge) -> None:
    written_to = Recipient.objects.filter(team_id=merge.team_id, contact_id=merge.gone_id)
    merge.recipient_ids = list(written_to.values_list("pk", flat=True))
    written_to.update(contact_id=merge.kept_id)
    about = Regarding.objects.filter(team_id=merge.team_id, subject_type=_CONTACT)
    about_kept = about.filter(subject_id=str(merge.kept_id))
    # An email about both stays about both: the one that is gone is named by its label.
    moved = about.filter(subject_id=str(merge.gone_id)).exclude(
        email__in=about_kept.values("email")
    )
    merge.regarding_ids = list(moved.values_list("pk", flat=True))
    about.filter(pk__in=merge.regarding_ids).update(subject_id=str(merge.kept_id))


@on_the_teams_behalf()
def _move_outgoing_back(merge: ContactMerge, keys: list[str]) -> None:
    theirs = Q(pk__in=merge.recipient_ids) | Q(key__in=keys)
    Recipient.objects.filter(theirs, team_id=merge.team_id, contact_id=merge.kept_id).update(
        contact_id=merge.gone_id
    )
    Regarding.objects.filter(pk__in=merge.regarding_ids, subject_id=str(merge.kept_id)).update(
        subject_id=str(merge.gone_id)
    )


def _record(member: Membership, merge: ContactMerge, what: str, *, at: datetime) -> None:
    record_audit(
        what,
        team_id=merge.team_id,
        user=member.user,
        at=at,
        subject=("contact", merge.kept_id),
        other=merge.gone_name,
    )
