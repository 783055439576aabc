"""What the fields of a contact may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypedDict
from zoneinfo import available_timezones

from letterbook.kit.refusals import Invalid
from letterbook.mime.addresses import Address, BadAddress, check_address
from letterbook.mime.characters import single_line, without_controls

# Each field's name in a sentence, and how much the table holds of it.
_FIELDS = {
    "name": ("name", 200),
    "job_title": ("job title", 200),
    "company": ("company", 200),
    "phone": ("phone number", 60),
    "note": ("note", 20_000),
    "time_zone": ("time zone", 64),
}


TEXT_FIELDS = tuple(_FIELDS)


class ContactFields(TypedDict, total=False):
    """What may be given of a contact besides its addresses; None and what is left out stay as they are.

    `tags` are names, `custom` values by the name or id of the team's own field; an empty value takes it out.
    """

    name: str | None
    job_title: str | None
    company: str | None
    phone: str | None
    note: str | None
    time_zone: str | None
    tags: Sequence[str] | None
    custom: Mapping[str, str] | None


def check_fields(given: dict[str, str | None]) -> dict[str, str]:
    """Return the fields that were given, tidied; raise `Invalid` naming the one that is too long."""
    return {name: _check_text(name, text) for name, text in given.items() if text is not None}


def _check_text(name: str, text: str) -> str:
    # A line break in a name would end up in a header; only a note has lines.
    text = without_controls(text).strip() if name == "note" else single_line(text)
    if name == "time_zone":
        return _check_time_zone(text)
    label, longest = _FIELDS[name]
    if len(text) > longest:
        raise Invalid(
            f"The {label} is longer than {longest:,} characters.",
            way_out="Shorten it.",
            field=name,
        )
    return text


def _check_time_zone(text: str) -> str:
    known = _time_zones()
    if text and text.casefold() not in known:
        raise Invalid(
            f"There is no time zone {text[:64]!r}.",
            way_out="Give it as a region and a city, such as Europe/Oslo.",
            field="time_zone",
        )
    return known[text.casefold()] if text else ""


@cache
def _time_zones() -> dict[str, str]:
    """The zones by their folded name; reading which there are takes a while."""
    return {name.casefold(): name for name in available_timezones()}


def check_contact_address(text: str) -> Address:
    """Return the address typed as `a@b` or `Name <a@b>`; raise `Invalid` with what is wrong with it."""
    try:
        return check_address(text)
    except BadAddress as error:
        raise Invalid(str(error), field="addresses", code="bad_address") from error
