"""The record of a contact of which another one was made: all that is needed to make one of the two again."""

from __future__ import annotations

from django.db import models

from letterbook.kit.ids import new_id
from letterbook.teams.models import Membership, Team, User


class ContactSplitQuerySet(models.QuerySet["ContactSplit"]):
    def visible_to(self, member: Membership) -> ContactSplitQuerySet:
        """As the contacts themselves, they belong to the whole team."""
        return self.filter(team_id=member.team_id)


class ContactSplit(models.Model):
    """One contact that was made of another's addresses."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    # No foreign keys: either may be merged into a third, and come back when that is undone.
    contact_id = models.UUIDField(db_index=True)
    split_id = models.UUIDField(db_index=True)
    split_name = models.CharField(max_length=320)
    # The address that was written to before.
    primary_id = models.BigIntegerField(null=True)
    split_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    split_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = ContactSplitQuerySet.as_manager()
