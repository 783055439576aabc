"""Importing contacts from a file: what is known is filled in, what is new is created, what is wrong is reported.

Done again with the same file it changes nothing. Mail already stored is linked by the caller:
`timeline.linking.link_contacts(outcome.gained, …)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from letterbook.contacts.csv_rows import read_csv
from letterbook.contacts.decoding import decode_text, is_text
from letterbook.contacts.fields import check_fields
from letterbook.contacts.filling import CheckedRow, Tally, store_rows
from letterbook.contacts.imported import MAX_BYTES, MAX_ROWS, ContactImport, ImportRow, RefusedRow
from letterbook.contacts.models import CustomField
from letterbook.contacts.own_values import check_values, fields_of_team
from letterbook.contacts.tagging import check_tags
from letterbook.contacts.vcards import looks_like_vcards, read_vcards
from letterbook.contacts.words import fold
from letterbook.kit.refusals import Invalid, Refused
from letterbook.mime.addresses import BadAddress, address_key, check_addresses
from letterbook.mime.characters import single_line
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

_AT_ONCE = 1000
_MOST_NAMED = 20


def import_contacts(
    member: Membership, content: bytes, *, filename: str, at: datetime
) -> ContactImport:
    """Take over the contacts of a CSV or vCard file and return what became of its rows; raise `Invalid` for the file.

    A contact that has one of a row's addresses gets the other ones and what is still empty; nothing is overwritten.
    """
    rows = _read(content)
    tally = Tally()
    own = fields_of_team(member.team_id)
    accepted = _accepted(rows, own=own, refused=tally.refused)
    while batch := list(islice(accepted, _AT_ONCE)):
        store_rows(member, batch, tally=tally, at=at)
    record_audit(
        "contacts imported",
        team_id=member.team_id,
        user=member.user,
        at=at,
        file=single_line(filename)[:200],
        created=tally.created,
        updated=tally.updated,
        unchanged=tally.unchanged,
        refused=len(tally.refused),
    )
    announce("contact", team_id=member.team_id)
    refused = tuple(sorted(tally.refused, key=lambda one: one.line))
    return ContactImport(
        tally.created,
        tally.updated,
        tally.unchanged,
        refused,
        unknown_owners=tuple(sorted(tally.unknown_owners)[:_MOST_NAMED]),
        gained=tuple(tally.gained),
    )


def _read(content: bytes) -> list[ImportRow | RefusedRow]:
    """All rows, before the first one is stored: a file too large leaves nothing half done."""
    if len(content) > MAX_BYTES:
        raise _too_large(f"more than {MAX_BYTES // 1024 // 1024} MB")
    if not is_text(content):
        raise Invalid(
            "This is no CSV file and no vCard file.",
            way_out="A spreadsheet can be saved as CSV; an address book exports vCards or CSV.",
            field="file",
        )
    text = decode_text(content)
    if not text.strip():
        raise Invalid("The file is empty.", field="file")
    rows = list(islice(_rows(text), MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise _too_large(f"more than {MAX_ROWS:,} contacts")
    return rows


def _rows(text: str) -> Iterator[ImportRow | RefusedRow]:
    # What is in a file decides, not what it is called.
    return read_vcards(text) if looks_like_vcards(text) else read_csv(text)


def _accepted(
    rows: Iterable[ImportRow | RefusedRow], *, own: Sequence[CustomField], refused: list[RefusedRow]
) -> Iterator[CheckedRow]:
    for row in rows:
        checked = row if isinstance(row, RefusedRow) else _check(row, own)
        if isinstance(checked, RefusedRow):
            refused.append(checked)
        else:
            yield checked


def _check(row: ImportRow, own: Sequence[CustomField]) -> CheckedRow | RefusedRow:
    try:
        fields = check_fields(dict(row.fields))
        addresses = [one for cell in row.addresses for one in check_addresses(cell)]
        values, tags = _values_of(row, own), tuple(check_tags(row.tags))
    except (Refused, BadAddress) as problem:
        return RefusedRow(row.line, str(problem))
    fields["name"] = fields["name"] or next((one.name for one in addresses if one.name), "")
    if not fields["name"] and not addresses:
        return RefusedRow(row.line, "There is neither a name nor an address here.")
    owner = address_key(row.owner)
    return CheckedRow(row.line, fields, {one.key: one for one in addresses}, tags, values, owner)


def _values_of(row: ImportRow, own: Sequence[CustomField]) -> dict[str, str]:
    """The values of the team's own fields, where a heading is the name of one."""
    known = {field.key for field in own}
    return check_values(
        own, {name: text for name, text in row.others.items() if fold(name) in known}
    )


def _too_large(how: str) -> Invalid:
    return Invalid(
        f"The file holds {how}.",
        way_out="Split it and import the parts one after the other.",
        field="file",
    )
