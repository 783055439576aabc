"""The fields that a team gives its contacts: adding one, changing one, dropping one with its values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import F, Func, Value

from letterbook.contacts.models import Contact, CustomField
from letterbook.contacts.own_fields import FieldKind
from letterbook.contacts.words import fold
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.mime.characters import single_line
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

MOST_FIELDS = 50
_LONGEST = 60
_MOST_CHOICES = 100


@transaction.atomic
def add_field(
    member: Membership, *, name: str, kind: str, choices: Sequence[str] = ()
) -> CustomField:
    """Give the team's contacts one more field; raise `Invalid`, or `Conflict` where the name is taken."""
    if kind not in FieldKind.values:
        raise Invalid(f"Choose one of {', '.join(FieldKind.values)}.", field="kind")
    if CustomField.objects.visible_to(member).count() >= MOST_FIELDS:
        raise Conflict(f"There are {MOST_FIELDS} fields already.", way_out="Drop one first.")
    field = CustomField(team_id=member.team_id, kind=kind)
    _change(field, name=name, choices=choices)
    announce("contact", team_id=member.team_id)
    return field


@transaction.atomic
def change_field(
    member: Membership, field: CustomField, *, name: str, choices: Sequence[str] = ()
) -> CustomField:
    """Call a field something else, or give it other choices; its kind stays. Values no longer among them stay, too."""
    found = find_field(member, field.pk)
    _change(found, name=name, choices=choices)
    announce("contact", team_id=member.team_id)
    return found


@transaction.atomic
def drop_field(member: Membership, field: CustomField, *, at: datetime) -> None:
    """Take a field and all its values from the team's contacts."""
    found = find_field(member, field.pk)
    key = Value(str(found.pk), output_field=models.TextField())
    rest = Func(
        F("custom"), key, function="", arg_joiner=" - ", template="(%(expressions)s)",
        output_field=models.JSONField(),
    )  # fmt: skip
    valued = Contact.objects.visible_to(member).filter(custom__has_key=str(found.pk))
    number = valued.update(custom=rest)
    found.delete()
    announce("contact", team_id=member.team_id)
    record_audit(
        "field deleted",
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("custom_field", field.pk),
        name=found.name,
        contacts=number,
    )


def find_field(member: Membership, pk: UUID) -> CustomField:
    """Return a field of the member's team, or raise `NotFound`."""
    found = CustomField.objects.visible_to(member).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such field.", way_out="Perhaps it was deleted.")
    return found


def _change(field: CustomField, *, name: str, choices: Sequence[str]) -> None:
    field.name = single_line(name)
    field.key = fold(field.name)
    if not field.key or max(len(field.name), len(field.key)) > _LONGEST:
        raise Invalid(f"A field needs a name of at most {_LONGEST} characters.", field="name")
    field.choices = _check_choices(choices) if field.kind == FieldKind.CHOICE else []
    try:
        with transaction.atomic():
            field.save()
    except IntegrityError as error:
        raise Conflict(f"There is a field {field.name} already.", field="name") from error


def _check_choices(choices: Sequence[str]) -> list[str]:
    by_key: dict[str, str] = {}
    for one in filter(None, map(single_line, choices)):
        by_key.setdefault(fold(one), one)
    kept = list(by_key.values())
    if not kept or len(kept) > _MOST_CHOICES or any(len(one) > 100 for one in kept):
        raise Invalid(
            f"A choice needs 1 to {_MOST_CHOICES} answers to choose from.",
            way_out="One a line, each of at most 100 characters.",
            field="choices",
        )
    return kept
