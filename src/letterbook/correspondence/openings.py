"""Who opened a team-mate's email: kept for the owner of the mailbox that let them."""

from __future__ import annotations

import pgtrigger
from django.db import models

from letterbook.mailboxes.models import Mailbox
from letterbook.teams.models import Membership, Team, User


class How(models.TextChoices):
    """What somebody did with an email that is not theirs."""

    PAGE = "page", "read it"
    SOURCE = "source", "downloaded its source"
    FILE = "file", "opened a file"
    EXPORT = "export", "exported it"
    API = "api", "read it with a program"


class OpeningQuerySet(models.QuerySet["Opening"]):
    def visible_to(self, member: Membership) -> OpeningQuerySet:
        """Openings of mail in one's own mailboxes; nobody else reads who reads what."""
        return self.filter(team_id=member.team_id, mailbox__owner_id=member.user_id)


class Opening(models.Model):
    """Somebody read an email through a team-mate's mailbox, in one way on one day; later times that day add nothing."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(
        "correspondence.Message", models.CASCADE, related_name="+", db_index=False
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    how = models.CharField(max_length=6, choices=How.choices)
    day = models.DateField()
    at = models.DateTimeField()

    objects = OpeningQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "mailbox", "user", "how", "day"], name="opening_once_a_day"
            ),
        ]
        indexes = [
            # Who read what of a mailbox, newest first.
            models.Index(fields=["mailbox", "-at", "-id"], name="opening_by_mailbox"),
        ]
        triggers = [pgtrigger.Protect(name="what_was_opened_stays", operation=pgtrigger.Update)]
