"""Changing many contacts at once: each change leaves a record by which it is taken back.

A deletion is not done at once but after an hour, in which it can be called off: what hangs on a contact could not be
brought back faithfully.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app

from letterbook.contacts.bulk_edits import BulkEditQuerySet
from letterbook.contacts.fields import check_fields
from letterbook.contacts.holding import check_is_not_held
from letterbook.contacts.indexing import index_contacts
from letterbook.contacts.keeping import delete_contact, find_person
from letterbook.contacts.models import BulkEdit, Contact
from letterbook.contacts.tagging import check_tags, find_or_create_tags
from letterbook.kit.refusals import Conflict, Invalid, NotFound, Refused
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

MOST_AT_ONCE = 100_000
UNDONE_WITHIN = timedelta(days=30)
CALLED_OFF_WITHIN = timedelta(hours=1)
_INDEXED_AT_ONCE = 1000
_JUST_NOW = timedelta(minutes=10)

What = Literal["owner", "tag", "untag", "company", "delete"]


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What is to be done: `value` is the owner's user id or "", the tag's name, the company's name or ""."""

    what: What
    value: str = ""


@transaction.atomic
def change_contacts(
    member: Membership, ids: Sequence[UUID], change: BulkChange, *, at: datetime
) -> BulkEdit:
    """Do one thing to all of these contacts and return the record of it; raise `Invalid` or `NotFound`."""
    if not ids:
        raise Invalid("No contact was chosen.", way_out="Choose some first.", field="ids")
    rows = Contact.objects.visible_to(member).filter(pk__in=ids).order_by("pk")
    contacts = list(rows.select_for_update()[:MOST_AT_ONCE])
    if change.what == "delete":
        return _delete_later(member, contacts, at=at)
    words, columns = _planned(member, change)
    edit = _record(member, words, _apply(contacts, columns, at=at), at=at)
    announce("contact", team_id=member.team_id)
    _audit(member, edit, "contacts changed", at=at)
    return edit


@transaction.atomic
def delete_contact_later(member: Membership, contact: Contact, *, at: datetime) -> BulkEdit:
    """Delete one contact in an hour, until when it can be called off; raise `NotFound`, or `Held`.

    Where that was asked for already, it stays at that.
    """
    found = Contact.objects.visible_to(member).select_for_update().filter(pk=contact.pk).first()
    if found is None:
        raise NotFound("There is no such contact.")
    check_is_not_held(found, "be deleted")
    return _deletion_of(member, found) or _delete_later(member, [found], at=at)


@transaction.atomic
def undo_bulk_edit(member: Membership, edit: BulkEdit, *, at: datetime) -> BulkEdit:
    """Take a change back where nobody changed a contact again since; raise `NotFound`, or `Conflict` if too late."""
    found = BulkEdit.objects.visible_to(member).select_for_update().filter(pk=edit.pk).first()
    if found is None:
        raise NotFound("There is no such change.")
    if found.undone_at is not None or found.ended_at is not None:
        raise Conflict("This was undone or ended already.", way_out="Look at the contacts again.")
    if at - found.done_at > UNDONE_WITHIN:
        raise Conflict("It is more than 30 days since.", way_out="Change the contacts again.")
    for alike in found.changes:
        _take_back(member, alike, at=at)
    found.undone_at = at
    found.save(update_fields=["undone_at"])
    announce("contact", team_id=member.team_id)
    _audit(member, found, "change of contacts undone", at=at)
    return found


def find_bulk_edit(member: Membership, pk: UUID) -> BulkEdit:
    """Return the record of a change of many contacts, or raise `NotFound`."""
    found = BulkEdit.objects.visible_to(member).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such change.")
    return found


def last_change(member: Membership, *, at: datetime) -> BulkEdit | None:
    """Return what this member did to many contacts a moment ago, to be taken back at once."""
    mine = BulkEdit.objects.visible_to(member).filter(
        done_by=member.user, done_at__gt=at - _JUST_NOW
    )
    newest = mine.order_by("-done_at", "-pk").first()
    return newest if newest and newest.undone_at is None and newest.due_at is None else None


def waiting_deletions(member: Membership) -> list[BulkEdit]:
    """Return the deletions that can still be called off, the next first."""
    return list(_waiting(member).order_by("due_at", "pk")[:20])


def waiting_deletion_with(member: Membership, contact: Contact) -> BulkEdit | None:
    """Return the deletion that can still be called off and takes this contact, alone or with others."""
    return _waiting(member).filter(changes__contains=[{"ids": [str(contact.pk)]}]).first()


def _deletion_of(member: Membership, contact: Contact) -> BulkEdit | None:
    return _waiting(member).filter(contacts=1, changes__0__ids=[str(contact.pk)]).first()


def _waiting(member: Membership) -> BulkEditQuerySet:
    edits = BulkEdit.objects.visible_to(member)
    return edits.filter(due_at__isnull=False, ended_at=None, undone_at=None)


