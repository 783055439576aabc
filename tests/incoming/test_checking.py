"""The ledger against what Gmail lists: what is missing comes, what was deleted is marked, nothing is deleted here."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta

import pytest

from letterbook.correspondence.models import LedgerState, MailboxMessage, Message
from letterbook.incoming.checking import CALLS_A_STRETCH
from letterbook.incoming.checks import (
    begin_check,
    check_coverage_of,
    request_check,
    request_due_checks,
)
from letterbook.incoming.coverage_days import (
    coverage_by_day,
    coverage_by_month,
    fates_without_a_day,
)
from letterbook.incoming.models import CoverageCheck
from letterbook.incoming.removals import choose_removed_mail
from letterbook.incoming.windows import Window, windows_before
from letterbook.kit.refusals import Conflict, NotNow
from letterbook.mailboxes.keeping import pause
from letterbook.mailboxes.labelling import labels_of
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.opening import open_mailbox
from letters import a_letter

ALICE = "alice@haldenrowe.example"


@pytest.fixture
def check(mailbox, at):
    """Compare alice's mailbox with Gmail to the end, and return what was found."""

    def go(at=at, *, stretches: int = 1, wrap=lambda one: one) -> CoverageCheck:
        mailbox.refresh_from_db()
        begun = begin_check(mailbox, at=at)
        for _ in range(stretches):
            mailbox.refresh_from_db()
            with closing(open_mailbox(mailbox, clock=lambda: at)) as provider:
                check_coverage_of(mailbox, provider=wrap(provider), clock=lambda: at)
        begun.refresh_from_db()
        return begun

    return go


@pytest.fixture
def arrive_on(gmail, at):
    """Put a letter of Anna's into alice's Gmail, `days` ago."""

    def go(number: int, *, days: float, **more) -> str:
        received_at = at - timedelta(days=days)
        return gmail.inject(ALICE, a_letter(number), received_at=received_at, **more)

    return go


@pytest.fixture
def jobs():
    """The names of the jobs that wait."""
    from procrastinate.contrib.django.models import ProcrastinateJob  # noqa: PLC0415

    return lambda: sorted(ProcrastinateJob.objects.values_list("task_name", flat=True))


def test_where_all_is_well_each_day_agrees(mailbox, anna, arrive_on, read, check, at):
    """S79, S93: Gmail's count of each day against what became of it."""
    for number, days in enumerate((0.1, 2, 2, 40, 400)):
        arrive_on(number, days=days)
    read(mailbox)
    found = check()
    assert (found.listed, found.missing, found.removed, found.error) == (5, 0, 0, "")
    assert found.ended_at == at
    days = coverage_by_day(mailbox, since=date(2025, 1, 1), until=at.date())
    assert [(one.word, one.provider_count, one.fates.stored) for one in days] == [
        ("agrees", 1, 1),
        ("agrees", 2, 2),
        ("agrees", 1, 1),
        ("agrees", 1, 1),
    ]
    assert [one.fates.stored for one in coverage_by_month(mailbox)] == [3, 1, 1]


