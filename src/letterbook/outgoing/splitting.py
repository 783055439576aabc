"""Splitting a contact: some addresses, and all that came by them, become another person's; shown before.

It is undone by merging the two again, which takes everything back. It stands here because emails that are being written
name contacts, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from letterbook.contacts.models import Contact
from letterbook.contacts.splitting import check_chosen, give_to_another, lock_contact
from letterbook.correspondence.threading import lock_correspondence
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
) -> Contact:
    """Give these addresses to a new contact, with what came by them, and return it; raise as `preview_split` does."""
    # First, as by whoever stores mail: nothing is linked to the one while it becomes two.
    lock_correspondence(member.team_id)
    found = lock_contact(member, contact)
    keys = check_chosen(found, addresses)
    left = _left(found, keys)
    split = give_to_another(member, found, keys, name=name, at=at)
    part_lines(found, split.pk, keys=keys, left=left, at=at)
    _part_outgoing(found, split, keys)
    record_audit(
        "contact split",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("contact", found.pk),
        other_id=str(split.pk),
    )
    return split


def _left(contact: Contact, keys: Sequence[str]) -> list[str]:
    return list(contact.addresses.exclude(key__in=keys).values_list("key", flat=True))


@on_the_teams_behalf()
def _part_outgoing(contact: Contact, split: Contact, keys: Sequence[str]) -> None:
    written_to = Recipient.objects.filter(team_id=contact.team_id, contact=contact, key__in=keys)
    written_to.update(contact=split)
