"""Naming companies, and saying which domains are theirs; finding one, and listing them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from letterbook.contacts.employers import absorb, drop_empty_companies
from letterbook.contacts.indexing import index_contacts
from letterbook.contacts.models import Company, CompanyDomain, Contact
from letterbook.contacts.words import fold
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.mime.characters import single_line
from letterbook.mime.domains import is_free_mail, registrable_domain
from letterbook.teams.audit import record_audit
from letterbook.teams.events import announce
from letterbook.teams.models import Membership

_LONGEST = 200


def find_company(member: Membership, pk: UUID) -> Company:
    """Return a company of the member's team with its domains, or raise `NotFound`."""
    companies = Company.objects.visible_to(member).prefetch_related("domains")
    found = companies.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such company.", way_out="Perhaps it is called otherwise now.")
    return found


@transaction.atomic
def rename_company(member: Membership, company: Company, *, name: str, at: datetime) -> Company:
    """Give a company its name, also on the cards of its people; raise `Invalid`, or `Conflict` where it is taken."""
    found = _locked(member, company)
    name = single_line(name)
    key = fold(name)[:_LONGEST]
    if not key or len(name) > _LONGEST:
        raise Invalid(f"A company needs a name of at most {_LONGEST} characters.", field="name")
    other = Company.objects.visible_to(member).filter(key=key).exclude(pk=found.pk).first()
    if other is not None and other.is_named:
        raise Conflict(
            f"There is a company {other} already.",
            way_out="Choose its people in the list of contacts and make that their company.",
            field="name",
        )
    if other is not None:
        absorb(found, other)
    found.name, found.key, found.is_named = name, key, True
    found.save()
    people = Contact.objects.filter(employer=found)
    people.exclude(company="").update(company=name, updated_at=at)
    index_contacts(list(people.values_list("pk", flat=True)))
    announce("contact", team_id=member.team_id)
    return found


@transaction.atomic
def give_domain(member: Membership, company: Company, *, domain: str, at: datetime) -> None:
    """Say that a domain is a company's: who has an address there works there, unless their card says otherwise."""
    found, name = _locked(member, company), _check_domain(domain)
    holder = CompanyDomain.objects.visible_to(member).filter(domain=name).first()
    if holder is not None and holder.company_id == found.pk:
        return
    if holder is not None and holder.company.is_named:
        raise Conflict(
            f"{name} belongs to {holder.company}.",
            way_out="Take it from there first.",
            field="domain",
        )
    if holder is None:
        CompanyDomain.objects.create(team_id=member.team_id, company=found, domain=name)
    else:
        people = list(holder.company.people.values_list("pk", flat=True))
        absorb(found, holder.company)
        index_contacts(people)
    _record(member, found, "domain given to company", name, at=at)


@transaction.atomic
def take_domain(member: Membership, company: Company, *, domain: str, at: datetime) -> None:
    """Say that a domain is not a company's; whom it made its people works where their addresses say, from now on."""
    found = _locked(member, company)
    if not found.domains.filter(domain=domain).delete()[0]:
        raise NotFound(f"{found} does not have this domain.")
    index_contacts(list(found.people.filter(company="").values_list("pk", flat=True)))
    _record(member, found, "domain taken from company", domain, at=at)
    drop_empty_companies([found.pk])


def _check_domain(domain: str) -> str:
    name = registrable_domain(domain.rpartition("@")[2])
    if not name:
        raise Invalid("This is no domain.", way_out="Write it like lund.co.uk.", field="domain")
    if is_free_mail(name):
        raise Invalid(
            f"Anybody can have an address at {name}.",
            way_out="Type the company on the cards of its people instead.",
            field="domain",
        )
    return name


def _locked(member: Membership, company: Company) -> Company:
    found = Company.objects.visible_to(member).select_for_update().filter(pk=company.pk).first()
    if found is None:
        raise NotFound("There is no such company.")
    return found


def _record(member: Membership, company: Company, what: str, domain: str, *, at: datetime) -> None:
    announce("contact", team_id=member.team_id)
    record_audit(
        what,
        team_id=member.team_id,
        user=member.user,
        at=at,
        subject=("company", company.pk),
        name=company.name,
        domain=domain,
    )
