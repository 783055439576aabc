"""Contacts in a table: whatever the delimiter, whatever the columns are called."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from letterbook.contacts.imported import ImportRow, RefusedRow
from letterbook.contacts.words import fold
from letterbook.kit.refusals import Invalid

_DELIMITERS = ",;\t|"

# Folded, without blanks and signs: as Gmail, Outlook, Apple and the people themselves head their columns, in English,
# German, French and Spanish.
_HEADINGS: Mapping[str, str] = {
    **dict.fromkeys(
        ("name", "fullname", "displayname", "contact", "contactname", "person"), "name"
    ),
    **dict.fromkeys(("anzeigename", "kontakt", "nomcomplet", "nombrecompleto", "fn"), "name"),
    **dict.fromkeys(("firstname", "givenname", "forename", "vorname", "prenom", "nombre"), "first"),
    **dict.fromkeys(("lastname", "surname", "familyname", "nachname", "nom", "apellidos"), "last"),
    **dict.fromkeys(("company", "companyname", "organization", "organisation", "firma"), "company"),
    **dict.fromkeys(("organizationname", "organization1name", "unternehmen", "societe"), "company"),
    **dict.fromkeys(("entreprise", "empresa", "org"), "company"),
    **dict.fromkeys(("jobtitle", "title", "position", "role", "beruf", "funktion"), "job_title"),
    **dict.fromkeys(("organizationtitle", "organization1title", "fonction", "cargo"), "job_title"),
    **dict.fromkeys(("note", "notes", "comment", "comments", "notiz", "notizen"), "note"),
    **dict.fromkeys(("remark", "remarks", "bemerkung", "notas"), "note"),
    **dict.fromkeys(("tag", "tags", "labels", "label", "categories", "kategorien"), "tags"),
    **dict.fromkeys(
        ("owner", "contactowner", "verantwortlich", "zustandig", "responsable"), "owner"
    ),
    **dict.fromkeys(("timezone", "zeitzone", "tz"), "time_zone"),
}
_ADDRESS = re.compile(
    r"(primary|work|home|business|other)?(e?mail|correo|courriel)(address|adresse|electronico)?\d*"
    r"(value|address|adresse)?"
)
_PHONE = re.compile(
    r"(primary|work|home|business|mobile|cell)?(phone|telephone|telefon|tel|mobile|telefono|handy)"
    r"(number|nummer)?\d*(value)?"
)
# Between two addresses in one cell, where it is not a comma, semicolon or line break: Gmail writes " ::: ".
_BETWEEN = re.compile(r"\s*:::\s*|\s+\|\s+")
_TAGS = re.compile(r"\s*[,;]\s*|\s*:::\s*(?:\*\s*)?")
# What a spreadsheet takes for the beginning of a formula.
FORMULA_SIGNS = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class _Record:
    """One line of the table, however many lines of the file it takes."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column is what; several may be the same thing."""

    meanings: tuple[str, ...]
    are_named: bool
    headings: tuple[str, ...] = ()

    def values(self, cells: Sequence[str], meaning: str) -> list[str]:
        """Return what the columns of this meaning hold, empty cells left out."""
        pairs = zip(self.meanings, cells, strict=False)
        return [text for found, cell in pairs if found == meaning and (text := _unguarded(cell))]

    def others(self, cells: Sequence[str]) -> dict[str, str]:
        """Return what stands under headings that mean nothing in particular, by heading."""
        rows = zip(self.headings, self.meanings, cells, strict=False)
        return {
            heading: text
            for heading, meaning, cell in rows
            if not meaning and (text := _unguarded(cell))
        }


def read_csv(text: str) -> Iterator[ImportRow | RefusedRow]:
    """Yield every row of a table of contacts; raise `Invalid` when no column holds names or addresses."""
    records = _records(text)
    first = next((one for one in records if isinstance(one, _Record)), None)
    columns = _columns_of(first.cells) if first else None
    if first is None or columns is None:
        raise Invalid(
            "No column of this file is called name or email.",
            way_out="Give the columns a first line with their names, such as Name, Email, Company.",
            field="file",
        )
    if not columns.are_named:
        yield _row(first, columns)
    for record in records:
        yield _row(record, columns) if isinstance(record, _Record) else record


def _records(text: str) -> Iterator[_Record | RefusedRow]:
    delimiter = _delimiter_of(text)
    if text.startswith("sep="):  # Excel's own first line, which is no heading
        text = text.partition("\n")[2]
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        line = table.line_num + 1
        try:
            cells = next(table, None)
        except csv.Error as error:
            yield RefusedRow(line, f"This row is not a row of a table: {error}.")
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield _Record(line, cells)


def _delimiter_of(text: str) -> str:
    first = next((line for line in text[:100_000].splitlines() if line.strip()), "")
    if first.startswith("sep="):
        return first[4:5] or ","
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=bare.count)


def _columns_of(cells: Sequence[str]) -> _Columns | None:
    meanings = tuple(_meaning_of(cell) for cell in cells)
    if {"name", "first", "last", "address"} & set(meanings):
        return _Columns(meanings, are_named=True, headings=tuple(cells))
    return _guessed(cells)


def _meaning_of(heading: str) -> str:
    bare = re.sub(r"[\W_]+", "", fold(heading))
    if bare in _HEADINGS:
        return _HEADINGS[bare]
    if _ADDRESS.fullmatch(bare):
        return "address"
    return "phone" if _PHONE.fullmatch(bare) else ""


def _guessed(cells: Sequence[str]) -> _Columns | None:
    """A table without headings: the column with an @ is the address, the first other one the name."""
    place = next((place for place, cell in enumerate(cells) if "@" in cell), None)
    if place is None:
        return None
    meanings = ["address" if one == place else "" for one in range(len(cells))]
    if len(cells) > 1:
        meanings[0 if place else 1] = "name"
    return _Columns(tuple(meanings), are_named=False)


def _row(record: _Record, columns: _Columns) -> ImportRow:
    def first(meaning: str) -> str:
        return next(iter(columns.values(record.cells, meaning)), "")

    cells = columns.values(record.cells, "address")
    return ImportRow(
        line=record.line,
        fields={
            "name": first("name") or f"{first('first')} {first('last')}".strip(),
            "job_title": first("job_title"),
            "company": first("company"),
            "phone": first("phone"),
            "note": first("note"),
            "time_zone": first("time_zone"),
        },
        owner=first("owner"),
        addresses=tuple(_BETWEEN.sub("; ", cell) for cell in cells),
        tags=tuple(
            tag for cell in columns.values(record.cells, "tags") for tag in _TAGS.split(cell)
        ),
        others=columns.others(record.cells),
    )


def _unguarded(cell: str) -> str:
    """A cell without the sign that spreadsheets are given so that they do not take a text for a formula."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA_SIGNS else text
