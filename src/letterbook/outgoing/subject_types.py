"""Which kinds of records an email can be about. Another app adds its own when it starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError

from letterbook.contacts.company_keeping import find_company
from letterbook.contacts.company_list import list_companies
from letterbook.contacts.models import Contact
from letterbook.contacts.reading import look_up
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.teams.models import Membership

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class SubjectType:
    """A kind of record: its name in data, its word for people.

    `find` returns what a record is called, as this member may know it, or raises `NotFound`; without it any id is
    taken, because the record lives in another system. `look_up` returns the records that a few letters may mean to
    this member, each as its id, its name and what tells it from another of the same name.
    """

    name: str
    words: str
    find: Callable[[Membership, str], str] | None = None
    look_up: Callable[[Membership, str], Sequence[tuple[str, str, str]]] | None = None


def _name_contact(member: Membership, subject_id: str) -> str:
    try:
        return str(Contact.objects.visible_to(member).get(pk=subject_id))
    except (Contact.DoesNotExist, ValidationError) as error:
        raise NotFound("There is no such contact.", field="subject_id") from error


def _look_up_contacts(member: Membership, text: str) -> list[tuple[str, str, str]]:
    found = look_up(member, text)
    return [(str(one.contact.pk), str(one.contact), one.contact.employer_name) for one in found]


def _name_company(member: Membership, subject_id: str) -> str:
    try:
        return find_company(member, UUID(subject_id)).name
    except ValueError as error:
        raise NotFound("There is no such company.", field="subject_id") from error


def _look_up_companies(member: Membership, text: str) -> list[tuple[str, str, str]]:
    if not text.strip():
        return []
    found = list_companies(member, query=text, limit=8).lines
    return [(str(one.company.pk), one.company.name, "") for one in found]


_known: dict[str, SubjectType] = {
    kind.name: kind
    for kind in (
        SubjectType("contact", "Contact", _name_contact, _look_up_contacts),
        SubjectType("company", "Company", _name_company, _look_up_companies),
        SubjectType("deal", "Deal"),
        SubjectType("task", "Task"),
        SubjectType("other", "Other"),
    )
}


def register_subject_type(kind: SubjectType) -> None:
    """Let emails be about one more kind of record; raise `ValueError` for a name that is taken or is none."""
    if not _NAME.fullmatch(kind.name):
        raise ValueError(f"{kind.name!r} is no name of a type: small letters, digits, _ . -")
    if _known.get(kind.name, kind) != kind:
        raise ValueError(f"There is a type {kind.name!r} already.")
    _known[kind.name] = kind


def subject_types() -> tuple[SubjectType, ...]:
    """Return every kind of record that an email can be about, in the order people are offered them."""
    return tuple(_known.values())


def find_subject_type(name: str) -> SubjectType:
    """Return the kind of record with this name, or raise `Invalid` naming those there are."""
    kind = _known.get(name)
    if kind is None:
        raise Invalid(
            f"An email cannot be about a {name[:40]!r}.",
            way_out=f"Known are: {', '.join(_known)}.",
            field="subject_type",
        )
    return kind


def words_of(name: str) -> str:
    """Return the word for people; a type whose app is gone is called by its name."""
    return _known[name].words if name in _known else name
