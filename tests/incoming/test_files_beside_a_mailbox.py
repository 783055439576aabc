"""What came from a file is not at Gmail: it is never asked for there, and comes when the file is imported again."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from browsing import as_member, words
from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.incoming.checks import begin_check, check_coverage_of
from letterbook.incoming.coverage import coverage_of, fold_counts
from letterbook.incoming.coverage_days import coverage_by_day
from letterbook.incoming.importing import find_or_create_import_mailbox, import_archives
from letterbook.incoming.models import CheckedDay
from letterbook.incoming.reasons import reason_for
from letterbook.incoming.replaying import replay_quarantine
from letterbook.incoming.ruling import add_rule, remove_rule
from letterbook.mailboxes.keeping import change_policy
from letterbook.mailboxes.models import Mailbox, RuleKind, Sharing, StoringPolicy
from letterbook.mailboxes.opening import open_mailbox
from letters import a_letter

STRANGER = "Carla <carla@elsewhere.example>"


@pytest.fixture
def bring_in(tmp_path, at):
    """Import letters as a mailbox's."""

    def go(mailbox: Mailbox, *letters: bytes, creates_contacts: bool = True) -> None:
        folder = Path(tmp_path / "letters")
        folder.mkdir(exist_ok=True)
        for number, letter in enumerate(letters):
            (folder / f"{number}.eml").write_bytes(letter)
        import_archives([folder], mailbox=mailbox, at=at, creates_contacts=creates_contacts)

    return go


def of_files() -> list[tuple[str, str]]:
    rows = MailboxMessage.objects.filter(provider_id__startswith="file:")
    return list(rows.order_by("pk").values_list("state", "reason"))


def test_what_is_in_no_mailbox_was_not_deleted_there(
    mailbox, gmail, arrive, anna, read, bring_in, at
):
    """S55: a file imported into a connected mailbox is not marked as removed by the nightly check."""
    arrive(1)
    read(mailbox)
    bring_in(mailbox, a_letter(7))
    mailbox.refresh_from_db()
    before = gmail.counts["messages.get"]
    check = begin_check(mailbox, at=at)
    with closing(open_mailbox(mailbox, clock=lambda: at)) as provider:
        check_coverage_of(mailbox, provider=provider, clock=lambda: at)
    check.refresh_from_db()
    assert (check.removed, check.error) == (0, "")
    assert of_files() == [(LedgerState.STORED, "")]
    assert not MailboxMessage.objects.filter(is_removed_at_source=True).exists()
    assert gmail.counts["messages.get"] == before


def test_what_files_brought_hides_no_gap_and_is_told_apart(
    alice, mailbox, arrive, anna, read, bring_in, at
):
    """S39: of Gmail's two that day one is not known here; an email from a file does not stand in for it."""
    for number in (1, 2):
        arrive(number)
    read(mailbox)
    MailboxMessage.objects.order_by("pk").last().delete()
    day = (at - timedelta(days=1)).date()
    CheckedDay.objects.create(
        mailbox=mailbox, team=mailbox.team, day=day, provider_count=2, checked_at=at
    )
    bring_in(mailbox, a_letter(7))
    MailboxMessage.objects.filter(provider_id__startswith="file:").update(
        provider_at=at - timedelta(days=1)
    )
    for _ in range(2):
        (stretch,) = coverage_by_day(mailbox, since=day, until=day)
        assert (stretch.lacking, stretch.word) == (1, "lacking")
        assert (stretch.fates.known, stretch.fates.shown, stretch.fates.of_files) == (2, 1, 1)
        assert coverage_of([mailbox])[mailbox.pk].of_files == 1
        fold_counts()
    page = as_member(alice)
    assert "1 of them from files" in words(page.get(f"/mailboxes/{mailbox.pk}"))
    assert "1 of them from files" in words(page.get(f"/mailboxes/{mailbox.pk}/coverage"))
    MailboxMessage.objects.filter(provider_id__startswith="file:").delete()
    assert coverage_of([mailbox])[mailbox.pk].of_files == 0


def test_a_wider_policy_asks_gmail_for_nothing_of_a_file(
    alice, mailbox, anna, gmail, read, bring_in, at
):
    """S67: what a file had for want of a contact stays left out, with what to do: import it again."""
    read(mailbox)
    bring_in(mailbox, a_letter(7, sender=STRANGER), creates_contacts=False)
    change_policy(alice, mailbox, policy=StoringPolicy.EVERYONE, at=at)
    read(mailbox)
    row = MailboxMessage.objects.get()
    assert (row.state, row.reason) == (LedgerState.SKIPPED, "no_contact")
    assert "import the file again" in reason_for(mailbox, row).what_to_do


def test_a_rule_that_ends_makes_nothing_of_a_file_wait(alice, bring_in, at):
    """S42: nobody would ever fetch it; the file brings it."""
    box = find_or_create_import_mailbox(
        alice.team,
        address="alice@haldenrowe.example",
        owner=alice.user,
        sharing=Sharing.FULL,
        at=at,
    )
    rule = add_rule(alice, mailbox=None, kind=RuleKind.DOMAIN, text="elsewhere.example", at=at)
    bring_in(box, a_letter(7, sender=STRANGER))
    row = MailboxMessage.objects.select_related("rule").get()
    assert "import the file again" in reason_for(box, row).what_to_do
    assert remove_rule(alice, rule, at=at) == 0
    assert of_files() == [(LedgerState.SKIPPED, "rule")]
    bring_in(box, a_letter(7, sender=STRANGER))
    assert of_files() == [(LedgerState.STORED, "")]


def test_read_again_it_is_kept_as_the_import_chose(alice, bring_in, at, monkeypatch):
    """S44: everyone on an import became a contact; the one email that could not be read then is not lost for it."""
    box = find_or_create_import_mailbox(
        alice.team,
        address="alice@haldenrowe.example",
        owner=alice.user,
        sharing=Sharing.FULL,
        at=at,
    )
    with monkeypatch.context() as broken:
        broken.setattr("letterbook.incoming.reading.parse_message", _fail)
        bring_in(box, a_letter(7, sender=STRANGER))
    assert of_files() == [(LedgerState.QUARANTINED, "")]
    assert replay_quarantine(Mailbox.objects.get(pk=box.pk), at=at).stored == 1


def _fail(_raw: bytes) -> None:
    raise RuntimeError("no such charset")
