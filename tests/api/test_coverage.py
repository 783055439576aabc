"""Coverage by day, the quarantine and the look-up, as programs see them."""

from __future__ import annotations

from datetime import datetime

import pytest

from factories import a_contact, a_message
from letterbook.correspondence.models import LedgerState, MailboxMessage, QuarantinedSource
from letterbook.correspondence.sources import pack_source
from letterbook.incoming.models import CheckedDay


@pytest.fixture
def unreadable(mailbox, at) -> MailboxMessage:
    row = MailboxMessage.objects.create(
        mailbox=mailbox,
        team_id=mailbox.team_id,
        provider_id="0123456789abcdef",
        state=LedgerState.QUARANTINED,
        error="It has no end.",
        listed_at=at,
        provider_at=at,
        decided_at=at,
    )
    QuarantinedSource.objects.create(
        mailbox_message=row,
        team_id=row.team_id,
        raw_zstd=pack_source(b"Subject: \xff\r\n"),
        parser_version=0,
        at=at,
    )
    return row


def test_coverage_is_told_day_by_day(hers, mailbox, unreadable, at):
    """S79, S93."""
    found = hers.get(
        f"/mailboxes/{mailbox.pk}/coverage", since="2026-11-01", until="2026-11-30"
    ).json()
    assert (found["quarantined"], found["is_complete"], found["progress"]) == (1, False, None)
    [day] = found["days"]
    assert (day["day"], day["quarantined"], day["state"]) == ("2026-11-17", 1, "unreadable")
    assert day["provider_count"] is None


def test_a_day_that_was_compared_says_what_gmail_had_and_what_is_lacking(
    hers, mailbox, unreadable, at
):
    """S79, S93: Gmail's count of a day beside what became of it."""
    day = at.date()
    CheckedDay.objects.create(
        mailbox=mailbox, team_id=mailbox.team_id, day=day, provider_count=3, checked_at=at
    )
    path = f"/mailboxes/{mailbox.pk}/coverage"
    [told] = hers.get(path, since=day.isoformat(), until=day.isoformat()).json()["days"]
    assert (told["provider_count"], told["quarantined"], told["lacking"]) == (3, 1, 2)
    assert told["state"] == "lacking"
    assert datetime.fromisoformat(told["checked_at"]) == at


def test_a_check_asked_for_twice_is_one(hers, mailbox):
    first = hers.post(f"/mailboxes/{mailbox.pk}/coverage")
    assert first.status_code == 202
    assert first.json()["id"] == hers.post(f"/mailboxes/{mailbox.pk}/coverage").json()["id"]


def test_the_look_up_says_why(hers, his, alice, mailbox, at):
    contact = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    message = a_message(mailbox, contact, subject="Proof", at=at)
    found = hers.get("/explanations", q="proof").json()
    [item] = found["items"]
    assert (item["state"], item["message_id"]) == ("stored", str(message.pk))
    assert item["contact_ids"] == [str(contact.pk)]
    assert his.get("/explanations", q="proof").json()["items"] == []


def test_the_quarantine_is_read_replayed_and_dismissed(hers, mailbox, unreadable):
    path = f"/mailboxes/{mailbox.pk}/quarantine"
    [item] = hers.get(path).json()["items"]
    assert (item["id"], item["error"], item["parser_version"]) == (
        unreadable.pk,
        "It has no end.",
        0,
    )
    source = hers.get(f"{path}/{unreadable.pk}/source")
    assert (source.content, source["Content-Type"]) == (b"Subject: \xff\r\n", "message/rfc822")
    replayed = hers.post(f"{path}/{unreadable.pk}/replays").json()
    assert sum(replayed.values()) == 1
    MailboxMessage.objects.filter(pk=unreadable.pk).update(
        state=LedgerState.QUARANTINED, error="Still.", reason=""
    )
    assert hers.ask("DELETE", f"{path}/{unreadable.pk}").status_code == 204
    assert hers.get(path).json()["items"] == []
    assert hers.get(f"{path}/{unreadable.pk}/source").status_code == 404
