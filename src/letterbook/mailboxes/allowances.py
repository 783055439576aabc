"""What a mailbox may still ask of Gmail at a moment."""

from __future__ import annotations

from django.db import models

from letterbook.teams.models import Team


class Allowance(models.Model):
    """What a mailbox had left, in Gmail's units; below zero where more was taken than came in."""

    mailbox = models.OneToOneField(
        "mailboxes.Mailbox", models.CASCADE, primary_key=True, related_name="allowance"
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    units = models.FloatField()
    counted_at = models.DateTimeField()
