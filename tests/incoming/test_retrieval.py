"""A mailbox is read completely, once, whatever happens on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from letterbook.correspondence.models import (
    Direction,
    LedgerState,
    MailboxMessage,
    Message,
    SkipReason,
)
from letterbook.incoming import listing
from letterbook.incoming.coverage import coverage_of, first_progress
from letterbook.incoming.models import RetrievalRun, RunKind
from letterbook.kit.refusals import Conflict
from letterbook.mailboxes.health import describe
from letterbook.mailboxes.models import MailboxState
from letterbook.providers.mail import HistoryChange, HistoryPage
from letterbook.timeline.models import Activity

ALICE = "alice@haldenrowe.example"


def states() -> dict[str, str]:
    return {
        row.provider_id: f"{row.state} {row.reason}".strip() for row in MailboxMessage.objects.all()
    }


def test_the_first_retrieval_stores_everything_with_a_contact(mailbox, gmail, arrive, read, anna):
    """S36, S38, S42, S45, S53, S79: and leaves nothing of the rest but the fact that it was seen."""
    known = [arrive(n) for n in range(1, 4)]
    sent = arrive(9, labels=("SENT",), sender=ALICE, to="anna@lindwerk.example")
    archived = arrive(10, labels=())
    stranger = arrive(11, sender="x@y.example", subject="Secret", text="Words of a stranger")
    run = read(mailbox)
    assert (run.kind, run.error, run.listed, run.stored, run.skipped) == (
        RunKind.FIRST,
        "",
        6,
        5,
        1,
    )
    assert states() == dict.fromkeys([*known, sent, archived], "stored") | {
        stranger: "skipped no_contact"
    }
    assert Activity.objects.filter(contact=anna).count() == 5
    assert Message.objects.get(copies__provider_id=sent).direction == Direction.OUTGOING
    assert not Message.objects.filter(subject="Secret").exists()
    assert not Message.objects.filter(activities=None).exists()
    mailbox.refresh_from_db()
    assert mailbox.retrieved_at is not None
    coverage = coverage_of([mailbox])[mailbox.pk]
    assert (coverage.stored, coverage.skipped, coverage.provider_count) == (5, {"no_contact": 1}, 6)
    assert coverage.is_complete


def test_only_what_is_new_is_fetched_afterwards(mailbox, gmail, arrive, read, anna, at):
    """S45."""
    arrive(1)
    read(mailbox, at=at + timedelta(hours=1))
    before = gmail.counts["messages.get"]
    arrive(2)
    assert read(mailbox, at=at + timedelta(hours=2)).stored == 1
    assert read(mailbox, at=at + timedelta(hours=3)).stored == 0
    assert gmail.counts["messages.get"] == before + 1
    assert gmail.counts["messages.list"] == 1


def test_pages_of_history_are_all_read_with_the_first_cursor(mailbox, gmail, arrive, read, anna):
    read(mailbox)
    ids = {arrive(n) for n in range(1, 4)}
    for one in ids:
        for _ in range(250):
            gmail.mailbox(ALICE).relabel(one, add=frozenset({"STARRED"}), remove=frozenset())
            gmail.mailbox(ALICE).relabel(one, add=frozenset(), remove=frozenset({"STARRED"}))
    read(mailbox)
    assert gmail.counts["history.list"] >= 3
    assert set(states()) == ids


def test_a_lost_history_is_made_up_for_by_listing(mailbox, gmail, arrive, read, anna):
    """S45: the cursor's 404 is a normal path; nothing is stored twice, nothing is missed."""
    arrive(1)
    read(mailbox)
    arrive(2)
    gmail.expire_history(ALICE)
    fetched = gmail.counts["messages.get"]
    run = read(mailbox)
    assert (run.kind, run.listed, run.stored, run.error) == (RunKind.CATCH_UP, 1, 1, "")
    assert gmail.counts["messages.get"] == fetched + 1
    assert Message.objects.count() == 2
    arrive(3)
    assert read(mailbox).kind == RunKind.SCHEDULED
    assert Message.objects.count() == 3


def test_what_comes_while_the_mailbox_is_being_listed_is_not_missed(
    mailbox, gmail, arrive, read, anna, monkeypatch
):
    arrive(1)
    note = listing.note_listed

    def note_while_more_comes(*args, **kwargs):
        arrive(2)
        return note(*args, **kwargs)

    monkeypatch.setattr(listing, "note_listed", note_while_more_comes)
    read(mailbox)
    monkeypatch.undo()
    read(mailbox)
    assert Message.objects.count() == 2


