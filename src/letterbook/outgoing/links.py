"""What an email is about: links to records of any type."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from letterbook.teams.models import Team


class Regarding(models.Model):
    """A record of any type that an email is about, ours or another system's; it may vanish, the email stays."""

    email = models.ForeignKey("outgoing.OutgoingEmail", models.CASCADE, related_name="regarding")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=120)
    label = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=2000, blank=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email", "subject_type", "subject_id"], name="regarding_once_per_email"
            ),
            models.CheckConstraint(
                condition=Q(subject_type__regex=r"^[a-z][a-z0-9_.-]*$"),
                name="regarding_type_is_a_word",
            ),
            # It becomes a link on a page.
            models.CheckConstraint(
                condition=Q(url="") | Q(url__regex=r"^https?://"),
                name="regarding_url_is_of_the_web",
            ),
        ]
        # All email about one record.
        indexes = [
            models.Index(fields=["team", "subject_type", "subject_id"], name="regarding_by_subject")
        ]
