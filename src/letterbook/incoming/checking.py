"""Checking coverage: the ledger is compared with what the provider lists, id by id and day by day.

What it lists and the ledger lacks waits to be fetched from then on. What the ledger has and it does not list is asked
for one by one: only "no such message" counts as removed, and nothing that is stored is ever deleted. What is listed
again after that is asked for again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from letterbook.correspondence.models import LedgerState, MailboxMessage, SkipReason
from letterbook.incoming.models import CheckedDay, CoverageCheck
from letterbook.incoming.noting import note_changes, note_listed
from letterbook.incoming.removals import note_not_removed
from letterbook.incoming.windows import Window, end_of, start_of, windows_before
from letterbook.mailboxes.models import Mailbox
from letterbook.providers.errors import Gone
from letterbook.providers.mail import HistoryChange, MailProvider, MessagePage, MessageRef
from letterbook.providers.pages import all_pages

# At five units each a sixth of what a mailbox may ask in a minute; the rest is for mail.
CALLS_A_STRETCH = 200
# Asking for one message costs as much as four listings.
_CALLS_A_MESSAGE = 4
_ASKED_AT_ONCE = 20
# What came since the history was last read is new, not missing.
_STILL_NEW = timedelta(hours=1)
_HIDDEN = ("SPAM", "TRASH")
_NOT_LISTED = (SkipReason.SPAM, SkipReason.TRASH)


@dataclass(slots=True)
class Stretch:
    """A part of a check: what it asks of whom, and how many calls it may still make."""

    check: CoverageCheck
    provider: MailProvider
    at: datetime
    calls: int = CALLS_A_STRETCH

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox that is checked."""
        return self.check.mailbox

    def ask(self, **about: Any) -> MessagePage:  # Any: what `list_messages` takes
        """Ask for a page of a list, which is one call less to make."""
        self.calls -= 1
        return self.provider.list_messages(**about)


def check_some(stretch: Stretch) -> bool:
    """Compare some more months, newest first, and return whether that was all there is.

    Raises the provider's error; what was compared before it counts, and the next stretch goes on from there.
    """
    if stretch.check.reached is None:
        _look_into_spam_and_bin(stretch)
    for window in windows_before(stretch.check.reached, today=stretch.at.date()):
        if stretch.calls <= 0:
            return False
        number = _compare(stretch, window)
        _move(stretch.check, reached=window.first)
        if not number and window.last and _is_all(stretch, before=window.first):
            _look_for(
                stretch, _listable(stretch.mailbox).filter(provider_at__lt=start_of(window.first))
            )
            return True
    return False


def _look_into_spam_and_bin(stretch: Stretch) -> None:
    """Ask what became of kept mail that lay there: no other listing shows it, emptied or rescued."""
    lay_there = MailboxMessage.objects.filter(
        mailbox=stretch.mailbox, is_removed_at_source=False, labels__overlap=list(_HIDDEN)
    ).exclude(state=LedgerState.SKIPPED)
    if not lay_there.exists():
        return
    there = {one for label in _HIDDEN for one in _labelled(stretch, label)}
    _look_for(stretch, lay_there.exclude(provider_id__in=there))


def _labelled(stretch: Stretch, label: str) -> Iterator[str]:
    for answer in all_pages(lambda page: stretch.ask(labels=[label], page=page)):
        yield from (ref.id for ref in answer.refs)


def _is_all(stretch: Stretch, *, before: date) -> bool:
    """Whether nothing is older; an empty month says nothing about the ones before it."""
    query = f"before:{int(start_of(before).timestamp())}"
    return not stretch.ask(query=query, limit=1).refs


def _compare(stretch: Stretch, window: Window) -> int:
    """Compare one window and return how many messages it has; halve it where one message's day is not known."""
    refs = _list(stretch, window)
    known = _ledger(stretch.mailbox, refs) if refs is not None else {}
    if refs is None or (not window.is_one_day and any(known.get(ref.id) is None for ref in refs)):
        return sum(_compare(stretch, half) for half in window.halves())
    _write_down(stretch, window, refs, known)
    return len(refs)


def _list(stretch: Stretch, window: Window) -> list[MessageRef] | None:
    """Return all that the provider lists of a window; None where it is more than a page and can be halved."""
    refs: list[MessageRef] = []
    for answer in all_pages(lambda page: stretch.ask(query=window.query, page=page)):
        refs += answer.refs
        if answer.next_page and not window.is_one_day:
            return None
    return refs


def _ledger(mailbox: Mailbox, refs: Sequence[MessageRef]) -> dict[str, date | None]:
    """Return the days of those of these messages that the ledger has, None where it does not know."""
    rows = MailboxMessage.objects.filter(
        mailbox=mailbox, provider_id__in=[ref.id for ref in refs]
    ).values_list("provider_id", "provider_at")
    return {one: received_at and received_at.astimezone(UTC).date() for one, received_at in rows}


