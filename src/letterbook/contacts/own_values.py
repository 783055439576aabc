"""What a contact's value of a field of the team's own may be; kept as text that says the same thing in one way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit
from uuid import UUID

from letterbook.contacts.models import CustomField
from letterbook.contacts.own_fields import FieldKind
from letterbook.contacts.words import fold
from letterbook.kit.refusals import Invalid
from letterbook.mime.characters import single_line

LONGEST = 1000
_LARGEST = Decimal(10) ** 15


def fields_of_team(team_id: UUID) -> list[CustomField]:
    """Return a team's own fields, by name."""
    return list(CustomField.objects.filter(team_id=team_id).order_by("key"))


def check_values(fields: Iterable[CustomField], given: Mapping[str, str]) -> dict[str, str]:
    """Return values by the id of their field, given by its name or id; raise `Invalid` naming the field."""
    known: dict[str, CustomField] = {}
    for field in fields:
        known |= {field.key: field, str(field.pk): field}
    checked = {}
    for name, text in given.items():
        field_meant = known.get(name) or known.get(fold(name))
        if field_meant is None:
            raise Invalid(
                f"The team has no field {name[:60]!r}.",
                way_out="Add it under Contacts, Tags and fields.",
                field="custom",
            )
        checked[str(field_meant.pk)] = check_value(field_meant, text)
    return checked


def check_value(field: CustomField, text: str) -> str:
    """Return a value as it is kept, "" for none; raise `Invalid` where it is not of the field's kind."""
    text = single_line(text)
    if len(text) > LONGEST:
        raise _refused(field, f"has more than {LONGEST:,} characters", "Shorten it.")
    if not text:
        return ""
    match field.kind:
        case FieldKind.NUMBER:
            return _number(field, text)
        case FieldKind.DATE:
            return _date(field, text)
        case FieldKind.CHOICE:
            return _choice(field, text)
        case FieldKind.LINK:
            return _link(field, text)
    return text


def merge_values(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the values a contact has after these were given; an empty one is taken out."""
    return {key: text for key, text in {**before, **given}.items() if text}


def _number(field: CustomField, text: str) -> str:
    try:
        number = Decimal(text.replace(" ", "").replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= _LARGEST or number.as_tuple().exponent < -6:  # type: ignore[operator]  # an int where the number is finite
        raise _refused(field, "is not a number", "Write it like 1250 or 12.5.")
    return f"{number.normalize() + 0:f}"


def _date(field: CustomField, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise _refused(field, "is not a date", "Write it like 2026-11-30.") from error


def _choice(field: CustomField, text: str) -> str:
    meant = next((one for one in field.choices if fold(one) == fold(text)), None)
    if meant is None:
        raise _refused(field, "is none of its choices", f"Choose {', '.join(field.choices)}.")
    return meant


def _link(field: CustomField, text: str) -> str:
    try:
        parts = urlsplit(text)
        is_link = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:
        is_link = False
    if not is_link:
        raise _refused(field, "is not a link", "It begins with https:// or http://.")
    return text


def _refused(field: CustomField, what: str, way_out: str) -> Invalid:
    return Invalid(f"{field.name} {what}.", way_out=way_out, field=f"custom-{field.pk}")
