"""Many contacts at once: how many a filter means, changing them, taking that back, handing them out as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from letterbook.api.contact_filter import ContactsAsked
from letterbook.api.repeating import once
from letterbook.api.shapes import Given, Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.bulk import (
    MOST_AT_ONCE,
    BulkChange,
    change_contacts,
    find_bulk_edit,
    undo_bulk_edit,
)
from letterbook.contacts.models import BulkEdit
from letterbook.kit.refusals import Invalid
from letterbook.teams.models import Membership
from letterbook.timeline.contact_list import filtered
from letterbook.timeline.exporting import export_contacts

router = Router(tags=["contacts"])


class HowMany(Schema):
    """How many contacts a filter means: the preview of a change."""

    contacts: int


class ContactsChange(Given):
    """What is to be done to which contacts: those named in `ids`, or all that `where` means."""

    what: Literal["owner", "tag", "untag", "company", "delete"]
    to: Text = Field(
        default="",
        max_length=200,
        description="a person's id, a tag, a company; or nothing",
    )
    ids: list[UUID] = Field(default=[], max_length=10_000)
    where: ContactsAsked | None = None


class BulkEditShown(Schema):
    """A change of many contacts; a deletion is done at `due_at`, unless it is undone before."""

    id: UUID
    words: str
    contacts: int
    done_at: datetime
    due_at: datetime | None
    undone_at: datetime | None


@router.get("/contact-count", response=answers(HowMany), operation_id="count_contacts")
def get_count(request: TokenRequest, asked: Query[ContactsAsked]) -> HowMany:
    """How many contacts fit; counted as a change of them would find them."""
    found = filtered(request.auth, asked.as_filter(), at=timezone.now())
    return HowMany(contacts=found[:MOST_AT_ONCE].count())


@router.get(
    "/contact-export",
    response=answers(None),
    operation_id="export_contacts",
    openapi_extra={"responses": {200: {"content": {"text/csv": {}, "text/vcard": {}}}}},
)
def get_export(
    request: TokenRequest, asked: Query[ContactsAsked], form: Literal["csv", "vcard"] = "csv"
) -> HttpResponse:
    """The contacts that fit as a file, which an import reads as it is; the audit log keeps who took how many."""
    pieces = export_contacts(request.auth, asked.as_filter(), form=form, at=timezone.now())
    content_type = "text/csv; charset=utf-8" if form == "csv" else "text/vcard; charset=utf-8"
    # Whole, not piece by piece: what is read after the answer began is read outside its transaction.
    return HttpResponse(
        "".join(pieces), content_type=content_type, headers={"Cache-Control": "no-store"}
    )


@router.post(
    "/contact-changes", response=answers(BulkEditShown, status=201), operation_id="change_contacts"
)
def post_change(request: TokenRequest, given: ContactsChange) -> Status[BulkEditShown]:
    """Do one thing to many contacts; it can be undone."""
    at = timezone.now()
    edit = once(
        request,
        request.auth,
        create=lambda: change_contacts(
            request.auth,
            _meant(request.auth, given, at=at),
            BulkChange(given.what, given.to),
            at=at,
        ),
        find=lambda edit_id: find_bulk_edit(request.auth, edit_id),
        id_of=lambda edit: edit.pk,
        at=at,
    )
    return Status(201, show_bulk_edit(edit))


@router.delete(
    "/contact-changes/{change_id}", response=answers(BulkEditShown), operation_id="undo_change"
)
def remove_change(request: TokenRequest, change_id: UUID) -> BulkEditShown:
    """Undo a change where nobody changed a contact again since, or call a deletion off."""
    edit = find_bulk_edit(request.auth, change_id)
    return show_bulk_edit(undo_bulk_edit(request.auth, edit, at=timezone.now()))


def _meant(member: Membership, given: ContactsChange, *, at: datetime) -> list[UUID]:
    if bool(given.ids) == (given.where is not None):
        raise Invalid("Say which contacts: by ids, or by where.", field="ids")
    if given.where is None:
        return given.ids
    found = filtered(member, given.where.as_filter(), at=at)
    return list(found.values_list("pk", flat=True)[:MOST_AT_ONCE])


def show_bulk_edit(edit: BulkEdit) -> BulkEditShown:
    """Return a change of many contacts as the API shows it."""
    return BulkEditShown.from_orm(edit)
