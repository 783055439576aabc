"""Splitting a contact: some addresses, and all that came by them, become another person's; shown before.

It is undone within 30 days by merging the two again, which takes everything back. It stands here because emails that
are being written name contacts, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from letterbook.contacts.models import Contact, ContactSplit
from letterbook.contacts.splitting import (
    check_can_be_joined_again,
    check_chosen,
    end_split,
    forget_given_name,
    give_to_another,
    lock_contact,
)
from letterbook.correspondence.threading import lock_correspondence
from letterbook.kit.refusals import NotFound
from letterbook.outgoing.merging import merge_contacts
from letterbook.outgoing.models import OutgoingEmail, Recipient
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf
from letterbook.timeline.splitting import count_lines, part_lines


@dataclass(frozen=True, slots=True)
class SplitPreview:
    """What splitting would move, as far as the viewer may see it: `shared` emails are then in both histories."""

    contact: Contact
    addresses: tuple[str, ...]
    emails: int
    shared: int
    outgoing: int


def preview_split(
    member: Membership, contact: Contact, *, addresses: Sequence[str]
) -> SplitPreview:
    """Return what splitting would change, changing nothing; raise `Invalid` or `Held`."""
    keys = check_chosen(contact, addresses)
    emails, shared = count_lines(member, contact, keys=keys, left=_left(contact, keys))
    written = OutgoingEmail.objects.visible_to(member).filter(
        recipients__contact=contact, recipients__key__in=keys
    )
    chosen = contact.addresses.filter(key__in=keys).order_by("pk")
    return SplitPreview(
        contact=contact,
        addresses=tuple(chosen.values_list("address", flat=True)),
        emails=emails,
        shared=shared,
        outgoing=written.distinct().count(),
    )


@transaction.atomic
def split_contact(
    member: Membership, contact: Contact, *, addresses: Sequence[str], name: str, at: datetime
) -> ContactSplit:
    """Give these addresses to a new contact, with what came by them; raise as `preview_split` does.

    Returns the record by which it is undone.
    """
    # First, as by whoever stores mail: nothing is linked to the one while it becomes two.
    lock_correspondence(member.team_id)
    found = lock_contact(member, contact)
    keys = check_chosen(found, addresses)
    left = _left(found, keys)
    split = give_to_another(member, found, keys, name=name, at=at)
    part_lines(found, split.split_id, keys=keys, left=left, at=at)
    _part_outgoing(found, split.split_id, keys)
    _record(member, split, "contact split", at=at)
    return split


@transaction.atomic
def undo_split(member: Membership, split: ContactSplit, *, at: datetime) -> Contact:
    """Make one of the two contacts again and return it; raise `Conflict` where that cannot be done any more."""
    lock_correspondence(member.team_id)
    found = find_split(member, split.pk)
    check_can_be_joined_again(found, at=at)
    forget_given_name(found)
    kept, gone = (
        Contact.objects.visible_to(member).get(pk=pk) for pk in (found.contact_id, found.split_id)
    )
    merge_contacts(member, kept, gone=gone, at=at)
    end_split(found, at=at)
    _record(member, found, "splitting undone", at=at)
    return kept


def splits_of(member: Membership, contact: Contact) -> list[ContactSplit]:
    """Return which contacts were made of this one's addresses and can be taken back, latest first."""
    splits = ContactSplit.objects.visible_to(member).filter(contact_id=contact.pk, undone_at=None)
    return list(splits.select_related("split_by").order_by("-split_at", "-pk"))


def find_split(member: Membership, pk: UUID) -> ContactSplit:
    """Return the record of a splitting, or raise `NotFound`."""
    found = ContactSplit.objects.visible_to(member).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such splitting.")
    return found


def _record(member: Membership, split: ContactSplit, what: str, *, at: datetime) -> None:
    record_audit(
        what,
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("contact", split.contact_id),
        other_id=str(split.split_id),
    )


def _left(contact: Contact, keys: Sequence[str]) -> list[str]:
    return list(contact.addresses.exclude(key__in=keys).values_list("key", flat=True))


@on_the_teams_behalf()
def _part_outgoing(contact: Contact, split_id: UUID, keys: Sequence[str]) -> None:
    written_to = Recipient.objects.filter(team_id=contact.team_id, contact=contact, key__in=keys)
    written_to.update(contact_id=split_id)
