"""Handing out the contacts that a filter shows, as a file; the audit log says who took how many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

from letterbook.contacts.exporting import ExportedContact, csv_lines, vcards
from letterbook.contacts.filtering import ContactFilter
from letterbook.contacts.models import Contact
from letterbook.contacts.own_values import fields_of_team
from letterbook.contacts.tagging import tags_by_contact
from letterbook.kit.refusals import Invalid
from letterbook.teams.audit import record_audit
from letterbook.teams.models import Membership
from letterbook.timeline.contact_list import filtered

FORMATS = {"csv": csv_lines, "vcard": vcards}
MOST = 100_000
_AT_ONCE = 1000


def export_contacts(
    member: Membership, asked: ContactFilter, *, form: str, at: datetime
) -> Iterator[str]:
    """Return the text of a file of the contacts that fit, piece by piece; raise `Invalid` for an unknown format."""
    if form not in FORMATS:
        raise Invalid(f"Choose one of {', '.join(FORMATS)}.", field="format")
    ids = list(filtered(member, asked, at=at).values_list("pk", flat=True)[:MOST])
    record_audit(
        "contacts exported",
        team_id=member.team_id,
        user=member.user,
        at=at,
        contacts=len(ids),
        form=form,
    )
    rows = (row for batch in _batches(ids) for row in _loaded(member, batch))
    return FORMATS[form](rows, fields=fields_of_team(member.team_id))


def _batches(ids: list[UUID]) -> Iterator[list[UUID]]:
    rest = iter(ids)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch


def _loaded(member: Membership, ids: list[UUID]) -> list[ExportedContact]:
    contacts = Contact.objects.visible_to(member).filter(pk__in=ids)
    loaded = contacts.select_related("owner").prefetch_related("addresses")
    ordered = list(loaded.order_by("sort_key", "id"))
    tags = tags_by_contact(member, ordered)
    return [ExportedContact(one, tags[one.pk]) for one in ordered]
