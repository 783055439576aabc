"""What a list of contacts is narrowed to, as the address of the page says it, and what there is to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from letterbook.contacts.company_keeping import find_company
from letterbook.contacts.field_filters import How
from letterbook.contacts.filtering import Answered, ContactFilter, Order
from letterbook.contacts.models import Company, CustomField, Tag
from letterbook.teams.models import Membership
from letterbook.teams.people import people_of
from letterbook.web.choices import Choice

_ORDERS = (("name", "Name"), ("added", "Last added"))
_ANSWERED = (
    ("", "Anyone"),
    ("never-by-them", "Never answered us"),
    ("never-by-us", "Waits for our answer"),
)
_QUIET = (("", "Any time"), *((str(n), f"More than {n} days ago") for n in (30, 90, 180, 365)))
_HOW = (
    ("is", "is"),
    ("holds", "holds"),
    ("from", "is at least"),
    ("to", "is at most"),
    ("none", "is not given"),
)
_MOST_TAGS = 500


@dataclass(frozen=True, slots=True)
class AskedContacts:
    """A filter, and the query that leads to the same list again: a filter is kept as a link to it."""

    filter: ContactFilter
    query: str

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the words in the search box narrows it."""
        return self.filter != ContactFilter(query=self.filter.query, order=self.filter.order)

    @property
    def is_anything_asked(self) -> bool:
        """Whether it is not the whole list."""
        return self.is_narrowed or bool(self.filter.query)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same for hidden fields of a form."""
        return _pairs(self.filter)


@dataclass(frozen=True, slots=True)
class ContactChoices:
    """What the team's contacts can be narrowed to."""

    owners: list[Choice]
    tags: list[Choice]
    fields: list[Choice]
    how: list[Choice]
    quiet: list[Choice]
    answered: list[Choice]
    orders: list[Choice]
    company: Company | None


def read_contact_filter(given: QueryDict) -> AskedContacts:
    """Return the filter of an address; what makes no sense in it is left out."""
    quiet, value = given.get("quiet", ""), given.get("value", "").strip()
    how = cast(How, _one_of(_HOW, given.get("how", ""), "is"))
    asked = ContactFilter(
        query=given.get("q", "").strip(),
        owner=given.get("owner", ""),
        tag=_id(given.get("tag", "")),
        company=_id(given.get("company", "")),
        field=_id(given.get("field", "")) if value or how == "none" else None,
        value="" if how == "none" else value,
        how=how,
        order=cast(Order, _one_of(_ORDERS, given.get("order", ""), "name")),
        quiet_days=int(quiet) if quiet.isascii() and quiet.isdigit() and len(quiet) < 5 else None,
        answered=cast(Answered, _one_of(_ANSWERED, given.get("answered", ""), "")),
        has_bounced=given.get("bounced") == "1",
    )
    return AskedContacts(asked, urlencode(_pairs(asked)))


def contact_choices(member: Membership, asked: ContactFilter) -> ContactChoices:
    """Return what there is to choose from in the form, what is chosen marked."""
    others = [one for one in people_of(member) if one.pk != member.user_id]
    tags = Tag.objects.visible_to(member).order_by("key")[:_MOST_TAGS]
    fields = CustomField.objects.visible_to(member).order_by("key")
    owners = (("", "Anybody"), ("me", "You"), ("nobody", "Nobody"))
    return ContactChoices(
        owners=_choices([*owners, *((str(one.pk), str(one)) for one in others)], asked.owner),
        tags=_choices([("", "Any"), *((str(one.pk), one.name) for one in tags)], asked.tag),
        fields=_choices([("", "None"), *((str(one.pk), one.name) for one in fields)], asked.field),
        how=_choices(_HOW, asked.how),
        quiet=_choices(_QUIET, asked.quiet_days),
        answered=_choices(_ANSWERED, asked.answered),
        orders=_choices(_ORDERS, asked.order),
        company=find_company(member, asked.company) if asked.company else None,
    )


def _choices(
    answers: list[tuple[str, str]] | tuple[tuple[str, str], ...], chosen: object
) -> list[Choice]:
    is_chosen = "" if chosen is None else str(chosen)
    return [Choice(value, label, value == is_chosen) for value, label in answers]


def _pairs(asked: ContactFilter) -> list[tuple[str, str]]:
    pairs = (
        ("q", asked.query),
        ("owner", asked.owner),
        ("tag", asked.tag),
        ("company", asked.company),
        ("field", asked.field),
        ("value", asked.value if asked.field else ""),
        ("how", asked.how if asked.field and asked.how != "is" else ""),
        ("quiet", asked.quiet_days),
        ("answered", asked.answered),
        ("bounced", "1" if asked.has_bounced else ""),
        ("order", "" if asked.order == "name" else asked.order),
    )
    return [(name, str(value)) for name, value in pairs if value not in (None, "")]


def _one_of(answers: tuple[tuple[str, str], ...], given: str, default: str) -> str:
    return given if given in dict(answers) else default


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
