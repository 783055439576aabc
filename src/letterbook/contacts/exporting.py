"""Contacts as a file that this and other programs read: a table, or vCards."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import vobject

from letterbook.contacts.csv_rows import FORMULA_SIGNS
from letterbook.contacts.models import Contact, CustomField, Tag
from letterbook.contacts.vcards import OWN_FIELD, OWNER

_COLUMNS = ("Name", "Job title", "Company", "Phone", "Email", "Owner", "Tags", "Time zone", "Note")
_NUMBER = re.compile(r"[+-][\d ()./-]+")


@dataclass(frozen=True, slots=True)
class ExportedContact:
    """A contact with its tags."""

    contact: Contact
    tags: Sequence[Tag]

    @property
    def addresses(self) -> list[str]:
        """The primary one first."""
        ordered = sorted(self.contact.addresses.all(), key=lambda one: (not one.is_primary, one.pk))
        return [one.address for one in ordered]


def csv_lines(rows: Iterable[ExportedContact], *, fields: Sequence[CustomField]) -> Iterator[str]:
    """Yield a table line by line, its headings first; the import reads it as it is."""
    yield "\ufeff" + _line([*_COLUMNS, *(field.name for field in fields)])
    for row in rows:
        contact = row.contact
        yield _line(
            [
                contact.name,
                contact.job_title,
                contact.company,
                contact.phone,
                "; ".join(row.addresses),
                contact.owner.email if contact.owner else "",
                ", ".join(tag.name for tag in row.tags),
                contact.time_zone,
                contact.note,
                *(contact.custom.get(str(field.pk), "") for field in fields),
            ]
        )


def vcards(rows: Iterable[ExportedContact], *, fields: Sequence[CustomField]) -> Iterator[str]:
    """Yield a vCard (version 3) for each contact; the import reads it as it is."""
    for row in rows:
        card = _card(row)
        _add_own(card, row.contact, fields)
        yield card.serialize()


def _card(row: ExportedContact) -> vobject.base.Component:
    contact, card = row.contact, vobject.vCard()
    card.add("fn").value = str(contact)
    card.add("n").value = vobject.vcard.Name(family=str(contact))
    texts = (
        ("title", contact.job_title),
        ("tel", contact.phone),
        ("tz", contact.time_zone),
        ("note", contact.note),
        (OWNER, contact.owner.email if contact.owner else ""),
        *(("email", address) for address in row.addresses),
    )
    for name, text in texts:
        if text:
            card.add(name).value = text
    if contact.company:
        card.add("org").value = [contact.company]
    if row.tags:
        card.add("categories").value = [tag.name for tag in row.tags]
    return card


# vobject has no types.
def _add_own(card: vobject.base.Component, contact: Contact, fields: Sequence[CustomField]) -> None:
    for field in fields:
        if text := contact.custom.get(str(field.pk), ""):
            line = card.add(OWN_FIELD)
            line.params["LABEL"] = [field.name]
            line.value = text


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_guarded(cell) for cell in cells])
    return out.getvalue()


def _guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; a phone number is none."""
    is_formula = cell[:1] in FORMULA_SIGNS and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula and cell else cell
