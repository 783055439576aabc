"""What was created under which idempotency key."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

from letterbook.teams.models import ApiToken, Membership, Team

KEPT_FOR = timedelta(days=7)


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def visible_to(self, member: Membership) -> IdempotencyKeyQuerySet:
        """The keys of the token that acts for this member only: two programs may count their requests alike."""
        return self.filter(member=member, token=member.acting_token)

    def expired(self, *, at: datetime) -> IdempotencyKeyQuerySet:
        """Keys that are kept no longer: the same request would be a new one."""
        return self.filter(created_at__lt=at - KEPT_FOR)


class IdempotencyKey(models.Model):
    """A request that created something, so that the same request again finds it instead of creating another."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    member = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    # Of method, path and body: the same key for anything else is a mistake of the program that sent it.
    request_digest = models.BinaryField(max_length=32)
    resource_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_once")
        ]
        # Forgetting old keys.
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_by_age")]
