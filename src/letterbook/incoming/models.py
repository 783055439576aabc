"""Each retrieval, import and count against the provider, as rows that people can see; and the ledger's numbers."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models
from django.db.models import Q, Value

from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Mailbox
from letterbook.teams.models import Membership, Team

M = TypeVar("M", bound=models.Model)


class RunKind(models.TextChoices):
    FIRST = "first", "First retrieval"
    SCHEDULED = "scheduled", "On schedule"
    REQUESTED = "requested", "On request"
    CATCH_UP = "catch_up", "Catching up"
    IMPORT = "import", "Import"


# Why a run ended that did not end by itself.
TAKEN_OVER = "Interrupted. The next run went on from there."
# A run that ended and found neither mail nor trouble.
EMPTY_RUN = Q(
    ended_at__isnull=False,
    listed=0,
    stored=0,
    repeated=0,
    skipped=0,
    quarantined=0,
    gone=0,
    error="",
)


class OwnMailboxQuerySet(models.QuerySet[M]):
    def visible_to(self, member: Membership) -> Self:
        """Rows of one's own mailboxes."""
        return self.filter(team_id=member.team_id, mailbox__owner_id=member.user_id)


class RetrievalRunQuerySet(OwnMailboxQuerySet["RetrievalRun"]):
    def retrieving(self) -> Self:
        """Those that read their mailbox at this moment, or were killed at it; an import reads files."""
        return self.filter(ended_at=None).exclude(kind=RunKind.IMPORT)


class RetrievalRun(models.Model):
    """One run: what it listed, stored, skipped and could not read, and how it ended."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="runs")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=RunKind.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    listed = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    # Of an import: each file, and why which of its messages were left out; what `files_read` makes.
    # The database has the default too: polls write their rows without it, and so does a worker of yesterday.
    files = models.JSONField(default=list, db_default=Value([], models.JSONField()), blank=True)

    objects = RetrievalRunQuerySet.as_manager()

    class Meta:
        indexes = [
            # A mailbox's latest runs.
            models.Index(fields=["mailbox", "-started_at"], name="run_by_mailbox"),
            # Those that are forgotten after a while.
            models.Index(fields=["started_at"], condition=EMPTY_RUN, name="run_empty_by_age"),
        ]

    @property
    def is_taken_over(self) -> bool:
        """Whether another run ended this one to go on in its place; as of when the row was read."""
        return self.error == TAKEN_OVER


class LedgerCount(models.Model):
    """How many messages of a mailbox share a fate: changes of numbers, whose sum is the number.

    PostgreSQL's triggers add rows here in the transaction that changes the ledger, whichever way it is changed; no
    two transactions wait for each other, because nothing is overwritten. `fold_counts` makes one row of many.
    `day` is in UTC by the provider's time. Rows without a day count all days, those that are not known too.
    """

    # The database deletes these rows with their mailbox, after the triggers have had their say.
    mailbox = models.ForeignKey(
        Mailbox, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    day = models.DateField(null=True)
    state = models.CharField(max_length=12)
    reason = models.CharField(max_length=40, blank=True)
    is_removed_at_source = models.BooleanField()
    is_of_a_file = models.BooleanField(default=False, db_default=False)
    number = models.IntegerField()

    class Meta:
        indexes = [
            # The numbers of some mailboxes, on nearly every page.
            models.Index(fields=["mailbox"], condition=Q(day=None), name="ledger_count_totals"),
            # The numbers of a mailbox's days.
            models.Index(
                fields=["mailbox", "day"], condition=Q(day__isnull=False), name="ledger_count_days"
            ),
        ]


class CoverageCheck(models.Model):
    """One comparison of a mailbox's ledger with what its provider lists, day by day, newest first."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="checks")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    started_at = models.DateTimeField()
    # The first day that was compared already; an interrupted check goes on before it.
    reached = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    listed = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    objects = OwnMailboxQuerySet["CoverageCheck"].as_manager()

    class Meta:
        # A mailbox's latest checks.
        indexes = [models.Index(fields=["mailbox", "-started_at"], name="check_by_mailbox")]
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox"], condition=Q(ended_at=None), name="check_one_at_a_time"
            )
        ]


class CheckedDay(models.Model):
    """How many messages of a day the provider had when it was last asked, and what the ledger lacked of them."""

    mailbox = models.ForeignKey(
        Mailbox, models.CASCADE, related_name="checked_days", db_index=False
    )
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    day = models.DateField()
    provider_count = models.PositiveIntegerField()
    missing = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField()

    objects = OwnMailboxQuerySet["CheckedDay"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "day"], name="checked_day_once")]
