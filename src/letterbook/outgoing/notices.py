"""Whom Letterbook tells by email that something of theirs failed, and when it last did."""

from __future__ import annotations

from django.db import models

from letterbook.teams.models import Membership, Team


class FailureNotice(models.Model):
    """What one person of a team wants to be told, and when they were told last; no row means the default: tell them."""

    member = models.OneToOneField(
        Membership, models.CASCADE, primary_key=True, related_name="failure_notice"
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    is_wanted = models.BooleanField(default=True)
    told_at = models.DateTimeField(null=True, blank=True)
    # Whoever writes to this person holds the row until then; who died meanwhile leaves it to the next.
    leased_until = models.DateTimeField(null=True, blank=True)
