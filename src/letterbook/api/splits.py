"""Making two contacts of one."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from letterbook.api.contacts import ContactShown, show_contact
from letterbook.api.repeating import once
from letterbook.api.shapes import Given, Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.finding import find_contact
from letterbook.outgoing.splitting import preview_split, split_contact

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
    response=answers(ContactShown, status=201),
    operation_id="split_contact",
)
def post_split(request: TokenRequest, contact_id: UUID, given: SplitGiven) -> Status[ContactShown]:
    """Make a new contact of some addresses and what came by them; merging the two undoes it."""
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
        find=lambda pk: find_contact(request.auth, pk),
        id_of=lambda contact: contact.pk,
        at=timezone.now(),
    )
    return Status(201, show_contact(request.auth, find_contact(request.auth, split.pk)))