def delete_chosen(edit_id: UUID, *, at: datetime) -> int:
    """Delete the contacts of a deletion that nobody called off and return how many; some may be held or gone by now."""
    with transaction.atomic():
        edit = BulkEdit.objects.select_for_update().filter(pk=edit_id).first()
        if edit is None or edit.undone_at is not None or edit.ended_at is not None:
            return 0
        # Whoever is no longer in the team deletes nothing there.
        member = Membership.objects.filter(team=edit.team_id, user=edit.done_by).first()
        ids = [UUID(pk) for alike in edit.changes for pk in alike["ids"]]
        deleted = sum(_delete_one(member, pk, at=at) for pk in ids) if member else 0
        edit.ended_at, edit.changes = at, []
        edit.save(update_fields=["ended_at", "changes"])
        return deleted


def _delete_one(member: Membership, pk: UUID, *, at: datetime) -> int:
    contact = Contact.objects.visible_to(member).filter(pk=pk).first()
    if contact is None:
        return 0
    try:
        with transaction.atomic():
            delete_contact(member, contact, at=at)
    except Refused:
        return 0
    return 1


def _delete_later(member: Membership, contacts: list[Contact], *, at: datetime) -> BulkEdit:
    changes = [{"ids": [one.pk for one in contacts], "before": {}, "after": {}}]
    edit = _record(member, "Delete", changes, at=at, due_at=at + CALLED_OFF_WITHIN)
    task = app.configure_task("delete_chosen_contacts", queue="upkeep", schedule_at=edit.due_at)
    task.defer(edit_id=str(edit.pk))
    announce("contact", team_id=member.team_id)
    _audit(member, edit, "deletion of contacts asked for", at=at)
    return edit


@dataclass(frozen=True, slots=True)
class _Columns:
    """What each contact's columns become."""

    owner_id: UUID | None = None
    company: str = ""
    added: UUID | None = None
    removed: UUID | None = None
    sets: Literal["owner_id", "company", "tag_ids"] = "tag_ids"

    def after(self, contact: Contact) -> Any:  # whatever the column holds
        if self.sets != "tag_ids":
            return getattr(self, self.sets)
        kept = [one for one in contact.tag_ids if one != self.removed]
        return kept if self.added is None or self.added in kept else [*kept, self.added]


def _planned(member: Membership, change: BulkChange) -> tuple[str, _Columns]:
    """The change in words, and what it makes of the columns."""
    match change.what:
        case "owner":
            owner = find_person(member, change.value) if change.value else None
            words = f"Owner: {owner.user}" if owner else "Owner: nobody"
            return words, _Columns(sets="owner_id", owner_id=owner.user_id if owner else None)
        case "company":
            name = check_fields({"company": change.value})["company"]
            words = f"Company: {name}" if name else "Company: by the domain of their address"
            return words[:200], _Columns(sets="company", company=name)
    tags = find_or_create_tags(member.team_id, check_tags([change.value]))
    if not tags:
        raise Invalid("Say which tag.", field="value")
    if change.what == "tag":
        return f"Tag added: {tags[0]}", _Columns(added=tags[0].pk)
    return f"Tag removed: {tags[0]}", _Columns(removed=tags[0].pk)


def _apply(contacts: list[Contact], columns: _Columns, *, at: datetime) -> list[dict[str, Any]]:
    """Change what is not so already; those that were alike stand together in what is returned."""
    name = columns.sets
    pairs = [(one.pk, getattr(one, name), columns.after(one)) for one in contacts]
    changed = sorted((one for one in pairs if one[1] != one[2]), key=_alike)
    groups = [list(group) for _, group in groupby(changed, key=_alike)]
    for group in groups:
        _write([pk for pk, _, _ in group], {name: group[0][2]}, at=at)
    return [
        {
            "ids": [pk for pk, _, _ in group],
            "before": {name: group[0][1]},
            "after": {name: group[0][2]},
        }
        for group in groups
    ]


def _alike(pair: tuple[UUID, Any, Any]) -> str:
    return repr(pair[1:])


def _take_back(member: Membership, alike: dict[str, Any], *, at: datetime) -> None:
    if not alike["before"]:
        return
    ((name, after),) = alike["after"].items()
    # What somebody wrote since is theirs.
    rows = Contact.objects.visible_to(member).filter(pk__in=alike["ids"], **{name: after})
    _write(list(rows.select_for_update().values_list("pk", flat=True)), alike["before"], at=at)


def _write(ids: list[UUID], columns: dict[str, Any], *, at: datetime) -> None:
    Contact.objects.filter(pk__in=ids).update(**columns, updated_at=at)
    if "company" in columns:
        rest = iter(ids)
        while batch := list(islice(rest, _INDEXED_AT_ONCE)):
            index_contacts(batch)


def _record(
    member: Membership,
    words: str,
    changes: list[dict[str, Any]],
    *,
    at: datetime,
    due_at: datetime | None = None,
) -> BulkEdit:
    return BulkEdit.objects.create(
        team_id=member.team_id,
        done_by=member.user,
        done_at=at,
        words=words[:200],
        contacts=sum(len(alike["ids"]) for alike in changes),
        changes=changes,
        due_at=due_at,
    )


def _audit(member: Membership, edit: BulkEdit, what: str, *, at: datetime) -> None:
    record_audit(
        what,
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("bulk_edit", edit.pk),
        words=edit.words,
        contacts=edit.contacts,
    )
