"""The record of two contacts that became one: all that is needed to part them again."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from letterbook.kit.ids import new_id
from letterbook.teams.models import Membership, Team, User


class ContactMergeQuerySet(models.QuerySet["ContactMerge"]):
    def visible_to(self, member: Membership) -> ContactMergeQuerySet:
        """As the contacts themselves, they belong to the whole team."""
        return self.filter(team_id=member.team_id)


class ContactMerge(models.Model):
    """One contact that was merged into another, and which rows changed hands."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    # No foreign key: the one that was kept may be merged into a third, and come back when that is undone.
    kept_id = models.UUIDField(db_index=True)
    # An old link asks by it whom this contact is part of now.
    gone_id = models.UUIDField(db_index=True)
    gone_name = models.CharField(max_length=320)
    # The fields of the contact that is gone; of the other one those that were filled: {name: [before, after]}.
    fields = models.JSONField(encoder=DjangoJSONEncoder)
    filled = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    address_ids = ArrayField(models.BigIntegerField())
    primary_id = models.BigIntegerField(null=True)
    activity_ids = ArrayField(models.UUIDField(), default=list)
    # Emails that both were on: one line of the two is left.
    shared_message_ids = ArrayField(models.UUIDField(), default=list)
    recipient_ids = ArrayField(models.BigIntegerField(), default=list)
    regarding_ids = ArrayField(models.BigIntegerField(), default=list)
    merged_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    merged_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = ContactMergeQuerySet.as_manager()
