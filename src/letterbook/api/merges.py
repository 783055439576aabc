"""Merging contacts, and parting them again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status

from letterbook.api.contacts import ContactShown, show_contact
from letterbook.api.repeating import once
from letterbook.api.shapes import Given, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.finding import find_contact
from letterbook.contacts.models import ContactMerge
from letterbook.outgoing.merging import find_merge, merge_contacts, preview_merge, undo_merge

router = Router(tags=["contacts"])


class MergeGiven(Given):
    """The contact that goes: what it has becomes the other's."""

    other_id: UUID


class MergeShown(Schema):
    """A merging that was done; its id undoes it."""

    id: UUID
    kept_id: UUID
    gone_id: UUID
    gone_name: str
    merged_at: datetime
    undone_at: datetime | None


class MergePreviewShown(Schema):
    """What merging would move, as far as the caller may see it."""

    addresses: list[str]
    emails: int
    notes: int
    outgoing_emails: int
    fills: list[str]


@router.get(
    "/contacts/{contact_id}/merge",
    response=answers(MergePreviewShown),
    operation_id="preview_contact_merge",
)
def get_merge(request: TokenRequest, contact_id: UUID, other_id: UUID) -> MergePreviewShown:
    """What merging another contact into this one would move; nothing is changed."""
    kept, gone = (find_contact(request.auth, one) for one in (contact_id, other_id))
    shown = preview_merge(request.auth, kept, gone=gone)
    return MergePreviewShown(
        addresses=list(shown.addresses),
        emails=shown.emails,
        notes=shown.notes,
        outgoing_emails=shown.outgoing,
        fills=list(shown.fills),
    )


@router.post(
    "/contacts/{contact_id}/merge",
    response=answers(MergeShown, status=201),
    operation_id="merge_contacts",
)
def post_merge(request: TokenRequest, contact_id: UUID, given: MergeGiven) -> Status[MergeShown]:
    """Merge another contact into this one: addresses, history and outgoing email move; undone within 30 days."""
    merge = once(
        request,
        request.auth,
        create=lambda: merge_contacts(
            request.auth,
            find_contact(request.auth, contact_id),
            gone=find_contact(request.auth, given.other_id),
            at=timezone.now(),
        ),
        find=lambda pk: find_merge(request.auth, pk),
        id_of=lambda merge: merge.pk,
        at=timezone.now(),
    )
    return Status(201, _shown(merge))


@router.delete(
    "/contact-merges/{merge_id}",
    response=answers(ContactShown),
    operation_id="undo_contact_merge",
)
def delete_merge(request: TokenRequest, merge_id: UUID) -> ContactShown:
    """Part two contacts again, and return the one that is back."""
    back = undo_merge(request.auth, find_merge(request.auth, merge_id), at=timezone.now())
    return show_contact(request.auth, find_contact(request.auth, back.pk))


def _shown(merge: ContactMerge) -> MergeShown:
    return MergeShown(
        id=merge.pk,
        kept_id=merge.kept_id,
        gone_id=merge.gone_id,
        gone_name=merge.gone_name,
        merged_at=merge.merged_at,
        undone_at=merge.undone_at,
    )