def test_a_message_deleted_meanwhile_is_gone_and_no_error(mailbox, gmail, arrive, read, anna):
    deleted, kept = arrive(1), arrive(2)
    gmail.fail("messages.get", "refuse:404")
    run = read(mailbox)
    assert (run.gone, run.stored, run.error) == (1, 1, "")
    assert sorted(states().values()) == ["gone", "stored"]
    assert set(states()) == {deleted, kept}


def test_what_is_deleted_at_gmail_is_kept_here_and_marked(mailbox, gmail, arrive, read, anna):
    """S55, S80."""
    one = arrive(1)
    read(mailbox)
    gmail.mailbox(ALICE).remove(one)
    read(mailbox)
    row = MailboxMessage.objects.get()
    assert (row.state, row.is_removed_at_source) == (LedgerState.STORED, True)
    assert Message.objects.count() == 1


def test_labels_follow_gmail(mailbox, gmail, arrive, read, anna):
    one = arrive(1)
    read(mailbox)
    gmail.mailbox(ALICE).relabel(one, add=frozenset({"STARRED"}), remove=frozenset({"UNREAD"}))
    read(mailbox)
    assert MailboxMessage.objects.get().labels == ["INBOX", "STARRED"]


def test_spam_and_the_bin_are_skipped_until_rescued(mailbox, gmail, arrive, read, anna):
    read(mailbox)
    spam, trash = arrive(1, labels=("SPAM",)), arrive(2, labels=("TRASH",))
    read(mailbox)
    assert states() == {spam: "skipped spam", trash: "skipped trash"}
    gmail.mailbox(ALICE).relabel(spam, add=frozenset({"INBOX"}), remove=frozenset({"SPAM"}))
    read(mailbox)
    assert states() == {spam: "stored", trash: "skipped trash"}


def test_what_was_rescued_from_spam_while_the_history_was_lost_is_found(
    mailbox, gmail, arrive, read, anna
):
    read(mailbox)
    spam = arrive(1, labels=("SPAM",))
    read(mailbox)
    gmail.mailbox(ALICE).relabel(spam, add=frozenset({"INBOX"}), remove=frozenset({"SPAM"}))
    gmail.expire_history(ALICE)
    read(mailbox)
    assert states() == {spam: "stored"}


def test_a_draft_saved_over_and_over_is_never_stored(mailbox, gmail, arrive, read, anna):
    """A draft gets a new id with every save, and Gmail tells of each."""
    read(mailbox)
    for number in range(5):
        one = arrive(number, labels=("DRAFT",), sender=ALICE, to="anna@lindwerk.example")
        if number % 2:
            gmail.mailbox(ALICE).remove(one)
    read(mailbox)
    assert set(states().values()) == {f"skipped {SkipReason.DRAFT}"}
    assert not Message.objects.exists()


def test_chats_are_never_stored(mailbox, arrive, read, anna):
    arrive(1, labels=("CHAT",))
    read(mailbox)
    assert set(states().values()) == {"skipped chat"}


def test_a_busy_gmail_ends_the_run_and_nothing_is_lost(mailbox, gmail, arrive, read, anna, at):
    """F13: what was fetched before is stored; the rest waits for the time Gmail named."""
    for number in range(12):
        arrive(number)
    gmail.fail("messages.get", "refuse:403", skip=4, times=99, retry_after=120)
    run = read(mailbox)
    assert "slow down" in run.error
    assert run.stored == 4
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.CONNECTED
    assert mailbox.reading_limited_until == mailbox.retrieve_next_at
    assert timedelta(seconds=110) < mailbox.retrieve_next_at - at < timedelta(seconds=130)
    gmail.stop_failing()
    assert read(mailbox).stored == 8
    assert mailbox.reading_limited_until is None


def test_where_several_of_those_under_way_are_too_many_the_run_goes_on_with_fewer(
    mailbox, gmail, arrive, read, anna
):
    """429: of five that were asked together three are refused; they are asked again, fewer at a time."""
    for number in range(9):
        arrive(number)
    gmail.fail("messages.get", "refuse:429:concurrency", times=3)
    assert read(mailbox).error == ""
    assert Message.objects.count() == 9


def test_a_gmail_that_is_too_busy_for_one_request_is_left_alone(mailbox, gmail, arrive, read, anna):
    for number in range(9):
        arrive(number)
    gmail.fail("messages.get", "refuse:429:concurrency", times=99)
    assert read(mailbox).error
    assert gmail.counts["messages.get"] < 12
    assert not Message.objects.exists()


def test_too_many_requests_at_once_are_answered_by_fewer(mailbox, gmail, arrive, read, anna):
    for number in range(12):
        arrive(number)
    gmail.fail("messages.get", "refuse:429:concurrency", times=1)
    run = read(mailbox)
    assert (run.error, run.stored) == ("", 12)


