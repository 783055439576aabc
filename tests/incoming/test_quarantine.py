"""What cannot be read is kept as it came, tried again by a better parser, or given up by its owner."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from letterbook.correspondence.models import LedgerState, MailboxMessage, QuarantinedSource
from letterbook.incoming import replaying
from letterbook.incoming.dismissing import (
    dismiss,
    find_quarantined,
    is_newer_parser_here,
    quarantined_in,
    read_quarantined_source,
)
from letterbook.incoming.models import RunKind
from letterbook.incoming.replaying import replay_quarantine
from letterbook.incoming.storing import Decided
from letterbook.kit.refusals import NotAllowed, NotFound
from letterbook.mime import parsing
from letterbook.teams.models import AuditEntry
from letters import a_letter

ALICE = "alice@haldenrowe.example"


@pytest.fixture
def broken(monkeypatch):
    """Let the parser fail; calling what this returns mends it."""

    def fail(_raw: bytes) -> None:
        raise RuntimeError("no such charset")

    monkeypatch.setattr("letterbook.incoming.reading.parse_message", fail)
    return monkeypatch.undo


@pytest.fixture
def quarantined(mailbox, anna, broken, arrive, read) -> list[str]:
    """Three letters that could not be read, newest last."""
    ids = [arrive(number) for number in (1, 2, 3)]
    read(mailbox)
    return ids


def _row_id(provider_id: str) -> int:
    return MailboxMessage.objects.values_list("pk", flat=True).get(provider_id=provider_id)


def test_its_source_is_kept_as_it_came(alice, mailbox, quarantined):
    """S56: nothing of it is lost, though nothing of it could be read."""
    row = find_quarantined(alice, mailbox, _row_id(quarantined[0]))
    assert read_quarantined_source(row) == a_letter(1)
    assert row.error == "The parser failed: RuntimeError: no such charset"
    assert row.quarantined_source.parser_version == parsing.PARSER_VERSION
    assert quarantined_in(mailbox).count() == 3


def test_one_is_read_again_without_the_others(mailbox, quarantined, broken, at):
    broken()
    assert replay_quarantine(mailbox, provider_ids=quarantined[:1], at=at).stored == 1
    assert quarantined_in(mailbox).count() == 2


def test_replaying_twice_at_once_reads_each_once(mailbox, quarantined, broken, at, monkeypatch):
    """S40: two clicks on “Try to read them again”; the second finds their sources gone."""
    broken()
    lock = replaying.lock_correspondence

    def overtaken(team_id):
        monkeypatch.setattr(replaying, "lock_correspondence", lock)
        assert replay_quarantine(mailbox, at=at).stored == 3
        lock(team_id)

    monkeypatch.setattr(replaying, "lock_correspondence", overtaken)
    assert replay_quarantine(mailbox, at=at) == Decided()


def test_what_gmail_never_gave_is_fetched_again_at_once(mailbox, gmail, anna, arrive, read, at):
    """S56: reading it again is asking Gmail again, and nobody is told that it was read before it is."""
    arrive(1)
    gmail.fail("messages.get", "refuse:400", times=1)
    read(mailbox)
    assert quarantined_in(mailbox).count() == 1
    assert replay_quarantine(mailbox, at=at) == Decided(waiting=1)
    assert ProcrastinateJob.objects.get().args["kind"] == RunKind.REQUESTED
    assert read(mailbox).stored == 1


def test_a_newer_parser_is_offered_until_it_has_tried(mailbox, quarantined, at):
    assert not is_newer_parser_here(mailbox)
    QuarantinedSource.objects.update(parser_version=parsing.PARSER_VERSION - 1)
    assert is_newer_parser_here(mailbox)
    assert replay_quarantine(mailbox, at=at).quarantined == 3
    assert not is_newer_parser_here(mailbox)


def test_one_is_given_up_by_its_owner(alice, mailbox, quarantined, read, at):
    assert dismiss(alice, mailbox, provider_ids=quarantined[:1], at=at) == 1
    row = MailboxMessage.objects.get(provider_id=quarantined[0])
    assert (row.state, row.reason) == (LedgerState.SKIPPED, "dismissed")
    assert not QuarantinedSource.objects.filter(pk=row.pk).exists()
    assert QuarantinedSource.objects.count() == 2
    assert AuditEntry.objects.filter(what="quarantine dismissed").count() == 1
    read(mailbox)
    row.refresh_from_db()
    assert row.reason == "dismissed"


def test_all_are_given_up(alice, mailbox, quarantined, at):
    assert dismiss(alice, mailbox, at=at) == 3
    assert not QuarantinedSource.objects.exists()
    assert dismiss(alice, mailbox, at=at) == 0


def test_it_is_its_owners(bob, charlie, mailbox, quarantined, at):
    with pytest.raises(NotAllowed):
        dismiss(bob, mailbox, at=at)
    with pytest.raises(NotAllowed):
        find_quarantined(bob, mailbox, _row_id(quarantined[0]))
    with pytest.raises(NotFound):
        dismiss(charlie, mailbox, at=at)
    assert quarantined_in(mailbox).count() == 3


def test_what_is_not_in_the_quarantine_is_not_found_there(alice, mailbox, quarantined):
    with pytest.raises(NotFound):
        find_quarantined(alice, mailbox, 0)
