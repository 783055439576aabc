"""The record of many contacts changed at once: all that is needed to take it back."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from letterbook.kit.ids import new_id
from letterbook.teams.models import Membership, Team, User


class BulkEditQuerySet(models.QuerySet["BulkEdit"]):
    def visible_to(self, member: Membership) -> BulkEditQuerySet:
        """As the contacts themselves, they belong to the whole team."""
        return self.filter(team_id=member.team_id)


class BulkEdit(models.Model):
    """What was done to many contacts at once, in words, and what each was before; or that they are to be deleted.

    A deletion cannot be taken back, so it waits until `due_at`: until then undoing it calls it off.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    done_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    done_at = models.DateTimeField()
    words = models.CharField(max_length=200)
    contacts = models.PositiveIntegerField()
    # [{"ids": […], "before": {column: value}, "after": {column: value}}]: those that were alike stand together.
    changes = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    due_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = BulkEditQuerySet.as_manager()

    class Meta:
        indexes = [
            # What a team did last: what can be undone, what waits.
            models.Index(fields=["team", "-done_at", "-id"], name="bulk_edit_by_team_and_time")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(undone_at=None),
                name="bulk_edit_is_undone_or_ended",
            )
        ]
