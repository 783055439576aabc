"""Finding contacts: the list with its search box, and the type-ahead of the composer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from letterbook.contacts.filtering import ContactFilter, narrowed
from letterbook.contacts.list_orders import ORDERS, ListOrder
from letterbook.contacts.models import Contact, ContactAddress, ContactQuerySet
from letterbook.contacts.words import fold
from letterbook.mime.addresses import address_key
from letterbook.mime.characters import storable
from letterbook.teams.models import Membership
from letterbook.teams.second_wall import on_the_teams_behalf

MOST_AT_ONCE = 200
MOST_LOOKED_AT = 500
NO_CONDITION = Q()


@dataclass(frozen=True, slots=True)
class ContactPage:
    """Some contacts in order, their addresses loaded; `next_cursor` is empty on the last page.

    Where a page asks about mail it may end before it is full: `looked_up_to` is how far it looked, to go on from there.
    """

    contacts: tuple[Contact, ...]
    next_cursor: str = ""
    looked_up_to: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A contact and the address that fits what was typed; the address is empty where there is none."""

    contact: Contact
    name: str
    address: str


def list_contacts(
    member: Membership,
    *,
    query: str = "",
    asked: ContactFilter | None = None,
    within: Q = NO_CONDITION,
    also: Q | None = None,
    cursor: str = "",
    limit: int = 50,
) -> ContactPage:
    """Return a page of the team's contacts; `query` are beginnings of words of name, company or address.

    `within` is one more condition; `also` one that is dear to test: no page tests it on more than `MOST_LOOKED_AT`
    contacts.
    """
    limit = max(1, min(limit, MOST_AT_ONCE))
    asked = asked or ContactFilter(query=query)
    order = ORDERS[asked.order]
    contacts = order.sorted(narrowed(member, asked).filter(within))
    if cursor:
        contacts = contacts.filter(order.after(cursor))
    if also is not None:
        return _test(contacts, also, order=order, limit=limit)
    # One more than shown tells whether there is a next page.
    ids = _first(contacts, limit + 1)
    found = list(_loaded(order.sorted(Contact.objects.filter(pk__in=ids))))
    page = tuple(found[:limit])
    return ContactPage(page, order.cursor_at(page[-1]) if len(found) > limit else "")


@on_the_teams_behalf()
def _first(contacts: ContactQuerySet, count: int) -> list[UUID]:
    """The ids are found before the second wall: behind it, no index of words is used. The rows are read behind it."""
    return list(contacts.values_list("pk", flat=True)[:count])


def _test(contacts: ContactQuerySet, also: Q, *, order: ListOrder, limit: int) -> ContactPage:
    looked_at = _first(contacts, MOST_LOOKED_AT)
    fitting = order.sorted(Contact.objects.filter(pk__in=looked_at).filter(also))
    found = list(_loaded(fitting)[: limit + 1])
    page = tuple(found[:limit])
    if len(found) > limit:
        return ContactPage(page, order.cursor_at(page[-1]))
    last = Contact.objects.filter(pk__in=looked_at[MOST_LOOKED_AT - 1 :]).first()
    if last is None:
        return ContactPage(page)
    return ContactPage(page, order.cursor_at(last), looked_up_to=str(last))


def look_up(
    member: Membership, text: str, *, limit: int = 8, only_with_address: bool = False
) -> tuple[Suggestion, ...]:
    """Return the contacts that what was typed so far may mean; a whole address means its contact alone."""
    if not fold(text):
        return ()
    contacts = _with_address(member, text) or narrowed(member, ContactFilter(query=text))
    if only_with_address:
        contacts = contacts.filter(Exists(ContactAddress.objects.filter(contact=OuterRef("pk"))))
    ids = _first(ORDERS["name"].sorted(contacts), limit)
    found = _loaded(ORDERS["name"].sorted(Contact.objects.filter(pk__in=ids)))
    return tuple(_suggestion(one, typed=fold(text)) for one in found)


def _with_address(member: Membership, text: str) -> ContactQuerySet | None:
    if "@" not in text:
        return None
    key = address_key(storable(text))
    own = ContactAddress.objects.visible_to(member).filter(key=key).first()
    return Contact.objects.visible_to(member).filter(pk=own.contact_id) if own else None


def _loaded(contacts: ContactQuerySet) -> ContactQuerySet:
    return contacts.select_related("employer", "owner").prefetch_related("addresses")


def _suggestion(contact: Contact, *, typed: str) -> Suggestion:
    addresses = sorted(contact.addresses.all(), key=lambda one: (not one.is_primary, one.pk))
    typed_words = typed.split()
    fitting = (one for one in addresses if _begins_address(one.key, typed_words))
    best = next(fitting, addresses[0] if addresses else None)
    return Suggestion(contact, contact.name, best.address if best else "")


def _begins_address(key: str, words: Iterable[str]) -> bool:
    whole = fold(key)
    domain = whole.rpartition("@")[2]
    return any(whole.startswith(word) or domain.startswith(word) for word in words)
