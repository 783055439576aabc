"""Erasing a person, and the legal hold that forbids it."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from letterbook.api.contacts import ContactShown, show_contact
from letterbook.api.shapes import Given, Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.finding import find_contact
from letterbook.contacts.holding import hold_contact, release_contact
from letterbook.outgoing.erasing import erase_contact, preview_erasure

router = Router(tags=["contacts"])


class ErasureShown(Schema):
    """What erasing would take, as far as the caller may see it."""

    addresses: list[str]
    emails: int = Field(description="emails that go")
    shared_emails: int = Field(description="emails that stay whole: other contacts are on them")
    notes: int
    drafts: int
    outgoing_emails: int = Field(description="emails whose words go; that they were sent stays")


class HoldGiven(Given):
    """Why nothing may be deleted."""

    reason: Text = Field(max_length=500)


@router.get(
    "/contacts/{contact_id}/erasure",
    response=answers(ErasureShown),
    operation_id="preview_contact_erasure",
)
def get_erasure(request: TokenRequest, contact_id: UUID) -> ErasureShown:
    """What erasing a contact would take; nothing is changed. For those who administer the team."""
    shown = preview_erasure(request.auth, find_contact(request.auth, contact_id))
    return ErasureShown(
        addresses=list(shown.addresses),
        emails=shown.emails,
        shared_emails=shown.shared,
        notes=shown.notes,
        drafts=shown.drafts,
        outgoing_emails=shown.outgoing,
    )


@router.put(
    "/contacts/{contact_id}/erasure",
    response=answers(None, status=204),
    operation_id="erase_contact",
)
def put_erasure(request: TokenRequest, contact_id: UUID) -> Status[None]:
    """Erase a contact with everything that is only theirs, for good. For those who administer the team."""
    erase_contact(request.auth, find_contact(request.auth, contact_id), at=timezone.now())
    return Status(204, None)


@router.put(
    "/contacts/{contact_id}/legal-hold",
    response=answers(ContactShown),
    operation_id="hold_contact",
)
def put_hold(request: TokenRequest, contact_id: UUID, given: HoldGiven) -> ContactShown:
    """Forbid that anything of a contact is deleted or erased. For those who administer the team."""
    contact = find_contact(request.auth, contact_id)
    hold_contact(request.auth, contact, reason=given.reason, at=timezone.now())
    return show_contact(request.auth, find_contact(request.auth, contact_id))


@router.delete(
    "/contacts/{contact_id}/legal-hold",
    response=answers(ContactShown),
    operation_id="release_contact",
)
def delete_hold(request: TokenRequest, contact_id: UUID) -> ContactShown:
    """End a legal hold. For those who administer the team."""
    release_contact(request.auth, find_contact(request.auth, contact_id), at=timezone.now())
    return show_contact(request.auth, find_contact(request.auth, contact_id))
