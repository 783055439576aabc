"""Earlier versions of a draft: kept now and then while it is written, so that what was deleted can be taken back."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from letterbook.outgoing.status import Status
from letterbook.teams.models import Membership, Team


class DraftVersionQuerySet(models.QuerySet["DraftVersion"]):
    def visible_to(self, member: Membership) -> DraftVersionQuerySet:
        """Those of the drafts that this member may write on; nobody sees one while they look as a team-mate."""
        if member.looking_as is not None:
            return self.none()
        own = Q(email__author_id=member.user_id) | Q(email__mailbox__owner_id=member.user_id)
        return self.filter(
            own,
            team_id=member.team_id,
            email__status=Status.DRAFT,
            email__discarded_at=None,
            email__erased_at=None,
        )


class DraftVersion(models.Model):
    """What a draft said as `version`, until `replaced_at`. Its files are not versioned."""

    email = models.ForeignKey(
        "outgoing.OutgoingEmail", models.CASCADE, related_name="earlier", db_index=False
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    replaced_at = models.DateTimeField()
    # As they were typed, and the keys of all of them: whoever is erased is found by theirs.
    to = models.TextField(blank=True)
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)
    keys = ArrayField(models.TextField(), default=list)
    subject = models.TextField(blank=True)
    html = models.TextField(blank=True)

    objects = DraftVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            # A draft's versions in order.
            models.UniqueConstraint(fields=["email", "version"], name="draft_version_once")
        ]
