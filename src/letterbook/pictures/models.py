"""Remote pictures that were fetched, and from whom a person always wants to see them."""

from __future__ import annotations

from django.db import models

from letterbook.teams.models import Membership, Team


class RemotePictureQuerySet(models.QuerySet["RemotePicture"]):
    def visible_to(self, member: Membership) -> RemotePictureQuerySet:
        """Those the team fetched; each is reached only through an email that names it."""
        return self.filter(team_id=member.team_id)


class RemotePicture(models.Model):
    """A picture as it was when somebody of the team first asked for it; without `content` there was none to be had.

    It is found by a digest of its address: what the address tells of its reader is not kept beside it.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    digest = models.BinaryField(max_length=32)
    content = models.BinaryField()
    content_type = models.CharField(max_length=20, blank=True)
    fetched_at = models.DateTimeField()

    objects = RemotePictureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "digest"], name="remote_picture_once_per_team")
        ]
        # What is old enough to be let go.
        indexes = [models.Index(fields=["fetched_at"], name="remote_picture_by_age")]


class WelcomeSenderQuerySet(models.QuerySet["WelcomeSender"]):
    def visible_to(self, member: Membership) -> WelcomeSenderQuerySet:
        """One's own choices only."""
        return self.filter(member=member)


class WelcomeSender(models.Model):
    """A sender whose remote pictures one person sees without asking for each email. `key` is their folded address."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Membership, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=320)

    objects = WelcomeSenderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="welcome_sender_once")
        ]
