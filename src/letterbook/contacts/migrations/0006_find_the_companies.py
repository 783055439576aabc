"""Which company each contact works for, of those that are there already."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Pure functions: what they say of a text does not depend on the tables.
from letterbook.contacts.words import fold
from letterbook.kit.ids import new_id
from letterbook.mime.domains import organisation_domain

_AT_ONCE = 2000


def find_companies(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A name that was typed is a company and has its people's domain; a domain without one is a company, too."""
    Contact = apps.get_model("contacts", "Contact")
    for team_id in Contact.objects.values_list("team_id", flat=True).distinct():
        _find(apps, team_id)


def _find(apps: Apps, team_id: UUID) -> None:
    contacts = apps.get_model("contacts", "Contact").objects.filter(team_id=team_id)
    domains = _domains(apps, team_id)
    typed = list(contacts.exclude(company="").order_by("created_at", "id"))
    untyped = list(contacts.filter(company="", pk__in=domains).order_by("created_at", "id"))
    companies: dict[str, tuple[UUID, str, bool]] = {}
    holders: dict[str, UUID] = {}
    for contact in [*typed, *untyped]:
        domain, name = domains.get(contact.pk, ""), contact.company
        if not name and domain in holders:
            contact.employer_id = holders[domain]
            continue
        key = fold(name or domain)[:200]
        if not key:
            continue
        company_id, _, _ = companies.setdefault(key, (new_id(), name or domain, bool(name)))
        contact.employer_id = company_id
        if domain:
            holders.setdefault(domain, company_id)
    _write(apps, team_id, companies, holders, [*typed, *untyped])


def _domains(apps: Apps, team_id: UUID) -> dict[UUID, str]:
    """The domain that tells where each contact works: of the primary address, else of the first that tells one."""
    rows = apps.get_model("contacts", "ContactAddress").objects.filter(team_id=team_id)
    found: dict[UUID, str] = {}
    ordered = rows.order_by("-is_primary", "pk").values_list("contact_id", "address")
    for contact_id, address in ordered.iterator(chunk_size=_AT_ONCE):
        domain = organisation_domain(address)
        if domain:
            found.setdefault(contact_id, domain)
    return found


def _write(
    apps: Apps,
    team_id: UUID,
    companies: dict[str, tuple[UUID, str, bool]],
    holders: dict[str, UUID],
    contacts: list[Any],  # rows of the table as it is at this migration
) -> None:
    Company = apps.get_model("contacts", "Company")
    Company.objects.bulk_create(
        [
            Company(id=pk, team_id=team_id, name=name[:200], key=key, is_named=is_named)
            for key, (pk, name, is_named) in companies.items()
        ],
        batch_size=_AT_ONCE,
    )
    CompanyDomain = apps.get_model("contacts", "CompanyDomain")
    CompanyDomain.objects.bulk_create(
        [
            CompanyDomain(team_id=team_id, company_id=pk, domain=name)
            for name, pk in holders.items()
        ],
        batch_size=_AT_ONCE,
    )
    apps.get_model("contacts", "Contact").objects.bulk_update(
        contacts, ["employer"], batch_size=_AT_ONCE
    )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_companies_tags_and_own_fields")]

    operations = [migrations.RunPython(find_companies, migrations.RunPython.noop)]
