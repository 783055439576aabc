"""Rules about mail that is never stored: a mailbox owner's for that mailbox, an admin's for the whole team."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from letterbook.mailboxes.labels import LABELS
from letterbook.teams.models import Membership, Team, User


class RuleKind(models.TextChoices):
    """What a rule looks at; the last one says what is kept, the others what is left out."""

    ADDRESS = "address", "Mail with this address"
    DOMAIN = "domain", "Mail with anyone at this domain"
    LABEL = "label", "Mail with this label"
    ONLY_LABEL = "only_label", "Mail without this label"


LABEL_KINDS = (RuleKind.LABEL, RuleKind.ONLY_LABEL)


class StoringRuleQuerySet(models.QuerySet["StoringRule"]):
    def visible_to(self, member: Membership) -> StoringRuleQuerySet:
        """The team's rules, and those of one's own mailboxes: whom somebody leaves out is their business."""
        seen = Q(mailbox=None) | Q(mailbox__owner_id=member.user_id)
        return self.filter(seen, team_id=member.team_id)


class StoringRule(models.Model):
    """One thing that is left out; `mailbox` is None where it holds for all of the team's."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", models.CASCADE, null=True, blank=True, related_name="rules"
    )
    kind = models.CharField(max_length=10, choices=RuleKind.choices)
    # An address key, a domain in its ASCII form, or what the provider calls a label.
    pattern = models.CharField(max_length=320)
    # What the label was called when the rule was made; empty for Gmail's own, and for what is no label.
    label_name = models.CharField(max_length=320, blank=True, default="")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = StoringRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "mailbox", "kind", "pattern"],
                nulls_distinct=False,
                name="storing_rule_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RuleKind.values) & ~Q(pattern=""),
                name="storing_rule_says_something",
            ),
            models.CheckConstraint(
                condition=Q(mailbox__isnull=False) | ~Q(kind__in=LABEL_KINDS),
                name="storing_rule_of_a_label_is_a_mailbox_s",
            ),
        ]

    def __str__(self) -> str:
        return self.label_name or LABELS.get(self.pattern, self.pattern)
