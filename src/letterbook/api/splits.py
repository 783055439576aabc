"""Making two contacts of one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from letterbook.api.contacts import ContactShown, show_contact
from letterbook.api.repeating import once
from letterbook.api.shapes import Given, Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.finding import find_contact
from letterbook.contacts.models import Contact, ContactSplit
from letterbook.outgoing.splitting import find_split, preview_split, split_contact, undo_split
from letterbook.teams.models import Membership

router = Router(tags=["contacts"])


class SplitGiven(Given):
    """Which addresses become another person's, and what that one is called."""

    addresses: list[Text] = Field(min_length=1, max_length=50)
    name: Text = Field(default="", max_length=200)


class SplitPreviewShown(Schema):
    """What splitting would move, as far as the caller may see it."""

    addresses: list[str]
    emails: int = Field(description="emails that move")
    shared_emails: int = Field(description="emails that are then in both histories")
    outgoing_emails: int


class SplitShown(Schema):
    """A splitting that was done; its id undoes it. `contact` is the new one."""

    id: UUID
    contact: ContactShown | None = Field(description="null where it is no longer there")
    split_from_id: UUID
    split_at: datetime
    undone_at: datetime | None


@router.get(
    "/contacts/{contact_id}/split",
    response=answers(SplitPreviewShown),
    operation_id="preview_contact_split",
)
def get_split(
    request: TokenRequest, contact_id: UUID, address: Query[list[Text]]
) -> SplitPreviewShown:
    """What moving these addresses to a contact of their own would change; nothing is changed."""
    contact = find_contact(request.auth, contact_id)
    shown = preview_split(request.auth, contact, addresses=address)
    return SplitPreviewShown(
        addresses=list(shown.addresses),
        emails=shown.emails,
        shared_emails=shown.shared,
        outgoing_emails=shown.outgoing,
    )


@router.post(
    "/contacts/{contact_id}/split",
    response=answers(SplitShown, status=201),
    operation_id="split_contact",
)
def post_split(request: TokenRequest, contact_id: UUID, given: SplitGiven) -> Status[SplitShown]:
    """Make a new contact of some addresses and what came by them; undone within 30 days."""
    split = once(
        request,
        request.auth,
        create=lambda: split_contact(
            request.auth,
            find_contact(request.auth, contact_id),
            addresses=given.addresses,
            name=given.name,
            at=timezone.now(),
        ),
        find=lambda pk: find_split(request.auth, pk),
        id_of=lambda split: split.pk,
        at=timezone.now(),
    )
    return Status(201, _shown(request.auth, split))


@router.delete(
    "/contact-splits/{split_id}",
    response=answers(ContactShown),
    operation_id="undo_contact_split",
)
def delete_split(request: TokenRequest, split_id: UUID) -> ContactShown:
    """Make one of the two contacts again, and return it."""
    kept = undo_split(request.auth, find_split(request.auth, split_id), at=timezone.now())
    return show_contact(request.auth, find_contact(request.auth, kept.pk))


def _shown(member: Membership, split: ContactSplit) -> SplitShown:
    made = Contact.objects.visible_to(member).filter(pk=split.split_id).exists()
    return SplitShown(
        id=split.pk,
        contact=show_contact(member, find_contact(member, split.split_id)) if made else None,
        split_from_id=split.contact_id,
        split_at=split.split_at,
        undone_at=split.undone_at,
    )
