"""The labels that the owners of accounts made there, and what Gmail calls its own."""

from __future__ import annotations

from django.db import models

from letterbook.teams.models import Membership, Team

# Gmail's own labels that say something about an email; it tells no other names for them.
LABELS = {
    "INBOX": "Inbox",
    "SENT": "Sent",
    "IMPORTANT": "Important",
    "STARRED": "Starred",
    "CATEGORY_PERSONAL": "Category: Primary",
    "CATEGORY_SOCIAL": "Category: Social",
    "CATEGORY_PROMOTIONS": "Category: Promotions",
    "CATEGORY_UPDATES": "Category: Updates",
    "CATEGORY_FORUMS": "Category: Forums",
}


class MailboxLabelQuerySet(models.QuerySet["MailboxLabel"]):
    def visible_to(self, member: Membership) -> MailboxLabelQuerySet:
        """Labels of one's own mailboxes: how somebody files their mail is their business."""
        return self.filter(team_id=member.team_id, mailbox__owner_id=member.user_id)


class MailboxLabel(models.Model):
    """A label that an account's owner made there: the id that mail bears, and what it is called."""

    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", models.CASCADE, related_name="labels", db_index=False
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    label_id = models.CharField(max_length=120)
    name = models.CharField(max_length=320)

    objects = MailboxLabelQuerySet.as_manager()

    class Meta:
        # It also carries the question for all labels of a mailbox.
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "label_id"], name="label_once_per_mailbox")
        ]

    def __str__(self) -> str:
        return self.name