def test_what_the_ledger_lacks_is_fetched_and_counted_on_its_day(
    mailbox, anna, arrive_on, read, check, jobs, at
):
    """S79: a gap is found day by day, and heals by itself."""
    lost = [arrive_on(number, days=60 + number // 2) for number in range(6)]
    arrive_on(9, days=1)
    read(mailbox)
    MailboxMessage.objects.filter(provider_id__in=lost[1:3]).delete()
    found = check()
    assert (found.missing, found.removed) == (2, 0)
    assert "retrieve_mailbox" in jobs()
    days = coverage_by_day(mailbox, since=date(2026, 1, 1), until=at.date())
    gaps = [(one.found_missing, one.provider_count, one.word) for one in days if one.found_missing]
    assert gaps == [(1, 2, "waiting"), (1, 2, "waiting")]
    read(mailbox, at=at + timedelta(minutes=5))
    assert not MailboxMessage.objects.filter(state=LedgerState.WAITING).exists()
    assert check(at + timedelta(hours=1)).missing == 0


def test_what_was_deleted_while_the_history_was_lost_is_marked_and_kept(
    mailbox, anna, arrive_on, read, check, gmail, at
):
    """S55: never deleted here, marked as removed at its source."""
    kept, deleted, binned = (arrive_on(number, days=3) for number in range(3))
    read(mailbox)
    account = gmail.mailbox(ALICE)
    account.remove(deleted)
    account.relabel(binned, add=frozenset({"TRASH"}), remove=frozenset())
    gmail.expire_history(ALICE)
    read(mailbox, at=at + timedelta(minutes=5))
    found = check(at + timedelta(minutes=6))
    assert (found.missing, found.removed) == (0, 1)
    rows = {row.provider_id: row for row in MailboxMessage.objects.all()}
    assert [rows[one].is_removed_at_source for one in (kept, deleted, binned)] == [
        False,
        True,
        False,
    ]
    assert "TRASH" in rows[binned].labels
    assert Message.objects.count() == 3


@pytest.mark.parametrize("place", ["SPAM", "TRASH"])
def test_spam_and_bin_that_were_emptied_while_the_history_was_lost_are_found(
    mailbox, anna, arrive_on, read, check, gmail, at, place
):
    """S55: no listing shows what lay there; it is asked for, and what still lies there is not."""
    emptied, rescued, lying = (arrive_on(number, days=3) for number in range(3))
    read(mailbox)
    account = gmail.mailbox(ALICE)
    for one in (emptied, rescued, lying):
        account.relabel(one, add=frozenset({place}), remove=frozenset({"INBOX"}))
    read(mailbox, at=at + timedelta(minutes=1))
    account.remove(emptied)
    account.relabel(rescued, add=frozenset({"INBOX"}), remove=frozenset({place}))
    gmail.expire_history(ALICE)
    read(mailbox, at=at + timedelta(minutes=5))
    asked = gmail.counts["messages.get"]
    found = check(at + timedelta(minutes=6))
    assert (found.missing, found.removed) == (0, 1)
    assert gmail.counts["messages.get"] == asked + 2
    rows = {row.provider_id: row for row in MailboxMessage.objects.all()}
    assert {one: rows[one].is_removed_at_source for one in rows} == {
        emptied: True,
        rescued: False,
        lying: False,
    }
    assert (rows[rescued].labels, place in rows[lying].labels) == (["INBOX", "UNREAD"], True)
    assert Message.objects.count() == 3


@pytest.mark.parametrize("is_hidden", [False, True])
def test_what_was_taken_for_deleted_and_is_listed_is_there_again(
    mailbox, alice, anna, arrive_on, read, check, at, is_hidden
):
    """S55: one 404 is not the last word; what really went stays marked."""
    ids = [arrive_on(number, days=3) for number in (1, 2)]
    read(mailbox)
    MailboxMessage.objects.filter(provider_id=ids[0]).update(is_removed_at_source=True)
    assert choose_removed_mail(alice, mailbox, is_hidden=is_hidden, at=at) == is_hidden
    assert check().error == ""
    rows = MailboxMessage.objects.filter(mailbox=mailbox)
    assert not rows.filter(is_removed_at_source=True).exists()
    assert rows.filter(state=LedgerState.STORED, message__isnull=False).count() == 2
    assert not rows.filter(hidden_message__isnull=False).exists()


@pytest.mark.parametrize("trouble", ["", "refuse:400"])
def test_a_check_reads_the_account_again_and_goes_on_where_it_may_not(
    mailbox, anna, arrive_on, read, check, gmail, trouble
):
    """A label and an alias that came since connecting; an organisation may forbid to read its settings."""
    arrive_on(1, days=3)
    read(mailbox)
    MailboxMessage.objects.all().delete()
    gmail.mailbox(ALICE).user_labels["Label_1"] = "Clients"
    if trouble:
        gmail.fail("sendAs.list", trouble)
    assert (check().error, MailboxMessage.objects.count()) == ("", 1)
    assert ("Label_1" in labels_of(mailbox)) is not bool(trouble)


def test_a_lost_history_asks_for_a_check_by_itself(mailbox, read, gmail, jobs, arrive, anna, at):
    arrive(1)
    read(mailbox)
    assert "check_coverage" not in jobs()
    gmail.expire_history(ALICE)
    read(mailbox, at=at + timedelta(minutes=5))
    assert "check_coverage" in jobs()


def test_what_is_new_is_not_called_missing(mailbox, anna, read, arrive_on, check, at):
    arrive_on(1, days=3)
    read(mailbox)
    arrive_on(2, days=0)
    assert check().missing == 0
    assert MailboxMessage.objects.filter(state=LedgerState.WAITING).count() == 1


def test_a_check_that_is_interrupted_goes_on_where_it_was(
    mailbox, anna, arrive_on, read, check, gmail, jobs, at
):
    for number in range(4):
        arrive_on(number, days=40 * number)
    read(mailbox)
    gmail.fail("messages.list", "refuse:429", skip=3)
    begun = check()
    assert (begun.ended_at, begun.error) == (None, "Gmail asked to slow down.")
    assert "check_coverage" in jobs()
    before = gmail.counts["messages.list"]
    assert check(at + timedelta(minutes=6)).pk == begun.pk
    begun.refresh_from_db()
    assert begun.ended_at
    assert begun.listed == 4
    assert gmail.counts["messages.list"] - before < 10


def test_a_long_check_is_made_in_stretches(mailbox, anna, arrive_on, read, check, gmail, at):
    """So that the quota of a mailbox is for its mail."""
    arrive_on(1, days=1)
    arrive_on(2, days=31 * 260)
    read(mailbox)
    begun = check()
    assert begun.ended_at is None
    assert gmail.counts["messages.list"] <= CALLS_A_STRETCH + 10
    check(stretches=3)
    begun.refresh_from_db()
    assert begun.ended_at


def test_what_no_listing_told_the_day_of_is_found_by_halving(mailbox, arrive_on, read, check, at):
    for number in range(4):
        arrive_on(number, days=50 + number)
    read(mailbox)
    MailboxMessage.objects.update(provider_at=None)
    assert fates_without_a_day(mailbox).left_out == 4
    check()
    assert fates_without_a_day(mailbox).known == 0
    days = coverage_by_day(mailbox, since=date(2025, 1, 1), until=at.date())
    assert [one.fates.left_out for one in days] == [1, 1, 1, 1]


def test_a_page_that_is_not_the_last_is_read_on(mailbox, arrive_on, read, check, monkeypatch):
    for number in range(7):
        arrive_on(number, days=5)
    read(mailbox)
    monkeypatch.setattr(
        "letterbook.providers.fake_gmail.message_calls.MOST_A_PAGE", 3, raising=False
    )
    assert check().listed == 7


def test_a_check_waits_for_the_first_listing(mailbox, check, gmail):
    begun = check()
    assert begun.ended_at is None
    assert gmail.counts.get("messages.list", 0) == 0


def test_a_day_that_has_less_here_than_at_gmail_is_said(mailbox, anna, arrive_on, read, check, at):
    arrive_on(1, days=3)
    read(mailbox)
    check()
    MailboxMessage.objects.all().delete()
    [day] = coverage_by_day(mailbox, since=date(2026, 1, 1), until=at.date())
    assert (day.word, day.lacking) == ("lacking", 1)


def test_what_was_rescued_from_spam_while_nobody_told_of_it_is_found(
    mailbox, anna, arrive, read, check, gmail, at
):
    """S67, S79: a listing leaves spam out, so what it shows has come out of there."""
    read(mailbox)
    name = arrive(1, labels=("SPAM",))
    read(mailbox)
    account = gmail.mailbox(ALICE)
    account.relabel(name, add=frozenset({"INBOX"}), remove=frozenset({"SPAM"}))
    Mailbox.objects.update(history_cursor=str(account.history_id))
    assert MailboxMessage.objects.get().state == LedgerState.SKIPPED
    check()
    assert MailboxMessage.objects.get().state == LedgerState.WAITING
    assert read(mailbox, at=at + timedelta(minutes=5)).stored == 1


def test_each_mailbox_is_checked_once_a_day(mailbox, bobs_mailbox, read, check, jobs, at):
    read(mailbox)
    assert request_due_checks(at=at) == 1
    assert jobs() == ["check_coverage"]
    check()
    assert request_due_checks(at=at + timedelta(hours=22)) == 0
    assert request_due_checks(at=at + timedelta(hours=24)) == 1


def test_asking_twice_is_one_check(mailbox, read, jobs, at):
    read(mailbox)
    assert request_check(mailbox, at=at).pk == request_check(mailbox, at=at).pk
    assert jobs() == ["check_coverage"]


def test_a_mailbox_that_rests_is_not_checked(alice, mailbox, read, at):
    read(mailbox)
    Mailbox.objects.update(reading_limited_until=at + timedelta(hours=1))
    mailbox.refresh_from_db()
    with pytest.raises(NotNow):
        request_check(mailbox, at=at)
    pause(alice, mailbox, at=at)
    with pytest.raises(Conflict):
        request_check(mailbox, at=at)


def test_windows_cover_every_day_once():
    today = date(2026, 3, 5)
    windows = windows_before(None, today=today)
    shown = [next(windows) for _ in range(4)]
    assert shown == [
        Window(date(2026, 3, 6), None),
        Window(date(2026, 3, 1), today),
        Window(date(2026, 2, 1), date(2026, 2, 28)),
        Window(date(2026, 1, 1), date(2026, 1, 31)),
    ]
    assert shown[2].halves() == (
        Window(date(2026, 2, 15), date(2026, 2, 28)),
        Window(date(2026, 2, 1), date(2026, 2, 14)),
    )
