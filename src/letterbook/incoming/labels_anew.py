"""Labels asked for anew: where the history that would have told of them is lost, or names one that is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import transaction

from letterbook.correspondence.models import LedgerState, MailboxMessage, SkipReason
from letterbook.correspondence.sharing.choosing import hiding_labels_of
from letterbook.incoming.leaving_out import label_rules_of
from letterbook.incoming.noting import note_changes
from letterbook.mailboxes.labelling import keep_labels, labels_of
from letterbook.mailboxes.models import Mailbox
from letterbook.providers.errors import Rejected
from letterbook.providers.mail import HistoryChange, MailProvider
from letterbook.providers.pages import all_pages

_AT_ONCE = 500


def learn_new_labels(
    mailbox: Mailbox, changes: Iterable[HistoryChange], *, provider: MailProvider
) -> None:
    """Ask for the labels' names where a change bears one made since: it may be called Private, which hides."""
    # Gmail's own labels are written in capitals: INBOX, CATEGORY_UPDATES.
    own = {label for change in changes for label in change.labels if not label.isupper()}
    if own and own - labels_of(mailbox).keys():
        keep_labels(mailbox, provider.list_labels())


def reread_deciding_labels(mailbox: Mailbox, *, provider: MailProvider, at: datetime) -> None:
    """Note which messages bear a label that hides them, or that a rule names; doing it twice changes nothing more.

    What is not listed may also lie in the bin: that alone never shows to others what a label hid from them.
    """
    keep_labels(mailbox, provider.list_labels())
    rules = label_rules_of(mailbox)
    for label in sorted(hiding_labels_of(mailbox) | rules.left_out | rules.kept):
        bearing: set[str] = set()
        try:
            for ids in _bearing(provider, label):
                _note_bearing(mailbox, label, ids, at=at)
                bearing.update(ids)
        except Rejected:
            # Gmail has no such label any more.
            continue
        if label in rules.left_out:
            _let_in_again(mailbox, label, bearing, at=at)


def _bearing(provider: MailProvider, label: str) -> Iterator[list[str]]:
    for answer in all_pages(lambda page: provider.list_messages(labels=[label], page=page)):
        yield [ref.id for ref in answer.refs]


@transaction.atomic
def _note_bearing(mailbox: Mailbox, label: str, ids: Sequence[str], *, at: datetime) -> None:
    rows = MailboxMessage.objects.filter(mailbox=mailbox, provider_id__in=ids)
    unknowing = rows.exclude(labels__contains=[label])
    note_changes(mailbox, [_changed(row, {*row.labels, label}) for row in unknowing], at=at)


def _let_in_again(mailbox: Mailbox, label: str, bearing: set[str], *, at: datetime) -> None:
    """What was left out for a label it no longer has is to be fetched; that tells all its labels."""
    left_out = MailboxMessage.objects.filter(
        mailbox=mailbox,
        state=LedgerState.SKIPPED,
        reason=SkipReason.LABEL,
        labels__contains=[label],
    )
    rows = [row for row in left_out.iterator() if row.provider_id not in bearing]
    for start in range(0, len(rows), _AT_ONCE):
        changes = [
            _changed(row, set(row.labels) - {label}) for row in rows[start : start + _AT_ONCE]
        ]
        with transaction.atomic():
            note_changes(mailbox, changes, at=at)


def _changed(row: MailboxMessage, labels: set[str]) -> HistoryChange:
    # Of a removal alone note_changes knows that no label told means that none is left.
    return HistoryChange(
        "labels_removed", row.provider_id, row.provider_thread_id, frozenset(labels)
    )
