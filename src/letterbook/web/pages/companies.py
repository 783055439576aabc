"""The companies that contacts work for: their list; each with its people, its domains, its history."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from letterbook.contacts import company_keeping
from letterbook.contacts.company_list import list_companies
from letterbook.contacts.filtering import ContactFilter
from letterbook.contacts.models import Company
from letterbook.contacts.reading import list_contacts
from letterbook.kit.refusals import Refused
from letterbook.teams.models import Membership
from letterbook.timeline.company_history import read_company_history
from letterbook.web.entries import by_day
from letterbook.web.requests import MemberRequest, member_required, render_page
from letterbook.web.timeline_lines import show_line
from letterbook.web.who_is_who import who_is_who

LINES = 30
MOST_PEOPLE = 50


@member_required
@require_GET
def companies(request: MemberRequest) -> HttpResponse:
    """List the companies by name, or those whose name begins as typed."""
    query = request.GET.get("q", "").strip()
    page = list_companies(request.member, query=query, cursor=request.GET.get("cursor", ""))
    return render_page(
        request,
        "web/companies.html",
        {"page": page, "q": query, "is_first": not request.GET.get("cursor")},
        fragment="web/company_rows.html",
    )


@member_required
@require_GET
def company(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show a company: everything said with its people, and who they are."""
    found = company_keeping.find_company(request.member, pk)
    return _show(request, found)


@require_POST
@member_required
def rename(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Give a company its name, also on the cards of its people."""
    found, typed = company_keeping.find_company(request.member, pk), request.POST.get("name", "")
    try:
        company_keeping.rename_company(request.member, found, name=typed, at=now())
    except Refused as refused:
        return _show(request, found, name_typed=typed, name_error=str(refused))
    return redirect("company", pk)


@require_POST
@member_required
def give_domain(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say that a domain is the company's."""
    found, typed = company_keeping.find_company(request.member, pk), request.POST.get("domain", "")
    try:
        company_keeping.give_domain(request.member, found, domain=typed, at=now())
    except Refused as refused:
        return _show(request, found, domain_typed=typed, domain_error=str(refused))
    return redirect("company", pk)


@require_POST
@member_required
def take_domain(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say that a domain is not the company's."""
    found, domain = company_keeping.find_company(request.member, pk), request.POST.get("domain", "")
    company_keeping.take_domain(request.member, found, domain=domain, at=now())
    if Company.objects.visible_to(request.member).filter(pk=pk).exists():
        return redirect("company", pk)
    messages.success(request, f"Nobody works for {found} any more, and it had no name: it is gone.")
    return redirect("companies")


def _show(request: MemberRequest, found: Company, **wrong: str) -> HttpResponse:
    context = {**_history(request, found), **_people(request.member, found), **wrong}
    status = 422 if wrong else 200
    fragment = "web/company_older.html"
    return render_page(request, "web/company.html", context, fragment=fragment, status=status)


def _history(request: MemberRequest, found: Company) -> dict[str, object]:
    cursor = request.GET.get("cursor", "")
    page = read_company_history(request.member, found, cursor=cursor, limit=LINES)
    who = who_is_who(request.member)
    entries = [
        # What can be done to a line is done on its person's page.
        replace(show_line(one.line, who, contact_id=one.contact.pk), actions=(), menu=())
        for one in page.lines
    ]
    days = by_day(entries)
    return {
        "company": found,
        "days": days,
        "cursor": cursor,
        "next_cursor": page.next_cursor,
        "last_day": days[-1].date if days else "",
        "shown_day": request.GET.get("day", ""),
    }


def _people(member: Membership, found: Company) -> dict[str, object]:
    people = list_contacts(member, asked=ContactFilter(company=found.pk), limit=MOST_PEOPLE)
    return {"people": people.contacts, "has_more_people": bool(people.next_cursor)}
