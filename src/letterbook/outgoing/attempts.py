"""What is handed over and each try to do so: the frozen bytes with their token, and the attempts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from letterbook.outgoing.status import Outcome
from letterbook.teams.models import Team


class FrozenEmail(models.Model):
    """The exact bytes of one queueing of an email, and what the provider was told of them.

    `send_key` travels in a header of the email, so that the copy in SENT can be recognised; `draft_id` is the token
    that makes handing it over safe to repeat.
    """

    email = models.ForeignKey("outgoing.OutgoingEmail", models.CASCADE, related_name="frozen")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    round = models.PositiveSmallIntegerField()
    send_key = models.UUIDField(unique=True)
    message_id = models.CharField(max_length=200)
    raw = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)
    frozen_at = models.DateTimeField()
    draft_id = models.CharField(max_length=80, blank=True)
    # Changes when somebody edits the draft at the provider: what would be sent is then no longer ours.
    draft_message_id = models.CharField(max_length=80, blank=True)
    # The mailbox's history just before the first submission: where looking for the SENT copy begins.
    cursor_before = models.CharField(max_length=64, blank=True)
    # The first submission that is not known to have been refused: from here on it may have been sent.
    submitted_at = models.DateTimeField(null=True, blank=True)
    last_submitted_at = models.DateTimeField(null=True, blank=True)
    # How large `raw` was before it was let go, because the source of the sent message holds the same; see releasing.py.
    released_size = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email", "round"], name="frozen_once_per_round"),
            models.CheckConstraint(
                condition=Q(released_size=None) | Q(raw=b""), name="frozen_is_released_whole"
            ),
        ]


class Step(models.TextChoices):
    """How far an attempt got; written before the step's network call, so that a killed worker leaves the truth."""

    CLAIMED = "claimed", "Claimed"
    DRAFTING = "drafting", "Storing the draft at the provider"
    SUBMITTING = "submitting", "Asking the provider to send it"
    ASKING = "asking", "Asking the provider what became of it"


class DeliveryAttempt(models.Model):
    """One try to hand an email to the provider, or to find out what became of an earlier try."""

    email = models.ForeignKey("outgoing.OutgoingEmail", models.CASCADE, related_name="attempts")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    frozen = models.ForeignKey(FrozenEmail, models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    step = models.CharField(max_length=12, choices=Step.choices, default=Step.CLAIMED)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    error = models.TextField(blank=True)
    evidence = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email", "number"], name="attempt_number_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="")
                | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="attempt_ended_has_an_outcome",
            ),
        ]
