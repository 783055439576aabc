"""Single emails that their author keeps from the team, whatever their mailbox shares, and what they became."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from letterbook.mailboxes.models import Mailbox
from letterbook.teams.models import Membership, Team


class PrivateEmailQuerySet(models.QuerySet["PrivateEmail"]):
    def visible_to(self, member: Membership) -> PrivateEmailQuerySet:
        """Those of one's own mailboxes: what somebody keeps to themselves is their business."""
        return self.filter(team_id=member.team_id, mailbox__owner_id=member.user_id)


class PrivateEmail(models.Model):
    """An email that is private, known before it is sent by the keys under which it may travel.

    Its id is the outgoing email's. Whoever's mailbox it leaves from sees it, in all their mailboxes; nobody else does.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+")
    send_keys = ArrayField(models.UUIDField(), default=list)
    chosen_at = models.DateTimeField()

    objects = PrivateEmailQuerySet.as_manager()


class PrivateMessageQuerySet(models.QuerySet["PrivateMessage"]):
    def visible_to(self, member: Membership) -> PrivateMessageQuerySet:
        """Those that one's own private emails became."""
        return self.filter(team_id=member.team_id, email__mailbox__owner_id=member.user_id)


class PrivateMessage(models.Model):
    """A stored email that is private: what a private one became, or what answers it and so quotes it."""

    email = models.ForeignKey(PrivateEmail, models.CASCADE, related_name="messages")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    message = models.ForeignKey("correspondence.Message", models.CASCADE, related_name="+")

    objects = PrivateMessageQuerySet.as_manager()

    class Meta:
        constraints = [
            # By message first: asked for each copy that is settled.
            models.UniqueConstraint(fields=["message", "email"], name="private_message_once")
        ]
