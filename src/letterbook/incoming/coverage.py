"""Coverage: what the provider has against what is stored, skipped with a reason, or still waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F, Min, Sum

from letterbook.correspondence.models import LedgerState
from letterbook.incoming.models import LedgerCount, RetrievalRun, RunKind
from letterbook.mailboxes.models import Mailbox


@dataclass(slots=True)
class Fates:
    """What became of a number of messages.

    `removed` of them are no longer at the provider, and `of_files` never were: they came from imported files.
    """

    stored: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    quarantined: int = 0
    gone: int = 0
    removed: int = 0
    of_files: int = 0

    @property
    def left_out(self) -> int:
        """How many were skipped, each with its reason."""
        return sum(self.skipped.values())

    @property
    def decided(self) -> int:
        """How many messages met their fate."""
        return self.stored + self.left_out + self.quarantined + self.gone

    @property
    def known(self) -> int:
        """How many messages there are."""
        return self.decided + self.waiting

    @property
    def shown(self) -> int:
        """How many of them the provider ever showed."""
        return self.known - self.of_files

    def add(
        self, state: str, reason: str, *, number: int, is_removed: bool, is_of_a_file: bool
    ) -> None:
        """Count `number` messages more with this fate."""
        if state == LedgerState.SKIPPED:
            self.skipped[reason] = self.skipped.get(reason, 0) + number
        else:
            setattr(self, state, getattr(self, state) + number)
        self.removed += number * is_removed
        self.of_files += number * is_of_a_file


@dataclass(slots=True)
class Coverage(Fates):
    """The ledger of one mailbox in numbers. `provider_count` is the provider's own, None before it was asked."""

    provider_count: int | None = None
    is_listing: bool = False

    @property
    def total(self) -> int:
        """How many messages there are, those included that the provider counts and did not show yet."""
        return max(self.shown, self.provider_count or 0) + self.of_files

    @property
    def is_complete(self) -> bool:
        """Whether nothing waits and nothing is left unread: the green light."""
        is_known = self.provider_count is not None and not self.is_listing
        return is_known and not self.waiting and not self.quarantined


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the first retrieval is. `time_left` is None until enough was fetched to tell."""

    done: int
    total: int
    is_listing: bool
    time_left: timedelta | None


def coverage_of(mailboxes: Iterable[Mailbox]) -> dict[UUID, Coverage]:
    """Return the coverage of each of these mailboxes; one query for all, which reads no ledger."""
    coverage = {
        each.pk: Coverage(
            provider_count=each.provider_count, is_listing=each.listing_page is not None
        )
        for each in mailboxes
    }
    totals = (
        LedgerCount.objects.filter(mailbox__in=coverage, day=None)
        .values_list("mailbox", "state", "reason", "is_removed_at_source", "is_of_a_file")
        .annotate(sum=Sum("number"))
        .exclude(sum=0)
    )
    for mailbox_id, state, reason, is_removed, of_a_file, number in totals.order_by(
        "state", "reason"
    ):
        coverage[mailbox_id].add(
            state, reason, number=number, is_removed=is_removed, is_of_a_file=of_a_file
        )
    return coverage


def fold_counts() -> int:
    """Make one row of the many that changes of the ledger left in its numbers, and return how many went.

    Whoever adds a row meanwhile adds it after this; whoever folds at the same time waits, and finds the rest.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)
        (folded,) = cursor.fetchone()
    return int(folded)


def first_progress(mailbox: Mailbox, coverage: Coverage, *, at: datetime) -> Progress | None:
    """Return how far a mailbox's first retrieval is, None once it is done or before it began.

    The time left follows from what was really decided since it began, pauses for the provider's limits included.
    """
    is_listing = mailbox.listing_page is not None and not mailbox.listing_query
    is_under_way = is_listing or (coverage.waiting and mailbox.retrieved_at is None)
    # What is imported beside it says nothing of how quickly Gmail answers.
    runs = RetrievalRun.objects.filter(mailbox=mailbox).exclude(kind=RunKind.IMPORT)
    began_at = runs.filter(kind=RunKind.FIRST).aggregate(at=Min("started_at"))["at"]
    if not is_under_way or began_at is None:
        return None
    decided = F("stored") + F("repeated") + F("skipped") + F("quarantined") + F("gone")
    done = runs.filter(started_at__gte=began_at).aggregate(number=Sum(decided))["number"]
    # What is only listed and left out takes no time worth telling.
    left = coverage.waiting if mailbox.is_rest_left_out else coverage.total - coverage.decided
    time_left = (at - began_at) * left / done if done else None
    return Progress(coverage.decided, coverage.total, is_listing, time_left)


_FOLD = """
    WITH many AS (
        SELECT mailbox_id, day, state, reason, is_removed_at_source, is_of_a_file FROM incoming_ledgercount
        GROUP BY mailbox_id, day, state, reason, is_removed_at_source, is_of_a_file HAVING count(*) > 1
    ), taken AS (
        DELETE FROM incoming_ledgercount counted USING many
        WHERE counted.mailbox_id = many.mailbox_id AND counted.day IS NOT DISTINCT FROM many.day
            AND counted.state = many.state AND counted.reason = many.reason
            AND counted.is_removed_at_source = many.is_removed_at_source
            AND counted.is_of_a_file = many.is_of_a_file
        RETURNING counted.*
    ), folded AS (
        INSERT INTO incoming_ledgercount (mailbox_id, day, state, reason, is_removed_at_source, is_of_a_file, number)
        SELECT mailbox_id, day, state, reason, is_removed_at_source, is_of_a_file, sum(number) FROM taken
        GROUP BY mailbox_id, day, state, reason, is_removed_at_source, is_of_a_file HAVING sum(number) <> 0
    )
    SELECT count(*) FROM taken
"""
