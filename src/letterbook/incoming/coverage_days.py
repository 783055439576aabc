"""Coverage by day and by month: what the provider had of each, against what became of it here. Days are in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import F, Max, QuerySet, Sum
from django.db.models.functions import TruncMonth

from letterbook.incoming.coverage import Fates
from letterbook.incoming.models import CheckedDay, CoverageCheck, LedgerCount
from letterbook.mailboxes.models import Mailbox

_FATE = ("state", "reason", "is_removed_at_source", "is_of_a_file")


@dataclass(slots=True)
class Stretch:
    """A day or a month: its fates, and how many messages the provider had when it was asked; None before it was."""

    first: date
    fates: Fates = field(default_factory=Fates)
    provider_count: int | None = None
    checked_at: datetime | None = None
    found_missing: int = 0

    @property
    def lacking(self) -> int:
        """How many messages the provider had that the ledger does not know."""
        return max(0, (self.provider_count or 0) - self.fates.shown)

    @property
    def word(self) -> str:
        """In one word how it stands: agrees, waiting, unreadable, lacking or not counted yet."""
        if self.lacking:
            return "lacking"
        if self.fates.waiting:
            return "waiting"
        if self.fates.quarantined:
            return "unreadable"
        return "agrees" if self.checked_at else "not counted"


def coverage_by_day(mailbox: Mailbox, *, since: date, until: date) -> list[Stretch]:
    """Return the days from `since` to `until` that have or had mail, newest first."""
    counts = _counts(mailbox).filter(day__range=(since, until))
    days = CheckedDay.objects.filter(mailbox=mailbox, day__range=(since, until))
    return _stretches(counts, days, first=F("day"))


def coverage_by_month(mailbox: Mailbox) -> list[Stretch]:
    """Return the months that have or had mail, newest first, each by its first day."""
    days = CheckedDay.objects.filter(mailbox=mailbox)
    return _stretches(_counts(mailbox), days, first=TruncMonth("day"))


def fates_without_a_day(mailbox: Mailbox) -> Fates:
    """Return what became of messages whose day is not known: nothing but their ids was ever seen."""
    fates = Fates()
    all_days = LedgerCount.objects.filter(mailbox=mailbox, day=None)
    for rows, sign in ((all_days, 1), (_counts(mailbox), -1)):
        for state, reason, is_removed, of_a_file, number in _summed(rows, *_FATE):
            fates.add(
                state,
                reason,
                number=sign * number,
                is_removed=is_removed,
                is_of_a_file=of_a_file,
            )
    fates.skipped = {reason: number for reason, number in fates.skipped.items() if number}
    return fates


def last_checks(mailbox: Mailbox, *, number: int = 5) -> list[CoverageCheck]:
    """Return the latest comparisons with the provider, newest first; the first may be under way."""
    checks = CoverageCheck.objects.filter(mailbox=mailbox)
    return list(checks.order_by("-started_at", "-id")[:number])


def _counts(mailbox: Mailbox) -> QuerySet[LedgerCount]:
    return LedgerCount.objects.filter(mailbox=mailbox, day__isnull=False)


def _summed(rows: QuerySet[LedgerCount], *by: str) -> QuerySet[LedgerCount, tuple[Any, ...]]:
    summed = rows.order_by(*by).values_list(*by).annotate(sum=Sum("number"))
    return summed.exclude(sum=0)


def _stretches(
    counts: QuerySet[LedgerCount], days: QuerySet[CheckedDay], *, first: F | TruncMonth
) -> list[Stretch]:
    found: dict[date, Stretch] = {}
    fates = _summed(counts.annotate(first=first), "first", *_FATE)
    for day, state, reason, is_removed, of_a_file, number in fates:
        stretch = found.setdefault(day, Stretch(day))
        stretch.fates.add(
            state, reason, number=number, is_removed=is_removed, is_of_a_file=of_a_file
        )
    asked = days.annotate(first=first).order_by("first").values_list("first")
    for day, number, missing, checked_at in asked.annotate(
        Sum("provider_count"), Sum("missing"), Max("checked_at")
    ):
        stretch = found.setdefault(day, Stretch(day))
        stretch.provider_count, stretch.found_missing = number, missing
        stretch.checked_at = checked_at
    return sorted(found.values(), key=lambda one: one.first, reverse=True)
