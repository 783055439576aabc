"""The list of companies, by name."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from django.db.models import Count

from letterbook.contacts.models import Company
from letterbook.contacts.words import fold
from letterbook.kit.refusals import Invalid
from letterbook.mime.characters import storable
from letterbook.teams.models import Membership

_MOST = 200


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """A company and how many contacts work there."""

    company: Company
    people: int


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """Some companies by name; `next_cursor` is empty on the last page."""

    lines: tuple[CompanyLine, ...]
    next_cursor: str = ""


def list_companies(
    member: Membership, *, query: str = "", cursor: str = "", limit: int = 50
) -> CompanyPage:
    """Return a page of the team's companies; `query` is how their name begins.

    A folded name is unique in the team, so the cursor is that of the last one shown.
    """
    limit = max(1, min(limit, _MOST))
    companies = Company.objects.visible_to(member)
    if begins := fold(query):
        companies = companies.filter(key__startswith=begins)
    if cursor:
        companies = companies.filter(key__gt=_read(cursor))
    found = list(companies.order_by("key")[: limit + 1])
    shown = found[:limit]
    numbers = _people_of(shown)
    lines = tuple(CompanyLine(one, numbers.get(one.pk, 0)) for one in shown)
    return CompanyPage(lines, _write(shown[-1].key) if len(found) > limit else "")


def _people_of(companies: list[Company]) -> dict[object, int]:
    counted = Company.objects.filter(pk__in=[one.pk for one in companies])
    return dict(counted.annotate(number=Count("people")).values_list("pk", "number"))


def _write(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        if storable(key) == key:
            return key
    except (binascii.Error, ValueError):
        pass
    raise Invalid(
        "This page cursor is not one of ours.",
        way_out="Start again without a cursor and follow next_cursor.",
        field="cursor",
    )