@pytest.mark.parametrize(
    ("fault", "call"),
    [
        ("refuse:503", "history.list"),
        ("drop_before", "getProfile"),
        ("act_then_half", "messages.list"),
        ("html", "*"),
    ],
)
def test_gmails_own_troubles_are_never_taken_for_a_lost_permission(
    mailbox, gmail, arrive, read, anna, fault, call
):
    read(mailbox)
    arrive(1)
    gmail.fail(call, fault, times=9)
    run = read(mailbox)
    gmail.stop_failing()
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.CONNECTED
    assert bool(run.error) == bool(mailbox.retrieval_error)
    read(mailbox)
    assert Message.objects.count() == 1
    assert mailbox.retrieval_error == ""


def test_one_message_that_gmail_cannot_give_holds_up_no_other(
    mailbox, gmail, arrive, read, anna, at
):
    """F27."""
    for number in range(8):
        arrive(number)
    gmail.fail("messages.get", "refuse:500", times=1)
    run = read(mailbox)
    assert (run.error, run.stored) == ("", 7)
    row = MailboxMessage.objects.get(state=LedgerState.WAITING)
    assert row.attempts == 1
    assert row.try_after > at
    assert read(mailbox).stored == 0
    assert read(mailbox, at=at + timedelta(hours=1)).stored == 1


def test_when_nothing_can_be_fetched_the_run_ends_early(mailbox, gmail, arrive, read, anna):
    for number in range(40):
        arrive(number)
    gmail.fail("messages.get", "refuse:503", times=999)
    run = read(mailbox)
    assert run.error
    assert gmail.counts["messages.get"] <= 10
    gmail.stop_failing()
    assert MailboxMessage.objects.filter(state=LedgerState.WAITING).count() == 40


def test_a_revoked_permission_stops_the_mailbox_and_says_so(mailbox, gmail, arrive, read, anna):
    """F15: with its cursor kept, so that reconnecting goes on where it stopped."""
    arrive(1)
    read(mailbox)
    cursor = mailbox.history_cursor
    gmail.revoke(ALICE)
    run = read(mailbox)
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.NEEDS_RECONNECTING
    assert mailbox.state_reason == run.error != ""
    assert mailbox.history_cursor == cursor
    with pytest.raises(Conflict, match="not connected"):
        read(mailbox)


def test_a_missing_permission_stops_the_mailbox(mailbox, gmail, read, at):
    """F16."""
    gmail.fail("*", "refuse:403:scope", times=99)
    read(mailbox)
    mailbox.refresh_from_db()
    assert mailbox.state == MailboxState.NEEDS_RECONNECTING
    assert describe(mailbox, at=at).word == "A permission is missing"


@pytest.mark.parametrize("refusal", ["refuse:403:policy", "refuse:403:disabled"])
def test_what_an_admin_must_put_right_heals_by_itself_afterwards(
    mailbox, gmail, arrive, anna, read, at, refusal
):
    """F16, S41: nobody has to reconnect a mailbox whose permission is as good as before."""
    arrive(1)
    gmail.fail("*", refusal, times=99)
    read(mailbox)
    mailbox.refresh_from_db()
    health = describe(mailbox, at=at)
    assert (health.word, health.level) == ("Google is set up wrongly", "bad")
    assert "doctor" in health.what_to_do
    gmail.stop_failing()
    assert read(mailbox, at=at + timedelta(minutes=5)).stored == 1
    mailbox.refresh_from_db()
    assert describe(mailbox, at=at + timedelta(minutes=5)).word == "Connected"


@pytest.mark.parametrize(
    ("answer", "word"),
    [("refuse:503", "Google is set up wrongly"), ("refuse:429", "Limited")],
)
def test_what_an_admin_must_put_right_is_told_until_google_says_otherwise(
    mailbox, gmail, arrive, anna, read, at, answer, word
):
    """F16: a 503 in between says nothing about the set-up; where Gmail counts our requests, that works."""
    gmail.fail("*", "refuse:403:disabled", times=1)
    read(mailbox)
    gmail.fail("*", answer, times=99)
    read(mailbox, at=at + timedelta(minutes=5))
    mailbox.refresh_from_db()
    health = describe(mailbox, at=at + timedelta(minutes=5))
    assert health.word == word
    assert ("not enabled" in health.reason) == (word != "Limited")


def test_a_run_that_was_killed_is_closed_by_the_next(mailbox, gmail, arrive, read, anna, at):
    RetrievalRun.objects.create(
        mailbox=mailbox, team=mailbox.team, kind=RunKind.FIRST, started_at=at
    )
    read(mailbox)
    assert RetrievalRun.objects.filter(ended_at=None).count() == 0
    assert RetrievalRun.objects.filter(error__startswith="Interrupted").count() == 1


