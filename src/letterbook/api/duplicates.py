"""Contacts that may be one person, and the word that they are two."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from letterbook.api.contacts import ContactShown, show_contacts
from letterbook.api.shapes import Cursor, Limit, Page, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.duplicates import (
    list_duplicates,
    say_not_the_same,
    take_back_not_the_same,
)
from letterbook.contacts.finding import find_contact

router = Router(tags=["contacts"])


class PairShown(Schema):
    """Two contacts that may be the same; the older one first."""

    one: ContactShown
    other: ContactShown
    reasons: list[str] = Field(description="name, phone or address")


@router.get(
    "/contact-duplicates",
    response=answers(Page[PairShown]),
    operation_id="list_contact_duplicates",
)
def get_duplicates(
    request: TokenRequest, cursor: Cursor = "", limit: Limit = 20
) -> Page[PairShown]:
    """Pairs of contacts that may be one person: merge them, or say that they are not the same."""
    page = list_duplicates(request.auth, cursor=cursor, limit=limit)
    both = [one for pair in page.pairs for one in (pair.one, pair.other)]
    shown = {one.id: one for one in show_contacts(request.auth, both)}
    items = [
        PairShown(one=shown[pair.one.pk], other=shown[pair.other.pk], reasons=list(pair.reasons))
        for pair in page.pairs
    ]
    return Page(items=items, next_cursor=page.next_cursor)


@router.put(
    "/contacts/{contact_id}/not-the-same/{other_id}",
    response=answers(None, status=204),
    operation_id="say_contacts_differ",
)
def put_not_the_same(request: TokenRequest, contact_id: UUID, other_id: UUID) -> Status[None]:
    """Remember that these are two people; they are not proposed again."""
    one, other = (find_contact(request.auth, pk) for pk in (contact_id, other_id))
    say_not_the_same(request.auth, one, other, at=timezone.now())
    return Status(204, None)


@router.delete(
    "/contacts/{contact_id}/not-the-same/{other_id}",
    response=answers(None, status=204),
    operation_id="take_back_contacts_differ",
)
def delete_not_the_same(request: TokenRequest, contact_id: UUID, other_id: UUID) -> Status[None]:
    """Let these two be proposed again."""
    one, other = (find_contact(request.auth, pk) for pk in (contact_id, other_id))
    take_back_not_the_same(request.auth, one, other, at=timezone.now())
    return Status(204, None)
