"""Which company each contact works for: what was typed decides, else the domain of their address.

The link follows from the contact's own fields, as its search words do, so it is set wherever those change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from letterbook.contacts.companies import Company, CompanyDomain
from letterbook.contacts.models import Contact
from letterbook.contacts.words import fold
from letterbook.kit.ids import new_id
from letterbook.mime.domains import organisation_domain


@dataclass(frozen=True, slots=True)
class _Trace:
    """What a contact tells of where they work: a name that was typed, the domain of their addresses."""

    name: str
    domain: str

    @property
    def key(self) -> str:
        return fold(self.name or self.domain)[:200]


def set_employers(
    contacts: Sequence[tuple[Contact, Sequence[str]]], *, team_id: UUID, claims: bool
) -> None:
    """Set the company of contacts of one team, each with its addresses, the primary first; saving is the caller's.

    Companies that are told of for the first time are created; with `claims` one that was typed gets the domain of who
    works there, where that is nobody's, or that of one nobody named. A handful of queries however many contacts.
    """
    traces = {contact.pk: _trace_of(contact, addresses) for contact, addresses in contacts}
    known = _Known(team_id, traces.values(), claims=claims)
    for contact, _ in contacts:
        contact.employer = known.company_of(traces[contact.pk])


def drop_empty_companies(company_ids: Iterable[UUID | None]) -> None:
    """Delete those of these companies that nobody named and nobody works for any more."""
    ids = {one for one in company_ids if one is not None}
    if ids:
        Company.objects.filter(pk__in=ids, is_named=False, people=None).delete()


def absorb(company: Company, other: Company) -> None:
    """Give a company the people and domains of one that nobody named, which is then gone."""
    Contact.objects.filter(employer=other).update(employer=company)
    CompanyDomain.objects.filter(company=other).update(company=company)
    other.delete()


def _trace_of(contact: Contact, addresses: Sequence[str]) -> _Trace:
    domains = (organisation_domain(address) for address in addresses)
    return _Trace(contact.company, next(filter(None, domains), ""))


class _Known:
    """The companies that these traces mean, found or created, by name and by domain."""

    def __init__(self, team_id: UUID, traces: Iterable[_Trace], *, claims: bool) -> None:
        self._team_id = team_id
        told = {trace for trace in traces if trace.key}
        self._by_domain = self._find_domains({trace.domain for trace in told} - {""})
        self._by_key = self._find_keys({trace.key for trace in told})
        typed = sorted((trace for trace in told if trace.name), key=lambda one: one.key)
        self._create({trace.key: trace.name for trace in typed}, is_named=True)
        for trace in typed:
            if claims and trace.domain:
                self._claim(self._by_key[trace.key], trace.domain)
        self._create_for_domains(trace.domain for trace in told if not trace.name)

    def company_of(self, trace: _Trace) -> Company | None:
        """Return the company a trace means, None where it tells of none."""
        if trace.name:
            return self._by_key.get(trace.key)
        return self._by_domain.get(trace.domain)

    def _find_domains(self, domains: set[str]) -> dict[str, Company]:
        rows = CompanyDomain.objects.filter(team_id=self._team_id, domain__in=domains)
        return {row.domain: row.company for row in rows.select_related("company")}

    def _find_keys(self, keys: set[str]) -> dict[str, Company]:
        rows = Company.objects.filter(team_id=self._team_id, key__in=keys)
        return {row.key: row for row in rows}

    def _create(self, names: Mapping[str, str], *, is_named: bool) -> None:
        """Create what is missing in the order of the keys; who comes second finds the first one's."""
        missing = {key: name for key, name in sorted(names.items()) if key not in self._by_key}
        if not missing:
            return
        new = [
            Company(
                id=new_id(),
                team_id=self._team_id,
                name=name[:200],
                key=key,
                is_named=is_named,
            )
            for key, name in missing.items()
        ]
        Company.objects.bulk_create(new, ignore_conflicts=True)
        self._by_key |= self._find_keys(set(missing))

    def _claim(self, company: Company, domain: str) -> None:
        """Let a domain be a company's where it is nobody's yet, or that of one that nobody named."""
        holder = self._by_domain.get(domain)
        if holder is None:
            self._hold({domain: company})
        elif not holder.is_named and holder.pk != company.pk:
            absorb(company, holder)
            self._by_domain = {
                name: company if one.pk == holder.pk else one
                for name, one in self._by_domain.items()
            }

    def _create_for_domains(self, domains: Iterable[str]) -> None:
        missing = sorted(set(domains) - self._by_domain.keys())
        self._create({fold(domain): domain for domain in missing}, is_named=False)
        self._hold({domain: self._by_key[fold(domain)] for domain in missing})

    def _hold(self, wanted: Mapping[str, Company]) -> None:
        if not wanted:
            return
        rows = [
            CompanyDomain(team_id=self._team_id, company=company, domain=domain)
            for domain, company in wanted.items()
        ]
        CompanyDomain.objects.bulk_create(rows, ignore_conflicts=True)
        self._by_domain |= self._find_domains(set(wanted))
