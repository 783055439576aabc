"""Tags: making them, calling them something else, and taking them off every contact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, models, transaction
from django.db.models import F, Func, Value

from letterbook.contacts.models import Contact, Tag
from letterbook.contacts.own_fields import Colour
from letterbook.contacts.words import fold
from letterbook.kit.ids import new_id
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.mime.characters import single_line
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

MOST_OF_A_CONTACT = 30
_LONGEST = 60


def find_or_create_tags(team_id: UUID, names: Iterable[str]) -> list[Tag]:
    """Return the team's tags of these names in their order, those that are missing created; raise `Invalid`."""
    wanted = {fold(name): name for name in map(_check_name, names) if name}
    found = _by_key(team_id, wanted)
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        new = [Tag(id=new_id(), team_id=team_id, name=wanted[key], key=key) for key in missing]
        Tag.objects.bulk_create(new, ignore_conflicts=True)
        found = _by_key(team_id, wanted)
    return [found[key] for key in wanted]


@transaction.atomic
def change_tag(member: Membership, tag: Tag, *, name: str, colour: str) -> Tag:
    """Call a tag something else, or colour it; raise `Invalid`, or `Conflict` where the name is another tag's."""
    found = _locked(member, tag.pk)
    found.name = _check_name(name)
    found.key = fold(found.name)
    if not found.key:
        raise Invalid("A tag needs a name.", field="name")
    if colour not in Colour.values:
        raise Invalid(f"Choose one of {', '.join(Colour.values)}.", field="colour")
    found.colour = colour
    try:
        with transaction.atomic():
            found.save()
    except IntegrityError as error:
        raise Conflict(f"There is a tag {found.name} already.", field="name") from error
    announce("contact", team_id=member.team_id)
    return found


@transaction.atomic
def delete_tag(member: Membership, tag: Tag, *, at: datetime) -> None:
    """Delete a tag and take it off every contact."""
    found = _locked(member, tag.pk)
    tagged = Contact.objects.visible_to(member).filter(tag_ids__contains=[found.pk])
    number = tagged.update(tag_ids=without(found.pk))
    found.delete()
    announce("contact", team_id=member.team_id)
    record_audit(
        "tag deleted",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("tag", tag.pk),
        name=found.name,
        contacts=number,
    )


def find_tag(member: Membership, pk: UUID) -> Tag:
    """Return a tag of the member's team, or raise `NotFound`."""
    found = Tag.objects.visible_to(member).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such tag.", way_out="Perhaps it was deleted.")
    return found


def tags_by_contact(member: Membership, contacts: Sequence[Contact]) -> dict[UUID, list[Tag]]:
    """Return each contact's tags by name; one query for all of them."""
    ids = {tag_id for contact in contacts for tag_id in contact.tag_ids}
    tags = Tag.objects.visible_to(member).in_bulk(list(ids)) if ids else {}
    return {
        contact.pk: sorted(
            (tags[tag_id] for tag_id in contact.tag_ids if tag_id in tags), key=lambda one: one.key
        )
        for contact in contacts
    }


def without(tag_id: UUID) -> Func:
    """Return the expression "the tags of a contact, this one left out"."""
    field = ArrayField(models.UUIDField())
    one = Value(tag_id, output_field=models.UUIDField())
    return Func(F("tag_ids"), one, function="array_remove", output_field=field)


def _by_key(team_id: UUID, keys: Iterable[str]) -> dict[str, Tag]:
    return {tag.key: tag for tag in Tag.objects.filter(team_id=team_id, key__in=list(keys))}


def check_tags(names: Iterable[str]) -> list[str]:
    """Return the names of one contact's tags, tidied; raise `Invalid` for a bad one, or for too many."""
    checked = list(filter(None, map(_check_name, names)))
    if len(checked) > MOST_OF_A_CONTACT:
        raise Invalid(f"A contact has at most {MOST_OF_A_CONTACT} tags.", field="tags")
    return checked


def _check_name(name: str) -> str:
    name = single_line(name)
    if len(name) > _LONGEST or len(fold(name)) > _LONGEST or "," in name:
        raise Invalid(
            f"A tag has at most {_LONGEST} characters and no comma.", field="tags", code="bad_tag"
        )
    return name


def _locked(member: Membership, pk: UUID) -> Tag:
    found = Tag.objects.visible_to(member).select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such tag.", way_out="Perhaps it was deleted.")
    return found
