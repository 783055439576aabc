"""The organisations that contacts work for, and the domains by which they are known."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from letterbook.kit.ids import new_id
from letterbook.teams.models import Membership, Team


class CompanyQuerySet(models.QuerySet["Company"]):
    def visible_to(self, member: Membership) -> CompanyQuerySet:
        """As the contacts that work there, companies belong to the whole team."""
        return self.filter(team_id=member.team_id)


class Company(models.Model):
    """An organisation; until somebody names it, it is called by its domain (`is_named` is false)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    # The name folded: two spellings of one name are one company, and the list is in this order.
    key = models.CharField(max_length=200)
    is_named = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(fields=["team", "key"], name="company_once_per_team"),
            models.CheckConstraint(condition=~models.Q(key=""), name="company_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyDomainQuerySet(models.QuerySet["CompanyDomain"]):
    def visible_to(self, member: Membership) -> CompanyDomainQuerySet:
        """The domains of the team's companies."""
        return self.filter(team_id=member.team_id)


class CompanyDomain(models.Model):
    """A registrable domain whose addresses are those of a company's people; unique in the team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=253)

    objects = CompanyDomainQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "domain"], name="company_domain_once_per_team")
        ]

    def __str__(self) -> str:
        return self.domain
