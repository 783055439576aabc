"""Tombstones: that an address was erased, and that two contacts are not one person. No address is kept in the plain."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from letterbook.teams.models import Membership, Team, User


class ErasureKeyQuerySet(models.QuerySet["ErasureKey"]):
    def visible_to(self, member: Membership) -> ErasureKeyQuerySet:
        """The team's own; it opens with the installation's keys only."""
        return self.filter(team_id=member.team_id)


class ErasureKey(models.Model):
    """The key of a team's tombstones, sealed: without it nobody can try which addresses were erased."""

    team = models.OneToOneField(Team, models.CASCADE, primary_key=True, related_name="+")
    sealed = models.BinaryField()

    objects = ErasureKeyQuerySet.as_manager()


class ErasedAddressQuerySet(models.QuerySet["ErasedAddress"]):
    def visible_to(self, member: Membership) -> ErasedAddressQuerySet:
        """As the contacts themselves, they belong to the whole team."""
        return self.filter(team_id=member.team_id)


class ErasedAddress(models.Model):
    """The tombstone of one address: its digest under the team's key, which stops whatever would bring it back."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    digest = models.BinaryField(max_length=32)
    erased_at = models.DateTimeField()

    objects = ErasedAddressQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "digest"], name="erased_address_once")
        ]


class NotTheSameQuerySet(models.QuerySet["NotTheSame"]):
    def visible_to(self, member: Membership) -> NotTheSameQuerySet:
        """As the contacts themselves, they belong to the whole team."""
        return self.filter(team_id=member.team_id)


class NotTheSame(models.Model):
    """Somebody said of two contacts that they are two people; they are not proposed for merging again."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    # The smaller id first, so that a pair is one row.
    one = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="+")
    said_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    said_at = models.DateTimeField()

    objects = NotTheSameQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="not_the_same_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="not_the_same_in_order"),
        ]