def _write_down(
    stretch: Stretch, window: Window, refs: Sequence[MessageRef], known: dict[str, date | None]
) -> None:
    _look_for(stretch, _unlisted(stretch.mailbox, window, refs))
    _look_again_for(stretch, refs)
    with transaction.atomic():
        new = note_listed(stretch.mailbox, refs, at=stretch.at)
        _note_day(stretch.mailbox, window, refs)
        missing = new if _is_settled(stretch.mailbox, window) else 0
        _write_days(stretch, window, refs, known, missing=missing)
        _move(stretch.check, listed=F("listed") + len(refs), missing=F("missing") + missing)


def _is_settled(mailbox: Mailbox, window: Window) -> bool:
    read_at = mailbox.listed_at
    return bool(read_at and window.last and end_of(window.last) <= read_at - _STILL_NEW)


def _note_day(mailbox: Mailbox, window: Window, refs: Sequence[MessageRef]) -> None:
    """Of what was never fetched the day is all that is known: the ledger says when it began."""
    MailboxMessage.objects.filter(
        mailbox=mailbox, provider_id__in=[ref.id for ref in refs], provider_at=None
    ).update(provider_at=start_of(window.first))


def _write_days(
    stretch: Stretch,
    window: Window,
    refs: Sequence[MessageRef],
    known: dict[str, date | None],
    *,
    missing: int,
) -> None:
    days = Counter(known.get(ref.id) or window.first for ref in refs)
    inside = {day: number for day, number in days.items() if day in window}
    until = Q(day__lte=window.last) if window.last else Q()
    CheckedDay.objects.filter(until, mailbox=stretch.mailbox, day__gte=window.first).delete()
    CheckedDay.objects.bulk_create(
        CheckedDay(
            mailbox=stretch.mailbox,
            team_id=stretch.mailbox.team_id,
            day=day,
            provider_count=number,
            # Where any are missing, the window was halved down to their day.
            missing=missing if day == window.first else 0,
            checked_at=stretch.at,
        )
        for day, number in inside.items()
    )


def _listable(mailbox: Mailbox) -> QuerySet[MailboxMessage]:
    """The rows of messages that a listing would show if they are still there."""
    rows = MailboxMessage.objects.at_provider().filter(mailbox=mailbox, is_removed_at_source=False)
    return rows.exclude(labels__overlap=list(_HIDDEN)).exclude(
        state=LedgerState.SKIPPED, reason__in=_NOT_LISTED
    )


def _unlisted(
    mailbox: Mailbox, window: Window, refs: Sequence[MessageRef]
) -> QuerySet[MailboxMessage]:
    rows = _listable(mailbox).filter(provider_at__gte=start_of(window.first))
    if window.last:
        rows = rows.filter(provider_at__lt=end_of(window.last))
    return rows.exclude(provider_id__in=[ref.id for ref in refs])


def _look_for(stretch: Stretch, rows: QuerySet[MailboxMessage]) -> None:
    """Ask what became of messages that are not listed any more; each answer counts at once."""
    ids = list(rows.order_by("provider_id").values_list("provider_id", "provider_thread_id"))
    for start in range(0, len(ids), _ASKED_AT_ONCE):
        changes = [_ask(stretch, *one) for one in ids[start : start + _ASKED_AT_ONCE]]
        removed = sum(change.kind == "deleted" for change in changes)
        with transaction.atomic():
            note_changes(stretch.mailbox, changes, at=stretch.at)
            _move(stretch.check, removed=F("removed") + removed)


def _look_again_for(stretch: Stretch, refs: Sequence[MessageRef]) -> None:
    """Ask about those that are listed though they were marked as removed: a list may be late, and so may a 404."""
    marked = MailboxMessage.objects.filter(
        mailbox=stretch.mailbox, provider_id__in=[ref.id for ref in refs], is_removed_at_source=True
    )
    ids = list(marked.values_list("provider_id", "provider_thread_id"))
    there = [one.id for one in (_ask(stretch, *each) for each in ids) if one.kind != "deleted"]
    if there:
        with transaction.atomic():
            note_not_removed(stretch.mailbox, there)


def _ask(stretch: Stretch, provider_id: str, thread_id: str) -> HistoryChange:
    stretch.calls -= _CALLS_A_MESSAGE
    try:
        found = stretch.provider.fetch_headers(provider_id, names=("Message-ID",))
    except Gone:
        return HistoryChange("deleted", provider_id, thread_id)
    return HistoryChange("labels_removed", provider_id, thread_id, labels=found.labels)


def _move(check: CoverageCheck, **columns: Any) -> None:  # Any: columns of CoverageCheck
    CoverageCheck.objects.filter(pk=check.pk).update(**columns)
    check.refresh_from_db(fields=list(columns))
