"""The orders a list of contacts can have, and their page cursors."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from letterbook.contacts.models import Contact, ContactQuerySet
from letterbook.kit.cursors import Position, read_cursor, write_cursor
from letterbook.kit.refusals import Invalid
from letterbook.mime.characters import storable


@dataclass(frozen=True, slots=True)
class ListOrder:
    """An order by a unique key that an index has: how to sort by it, and to go on behind a contact."""

    columns: tuple[str, ...]
    after: Callable[[str], Q]
    cursor_at: Callable[[Contact], str]

    def sorted(self, contacts: ContactQuerySet) -> ContactQuerySet:
        """Return the contacts in this order."""
        return contacts.order_by(*self.columns)


def _cursor_by_age(contact: Contact) -> str:
    return write_cursor(Position(contact.created_at, contact.pk))


def _after_by_age(cursor: str) -> Q:
    place = read_cursor(cursor)
    if place is None:
        return Q()
    older = Q(created_at__lt=place.at) | Q(id__lt=place.id)
    return Q(created_at__lte=place.at) & older


def _cursor_by_name(contact: Contact) -> str:
    text = json.dumps([contact.sort_key, contact.pk.hex])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _after_by_name(cursor: str) -> Q:
    """The contacts behind the last one shown; `sort_key__gte` alone is what the index can jump to."""
    sort_key, last = _read_cursor(cursor)
    return Q(sort_key__gte=sort_key) & (Q(sort_key__gt=sort_key) | Q(id__gt=last))


def _read_cursor(cursor: str) -> tuple[str, UUID]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        sort_key, hexadecimal = json.loads(base64.urlsafe_b64decode(padded))
        if isinstance(sort_key, str) and storable(sort_key) == sort_key:
            return sort_key, UUID(hexadecimal)
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        pass
    raise Invalid(
        "This page cursor is not one of ours.",
        way_out="Start again without a cursor and follow next_cursor.",
        field="cursor",
    )


ORDERS = {
    "name": ListOrder(("sort_key", "id"), _after_by_name, _cursor_by_name),
    "added": ListOrder(("-created_at", "-id"), _after_by_age, _cursor_by_age),
}
