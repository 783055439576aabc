"""The companies that contacts work for, and what was said with all their people."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from letterbook.api.contacts import ActivityShown, show_line
from letterbook.api.shapes import Cursor, Given, Limit, Page, Text, answers
from letterbook.api.tokens import TokenRequest
from letterbook.contacts.company_keeping import (
    find_company,
    give_domain,
    rename_company,
    take_domain,
)
from letterbook.contacts.company_list import list_companies
from letterbook.contacts.models import Company
from letterbook.timeline.company_history import read_company_history

router = Router(tags=["companies"])


class CompanyShown(Schema):
    """A company. Its people are `GET contacts?company=`; until it is named it is called by its domain."""

    id: UUID
    name: str
    is_named: bool
    domains: list[str]


class CompanyListed(Schema):
    """A company in the list of them."""

    id: UUID
    name: str
    people: int


class CompanyChanges(Given):
    """Its name, which then stands on the cards of its people, too."""

    name: Text = Field(max_length=200)


class CompanyLineShown(ActivityShown):
    """A line of one of its people's history; an email that several of them got stands here once."""

    contact_id: UUID


@router.get("/companies", response=answers(Page[CompanyListed]), operation_id="list_companies")
def get_companies(
    request: TokenRequest, q: Text = "", cursor: Cursor = "", limit: Limit = 50
) -> Page[CompanyListed]:
    """The team's companies by name; `q` is how a name begins."""
    page = list_companies(request.auth, query=q, cursor=cursor, limit=limit)
    items = [
        CompanyListed(id=one.company.pk, name=one.company.name, people=one.people)
        for one in page.lines
    ]
    return Page(items=items, next_cursor=page.next_cursor)


@router.get("/companies/{company_id}", response=answers(CompanyShown), operation_id="get_company")
def get_company(request: TokenRequest, company_id: UUID) -> CompanyShown:
    """One company."""
    return _show(find_company(request.auth, company_id))


@router.patch(
    "/companies/{company_id}", response=answers(CompanyShown), operation_id="rename_company"
)
def patch_company(request: TokenRequest, company_id: UUID, changes: CompanyChanges) -> CompanyShown:
    """Give a company its name; 409 where another has it."""
    company = find_company(request.auth, company_id)
    rename_company(request.auth, company, name=changes.name, at=timezone.now())
    return _show(find_company(request.auth, company_id))


@router.put(
    "/companies/{company_id}/domains/{domain}",
    response=answers(CompanyShown),
    operation_id="give_company_domain",
)
def put_domain(request: TokenRequest, company_id: UUID, domain: Text) -> CompanyShown:
    """Say that a domain is the company's: who has an address there works there, unless their card says otherwise."""
    company = find_company(request.auth, company_id)
    give_domain(request.auth, company, domain=domain, at=timezone.now())
    return _show(find_company(request.auth, company_id))


@router.delete(
    "/companies/{company_id}/domains/{domain}",
    response=answers(None, status=204),
    operation_id="take_company_domain",
)
def remove_domain(request: TokenRequest, company_id: UUID, domain: Text) -> Status[None]:
    """Say that a domain is not the company's."""
    company = find_company(request.auth, company_id)
    take_domain(request.auth, company, domain=domain, at=timezone.now())
    return Status(204, None)


@router.get(
    "/companies/{company_id}/timeline",
    response=answers(Page[CompanyLineShown]),
    operation_id="get_company_timeline",
)
def get_company_timeline(
    request: TokenRequest, company_id: UUID, cursor: Cursor = "", limit: Limit = 50
) -> Page[CompanyLineShown]:
    """The history of all its people in one, newest first, as far as it is shared."""
    company = find_company(request.auth, company_id)
    page = read_company_history(request.auth, company, cursor=cursor, limit=limit)
    items = [
        CompanyLineShown(**show_line(one.line).model_dump(), contact_id=one.contact.pk)
        for one in page.lines
    ]
    return Page(items=items, next_cursor=page.next_cursor)


def _show(company: Company) -> CompanyShown:
    domains = sorted(one.domain for one in company.domains.all())
    return CompanyShown(
        id=company.pk, name=company.name, is_named=company.is_named, domains=domains
    )
