"""Making one contact of two, and two of one again: their fields and addresses. Each leaves a record.

What hangs on a contact elsewhere moves in the same transaction: `outgoing.merging` is where it all comes together.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from letterbook.contacts.holding import check_is_not_held
from letterbook.contacts.indexing import index_contacts
from letterbook.contacts.models import Contact, ContactAddress, ContactMerge
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

UNDONE_WITHIN = timedelta(days=30)
_FILLED = ("name", "job_title", "company", "phone", "owner_id", "time_zone")
_FIELDS = (*_FILLED, "note", "created_by_id", "tag_ids", "custom")


def lock_two(member: Membership, kept: Contact, gone: Contact) -> tuple[Contact, Contact]:
    """Return both contacts as they are now, locked; raise `Invalid` where it is one contact, `NotFound` or `Held`."""
    if kept.pk == gone.pk:
        raise Invalid("Choose another contact to merge with.", field="other")
    rows = Contact.objects.visible_to(member).select_for_update().order_by("pk")
    found = {row.pk: row for row in rows.filter(pk__in=[kept.pk, gone.pk])}
    if len(found) < 2:
        raise NotFound("There is no such contact.", way_out="Perhaps it was merged or deleted.")
    check_is_not_held(found[gone.pk], "be merged into another")
    return found[kept.pk], found[gone.pk]


def filled_fields(
    kept: Contact, gone: Contact
) -> dict[str, list[Any]]:  # Any: whatever a column holds
    """Return which fields the kept contact gets from the other: each with what it was and will be."""
    filled = {
        name: [getattr(kept, name), getattr(gone, name)]
        for name in _FILLED
        if getattr(gone, name) and not getattr(kept, name)
    }
    if gone.note and gone.note not in kept.note:
        filled["note"] = [kept.note, "\n\n".join(note for note in (kept.note, gone.note) if note)]
    if new_tags := [tag for tag in gone.tag_ids if tag not in kept.tag_ids]:
        filled["tag_ids"] = [kept.tag_ids, [*kept.tag_ids, *new_tags]]
    if gone.custom.keys() - kept.custom.keys():
        filled["custom"] = [kept.custom, gone.custom | kept.custom]
    return filled


def begin_merge(member: Membership, kept: Contact, gone: Contact, *, at: datetime) -> ContactMerge:
    """Give the kept contact the other's addresses and fields, and return the record of it, not saved yet."""
    _empty_old_records(kept, at=at)
    addresses = list(gone.addresses.order_by("pk"))
    primary = next((one.pk for one in addresses if one.is_primary), None)
    filled = filled_fields(kept, gone)
    merge = ContactMerge(
        team_id=kept.team_id,
        kept_id=kept.pk,
        gone_id=gone.pk,
        gone_name=str(gone)[:320],
        fields={
            **{name: getattr(gone, name) for name in _FIELDS},
            "created_at": gone.created_at.isoformat(),
        },
        filled=filled,
        address_ids=[one.pk for one in addresses],
        primary_id=primary,
        merged_by=member.user,
        merged_at=at,
    )
    has_primary = kept.addresses.filter(is_primary=True).exists()
    moved = ContactAddress.objects.filter(contact=gone)
    moved.update(contact=kept, **({"is_primary": False} if has_primary else {}))
    after = {name: new for name, (_, new) in filled.items()}
    Contact.objects.filter(pk=kept.pk).update(**after, updated_at=at)
    return merge


def _empty_old_records(kept: Contact, *, at: datetime) -> None:
    """What could part two contacts goes in the end; that one became the other stays, for whoever has the old link."""
    old = ContactMerge.objects.filter(team_id=kept.team_id, merged_at__lt=at - UNDONE_WITHIN)
    old.exclude(fields={}).update(
        gone_name="",
        fields={},
        filled={},
        address_ids=[],
        activity_ids=[],
        shared_message_ids=[],
        recipient_ids=[],
        regarding_ids=[],
    )


def end_merge(kept: Contact, gone: Contact, merge: ContactMerge) -> None:
    """Delete the contact that has nothing left, and keep the record."""
    Contact.objects.filter(pk=gone.pk).delete()
    merge.save()
    index_contacts([kept.pk])
    _announce(merge)


def check_can_be_undone(merge: ContactMerge, *, at: datetime) -> None:
    """Raise `Conflict` where the two cannot be parted any more."""
    if merge.undone_at is not None:
        raise Conflict("This was undone already.", way_out="Look at the contact again.")
    if at - merge.merged_at > UNDONE_WITHIN:
        raise Conflict("It is more than 30 days since.", way_out="Create the contact anew.")
    kept = Contact.objects.filter(pk=merge.kept_id).first()
    if kept is None:
        raise Conflict(
            "The contact it was merged into is no longer there.",
            way_out="If that was merged into another since, undo that first.",
        )
    check_is_not_held(kept, "be parted again")


def part(merge: ContactMerge, *, at: datetime) -> list[str]:
    """Bring the contact back with the addresses that are still there; return those addresses' keys."""
    fields = {**merge.fields, "created_at": datetime.fromisoformat(merge.fields["created_at"])}
    gone = Contact.objects.create(id=merge.gone_id, team_id=merge.team_id, updated_at=at, **fields)
    back = ContactAddress.objects.filter(pk__in=merge.address_ids, contact_id=merge.kept_id)
    keys = list(back.order_by("pk").values_list("key", flat=True))
    back.update(contact=gone, is_primary=False)
    for contact_id, wanted in ((gone.pk, merge.primary_id), (merge.kept_id, None)):
        choose_primary(contact_id, wanted)
    _take_back_fields(merge, at=at)
    ContactMerge.objects.filter(pk=merge.pk).update(undone_at=at)
    index_contacts([gone.pk, merge.kept_id])
    _announce(merge)
    return keys


def _take_back_fields(merge: ContactMerge, *, at: datetime) -> None:
    kept = Contact.objects.get(pk=merge.kept_id)
    for name, (before, after) in merge.filled.items():
        # Compared as text: the record holds ids so. What somebody wrote since is theirs.
        if _as_text(getattr(kept, name)) == _as_text(after):
            setattr(kept, name, before)
    kept.updated_at = at
    kept.save(update_fields=[*merge.filled, "updated_at"])


def _as_text(value: object) -> str:
    return str([str(one) for one in value] if isinstance(value, list) else value)


def choose_primary(contact_id: UUID, wanted: int | None) -> None:
    """Make an address the primary one where a contact has none: the wanted one, or the oldest."""
    addresses = ContactAddress.objects.filter(contact_id=contact_id)
    if addresses.filter(is_primary=True).exists():
        return
    chosen = addresses.filter(pk=wanted or 0).first() or addresses.order_by("pk").first()
    if chosen is not None:
        ContactAddress.objects.filter(pk=chosen.pk).update(is_primary=True)


def _announce(merge: ContactMerge) -> None:
    for contact_id in (merge.kept_id, merge.gone_id):
        announce("contact", team_id=merge.team_id, row_id=contact_id)
