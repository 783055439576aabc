"""Addresses that asked not to get mail that offers a way out, such as newsletters; ordinary mail is not meant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models

from letterbook.teams.models import Membership, Team


class UnsubscriptionQuerySet(models.QuerySet["Unsubscription"]):
    def visible_to(self, member: Membership) -> UnsubscriptionQuerySet:
        """Those of the team: whoever of it writes next has to know."""
        return self.filter(team_id=member.team_id)

    def of(self, keys: Iterable[str]) -> UnsubscriptionQuerySet:
        """Those of these addresses."""
        return self.filter(key__in=list(keys))


class Unsubscription(models.Model):
    """Who has an address pressed the link that their email carried, and when for the first time."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    key = models.CharField(max_length=320)
    at = models.DateTimeField()

    objects = UnsubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "key"], name="unsubscribed_once_per_team")
        ]


def unsubscribed_at(member: Membership, keys: Iterable[str]) -> dict[str, datetime]:
    """Return which of these addresses asked not to get such mail, and when."""
    found = Unsubscription.objects.visible_to(member).of(keys)
    return dict(found.values_list("key", "at"))