class Killed(BaseException):
    """What a SIGKILL looks like from inside."""


def _kill_at(monkeypatch, target: str, call: int) -> None:
    module, _, name = target.rpartition(".")
    owner = __import__(module, fromlist=[name])
    original = getattr(owner, name)
    calls = iter(range(1, 10**6))

    def dying(*args, **kwargs):
        result = original(*args, **kwargs)
        if next(calls) == call:
            raise Killed
        return result

    monkeypatch.setattr(owner, name, dying)


STEPS = [
    "letterbook.incoming.listing.note_listed",
    "letterbook.incoming.listing._update",
    "letterbook.incoming.listing.note_changes",
    "letterbook.incoming.storing.contacts_on",
    "letterbook.incoming.storing.record_copies",
    "letterbook.incoming.storing.write_fates",
    "letterbook.incoming.fetching.decide_and_store",
    "letterbook.timeline.recording.store_copies",
    "letterbook.correspondence.storing.place_in_threads",
    "letterbook.correspondence.storing.insert_messages",
]


@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_nothing_is_half_done_lost_or_repeated(
    mailbox, gmail, arrive, read, anna, monkeypatch, step, call
):
    """S44, F1: the ledger equals Gmail after the next runs, every message once, every activity once."""
    monkeypatch.setattr("letterbook.incoming.fetching.BATCH", 2)
    for number in range(4):
        arrive(number)
    arrive(20, sender="x@y.example")
    _kill_at(monkeypatch, step, call)
    for number in (5, 6, 7):
        try:
            read(mailbox)
        except Killed:
            _check_nothing_is_half_done()
        arrive(number)
    monkeypatch.undo()
    read(mailbox)
    assert set(states()) == set(gmail.ids(ALICE))
    assert sorted(states().values()) == ["skipped no_contact"] + ["stored"] * 7
    assert Message.objects.count() == Activity.objects.count() == 7


def _check_nothing_is_half_done() -> None:
    held = MailboxMessage.objects.filter(state=LedgerState.STORED)
    assert set(held.values_list("message_id", flat=True)) == set(
        Message.objects.values_list("id", flat=True)
    )
    assert Activity.objects.count() == Message.objects.count()
    assert not Message.objects.filter(source=None).exists()


def test_a_listing_goes_on_where_it_was_interrupted(mailbox, arrive, read, anna):
    for number in range(7):
        arrive(number)
    asked = []

    def two_a_page_and_killed_at_the_third(provider):
        original = provider.list_messages

        def list_messages(**question):
            if question["query"]:
                return original(**question)
            asked.append(question["page"])
            if len(asked) == 3:
                raise Killed
            return original(**question | {"limit": 2})

        provider.list_messages = list_messages
        return provider

    with pytest.raises(Killed):
        read(mailbox, wrap=two_a_page_and_killed_at_the_third)
    assert len(states()) == 4
    read(mailbox, wrap=two_a_page_and_killed_at_the_third)
    assert asked[3] == asked[2] != ""
    assert len(asked) == 5
    assert len(states()) == 7


def test_a_forgotten_page_of_a_listing_begins_it_again(mailbox, arrive, read, anna):
    arrive(1)
    read(mailbox)
    type(mailbox).objects.filter(pk=mailbox.pk).update(listing_page="of another listing")
    assert read(mailbox).error == ""
    mailbox.refresh_from_db()
    assert mailbox.listing_page is None


def test_history_without_labels_leaves_the_decision_to_the_fetch(
    mailbox, gmail, arrive, read, anna, at
):
    """Gmail often tells no labels; a page may also tell nothing at all."""
    read(mailbox)
    draft = arrive(1, labels=("DRAFT",))
    page = HistoryPage((HistoryChange("added", draft, draft),), "9")
    listing.note_changes(mailbox, page.changes, at=at)
    listing.note_changes(mailbox, (), at=at)
    assert states() == {draft: "waiting"}
    read(mailbox)
    assert states() == {draft: "skipped draft"}


def test_progress_tells_an_honest_time_left(mailbox, gmail, arrive, read, anna, at):
    for number in range(30):
        arrive(number)
    gmail.fail("messages.get", "refuse:403", skip=10, times=99)
    read(mailbox)
    mailbox.refresh_from_db()
    progress = first_progress(
        mailbox, coverage_of([mailbox])[mailbox.pk], at=at + timedelta(minutes=1)
    )
    assert (progress.done, progress.total, progress.is_listing) == (10, 30, False)
    assert progress.time_left == timedelta(minutes=2)
    gmail.stop_failing()
    read(mailbox)
    mailbox.refresh_from_db()
    assert first_progress(mailbox, coverage_of([mailbox])[mailbox.pk], at=at) is None
