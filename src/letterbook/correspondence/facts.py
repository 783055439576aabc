"""What became of a sent email after it was sent, and reports whose email is not here yet."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from letterbook.kit.ids import new_id
from letterbook.teams.models import Team


class FactKind(models.TextChoices):
    BOUNCE = "bounce", "Bounce"
    DELAY = "delay", "Delay"
    COMPLAINT = "complaint", "Complaint"
    AUTO_REPLY = "auto_reply", "Automatic reply"
    # Never a row: whoever wants to know computes it from the messages themselves.
    REPLY = "reply", "Reply"


class LaterFact(models.Model):
    """What one email that arrived (`evidence`) says became of one that we sent (`message`), for one recipient.

    `recipient` is the key of an address that is on the sent email, empty where the evidence does not tell which.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    message = models.ForeignKey(
        "correspondence.Message", models.CASCADE, related_name="later_facts"
    )
    evidence = models.ForeignKey("correspondence.Message", models.CASCADE, related_name="tells")
    kind = models.CharField(max_length=10, choices=FactKind.choices)
    recipient = models.CharField(max_length=320, blank=True)
    # Of a bounce: whether the address itself is no good, so that another email to it would bounce too.
    is_hard = models.BooleanField(null=True, blank=True)
    status_code = models.CharField(max_length=12, blank=True)
    # The mail server's own words.
    diagnostic = models.CharField(max_length=500, blank=True)
    # Of an automatic reply: the day on which its writer says to be there again.
    back_on = models.DateField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            # Whatever is read twice, replayed or imported again says nothing new.
            models.UniqueConstraint(
                fields=["message", "evidence", "kind", "recipient"], name="later_fact_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind for kind in FactKind if kind != FactKind.REPLY]),
                name="later_fact_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="bounce", is_hard__isnull=False)
                | (~Q(kind="bounce") & Q(is_hard__isnull=True)),
                name="later_fact_bounce_is_hard_or_soft",
            ),
            models.CheckConstraint(
                condition=Q(kind="auto_reply") | Q(back_on=None),
                name="later_fact_only_people_come_back",
            ),
        ]
        indexes = [
            # All of a team's facts, newest first.
            models.Index(fields=["team", "-at", "-id"], name="later_fact_by_team_and_time"),
            # Which addresses of a team are no good.
            models.Index(
                fields=["team", "recipient"],
                condition=Q(kind="bounce", is_hard=True),
                name="later_fact_bad_addresses",
            ),
        ]


class UnplacedReport(models.Model):
    """A skipped report about an email that is not here, by the hash of a Message-ID that it names.

    When an email of that Message-ID is stored, the report is read again.
    """

    ledger_row = models.ForeignKey(
        "correspondence.MailboxMessage", models.CASCADE, related_name="unplaced_reports"
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    key = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ledger_row", "key"], name="unplaced_report_key_once")
        ]
        # Whether a message that is being stored is one that a report waits for.
        indexes = [models.Index(fields=["team", "key"], name="unplaced_report_by_key")]
