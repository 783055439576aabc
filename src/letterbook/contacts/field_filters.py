"""The list of contacts narrowed by a field of the team's own: what it is, holds, is at least or at most, or lacks."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.db.models import Case, CharField, DecimalField, Q, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from letterbook.contacts.models import CustomField
from letterbook.contacts.own_fields import FieldKind
from letterbook.contacts.own_values import LONGEST, check_value
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mime.characters import single_line
from letterbook.teams.models import Membership

How = Literal["is", "holds", "from", "to", "none"]
_MEASURED = {FieldKind.NUMBER, FieldKind.DATE}
_COMPARES = {"from": GreaterThanOrEqual, "to": LessThanOrEqual}
_NUMBER = r"^-?[0-9]+(\.[0-9]+)?$"


def has_value(member: Membership, field_id: UUID, value: str, *, how: How) -> Q:
    """Return the condition on a contact; raise `NotFound` for the field, or `Invalid` where the value does not fit."""
    field = CustomField.objects.visible_to(member).filter(pk=field_id).first()
    if field is None:
        raise NotFound("There is no such field.", way_out="Perhaps it was deleted.")
    key = str(field.pk)
    if how == "none":
        return ~Q(custom__has_key=key)
    if how == "holds":
        part = single_line(value)[:LONGEST]
        return Q(custom__has_key=key) & Q(**{f"custom__{key}__icontains": part})
    if how in _COMPARES:
        return _measured(field, check_value(field, value), how=how)
    return Q(custom__contains={key: check_value(field, value)})


def _measured(field: CustomField, value: str, *, how: How) -> Q:
    if field.kind not in _MEASURED:
        raise Invalid(
            f"{field.name} is neither a number nor a date.",
            way_out="Ask what it is, or what it holds.",
            field="how",
        )
    key = str(field.pk)
    said = KeyTextTransform(key, "custom")
    compare = _COMPARES[how]
    if field.kind == FieldKind.DATE:
        # As they are written, dates are ordered like their text.
        return Q(custom__has_key=key) & Q(compare(Cast(said, CharField()), Value(value)))
    # A field may have been of another kind before: what is no number is none that is large enough.
    number = DecimalField(max_digits=30, decimal_places=6)
    is_number = When(**{f"custom__{key}__regex": _NUMBER}, then=Cast(said, number))
    return Q(compare(Case(is_number, output_field=number), Cast(Value(value), number)))
