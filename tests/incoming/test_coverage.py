"""Coverage: the numbers of the ledger, in all and by day, and what Gmail has against them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming.coverage import coverage_of, fold_counts
from letterbook.incoming.models import LedgerCount
from letterbook.mailboxes.models import Mailbox


@pytest.fixture
def ledger(mailbox, at):
    """Write rows of a fate into the ledger of alice's mailbox, a day apart."""

    def write(number: int, state=LedgerState.WAITING, reason="", error="") -> list[MailboxMessage]:
        return MailboxMessage.objects.bulk_create(
            MailboxMessage(
                mailbox=mailbox,
                team_id=mailbox.team_id,
                provider_id=f"{state}{reason}{each}",
                state=state,
                reason=reason,
                error=error,
                listed_at=at,
                provider_at=at - timedelta(days=each),
            )
            for each in range(number)
        )

    return write


def test_the_numbers_follow_whatever_changes_the_ledger(mailbox, ledger):
    """Whichever statement of whichever program it is: the fixture of this folder compares after every test."""
    ledger(3)
    ledger(2, LedgerState.SKIPPED, reason="spam")
    rows = MailboxMessage.objects.filter(mailbox=mailbox)
    rows.filter(provider_id="waiting0").update(state="gone", is_removed_at_source=True)
    rows.filter(provider_id="waiting1").delete()
    rows.filter(reason="spam").update(labels=["X"])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO correspondence_mailboxmessage (mailbox_id, team_id, provider_id, provider_thread_id, state,"
            " reason, error, attempts, labels, listed_at, is_removed_at_source)"
            " SELECT mailbox_id, team_id, provider_id, '', 'quarantined', '', 'e', 0, '{}', listed_at, false"
            " FROM correspondence_mailboxmessage ON CONFLICT (mailbox_id, provider_id) DO UPDATE"
            " SET state = 'quarantined', error = 'e', reason = '' WHERE excluded.provider_id = 'skippedspam1'"
        )
    coverage = coverage_of([mailbox])[mailbox.pk]
    assert (coverage.waiting, coverage.skipped, coverage.quarantined) == (1, {"spam": 1}, 1)
    assert (coverage.gone, coverage.removed, coverage.known) == (1, 1, 4)


def test_folding_changes_no_number(mailbox, ledger):
    ledger(2)
    rows = MailboxMessage.objects.filter(mailbox=mailbox)
    rows.update(state="gone", is_removed_at_source=True)
    rows.update(state="waiting", is_removed_at_source=False)
    before = coverage_of([mailbox])
    assert fold_counts() > 0
    assert coverage_of([mailbox]) == before
    assert LedgerCount.objects.count() == 1 + 2
    assert fold_counts() == 0


def test_the_numbers_go_with_their_mailbox(mailbox, ledger):
    ledger(2)
    mailbox.delete()
    assert not Mailbox.objects.exists()
    assert not LedgerCount.objects.exists()


def test_the_numbers_of_a_large_ledger_are_read_from_a_few_rows(mailbox, ledger):
    ledger(400)
    fold_counts()
    assert LedgerCount.objects.filter(mailbox=mailbox, day=None).count() == 1
    assert coverage_of([mailbox])[mailbox.pk].waiting == 400
