"""Whoever becomes a contact brings their old mail along."""

from __future__ import annotations

from datetime import timedelta

import pytest

from letterbook.correspondence.models import (
    LaterFact,
    LedgerState,
    MailboxMessage,
    Message,
    SkipReason,
)
from letterbook.incoming import reaching_back
from letterbook.incoming.coverage import coverage_of, first_progress
from letterbook.mailboxes.keeping import change_policy
from letterbook.mailboxes.models import StoringPolicy
from letterbook.timeline.models import Activity
from reported import NO_SUCH_USER, report


def test_the_old_mail_of_a_new_contact_is_fetched_and_linked(
    mailbox, gmail, arrive, read, make_contact, at
):
    """S57, S79: what was left out because nobody knew them is in their history at the next retrieval."""
    arrive(1)
    arrive(
        2,
        labels=("SENT",),
        sender="alice@haldenrowe.example",
        to="x@y.example",
        cc="anna@lindwerk.example",
    )
    arrive(3, sender="x@y.example")
    assert read(mailbox).skipped == 3
    anna = make_contact("Anna", "anna@lindwerk.example")
    run = read(mailbox, at=at + timedelta(minutes=5))
    assert (run.error, run.stored) == ("", 2)
    assert Activity.objects.filter(contact=anna).count() == 2
    assert MailboxMessage.objects.filter(state=LedgerState.SKIPPED).count() == 1


def test_a_provider_that_says_no_is_asked_again(mailbox, gmail, arrive, read, make_contact, at):
    arrive(1)
    read(mailbox)
    make_contact("Anna", "anna@lindwerk.example")
    gmail.fail("messages.list", "refuse:503")
    assert read(mailbox, at=at + timedelta(minutes=5)).error
    assert read(mailbox, at=at + timedelta(minutes=10)).stored == 1


def test_it_is_not_asked_for_ever(mailbox, gmail, arrive, read, make_contact, at):
    """Only until a contact whose commit took its time would have been seen."""
    read(mailbox)
    make_contact("Anna", "anna@lindwerk.example")
    for minutes in (5, 60, 120, 180):
        read(mailbox, at=at + timedelta(minutes=minutes))
    assert gmail.counts["messages.list"] == 1 + 2


def test_many_new_contacts_are_asked_for_together(mailbox, gmail, arrive, read, make_contact, at):
    for number in range(25):
        arrive(number, sender=f"p{number}@x.example")
    read(mailbox)
    for number in range(25):
        make_contact(f"P{number}", f"p{number}@x.example")
    assert read(mailbox, at=at + timedelta(minutes=5)).stored == 25
    assert gmail.counts["messages.list"] == 1 + 2


@pytest.mark.parametrize("policy", [StoringPolicy.EVERYONE, StoringPolicy.WRITTEN_TO])
def test_people_we_write_to_bring_their_old_mail_too(mailbox, gmail, arrive, read, at, policy):
    type(mailbox).objects.update(policy=policy)
    arrive(1)
    read(mailbox)
    arrive(2, labels=("SENT",), sender="alice@haldenrowe.example", to="anna@lindwerk.example")
    read(mailbox, at=at + timedelta(minutes=5))
    read(mailbox, at=at + timedelta(minutes=10))
    assert Message.objects.count() == Activity.objects.count() == 2


WIDER = [
    (StoringPolicy.KNOWN_CONTACTS, StoringPolicy.WRITTEN_TO, 2),
    (StoringPolicy.KNOWN_CONTACTS, StoringPolicy.EVERYONE, 3),
    (StoringPolicy.WRITTEN_TO, StoringPolicy.EVERYONE, 3),
]


@pytest.mark.parametrize(("before", "after", "stored"), WIDER)
def test_a_wider_policy_brings_the_old_mail(
    alice, mailbox, gmail, arrive, read, at, before, after, stored
):
    """S67: what was left out under the policy of that time comes under a wider one, once."""
    change_policy(alice, mailbox, policy=before, at=at)
    arrive(1)
    arrive(2, sender="stranger@x.example")
    arrive(3, labels=("SENT",), sender="alice@haldenrowe.example", to="anna@lindwerk.example")
    read(mailbox)
    change_policy(alice, mailbox, policy=after, at=at)
    # Whoever becomes a contact by the first run brings their old mail in the second.
    for minutes in (5, 10):
        assert not read(mailbox, at=at + timedelta(minutes=minutes)).error
    assert Message.objects.count() == stored
    asked = dict(gmail.counts)
    read(mailbox, at=at + timedelta(minutes=60))
    assert gmail.counts["messages.get"] == asked["messages.get"]


def test_what_no_person_is_on_is_not_fetched_again_and_again(
    alice, mailbox, gmail, arrive, read, at
):
    change_policy(alice, mailbox, policy=StoringPolicy.EVERYONE, at=at)
    arrive(1, sender="no-reply@shop.example")
    for minutes in (0, 5, 10):
        read(mailbox, at=at + timedelta(minutes=minutes))
    assert gmail.counts["messages.get"] == 1
    row = MailboxMessage.objects.get()
    assert (row.state, row.reason) == (LedgerState.SKIPPED, SkipReason.NO_PERSON)


@pytest.fixture
def large(monkeypatch):
    """Let every mailbox count as too large to be fetched whole."""
    monkeypatch.setattr(reaching_back, "FETCHED_WHOLE", 0)


def test_of_a_large_mailbox_only_the_mail_with_contacts_is_fetched(
    large, mailbox, gmail, arrive, read, anna, at
):
    """S42, S79: the rest is in the ledger all the same, with its reason, and nothing of it was ever fetched."""
    arrive(1)
    arrive(2, sender="x@y.example", cc="anna@lindwerk.example")
    for number in range(3, 9):
        arrive(number, sender="x@y.example")
    run = read(mailbox)
    assert (run.error, run.stored, gmail.counts["messages.get"]) == ("", 2, 2)
    coverage = coverage_of([mailbox])[mailbox.pk]
    assert (coverage.known, coverage.skipped) == (8, {"not_fetched": 6})
    assert coverage.is_complete


def test_of_a_large_mailbox_a_contact_in_reply_to_alone_and_old_reports_are_found_too(
    large, mailbox, gmail, arrive, read, anna, at
):
    """S79: Gmail has no word for Reply-To, and no contact is on a report of what became of our email."""
    arrive(1, sender="form@shop.example", headers=("Reply-To: anna@lindwerk.example",))
    arrive(2, labels=("SENT",), sender="alice@haldenrowe.example", to="anna@lindwerk.example")
    gone = report("2@lindwerk.example", ("anna@lindwerk.example", "5.1.1", NO_SUCH_USER))
    gmail.inject("alice@haldenrowe.example", gone, labels=("INBOX",), received_at=at)
    arrive(3, sender="x@y.example")
    assert read(mailbox).error == ""
    assert coverage_of([mailbox])[mailbox.pk].skipped == {"not_fetched": 1}
    assert LaterFact.objects.get().recipient == "anna@lindwerk.example"


def test_what_comes_later_is_read_by_ourselves(large, mailbox, gmail, arrive, read, anna, at):
    arrive(1)
    read(mailbox)
    arrive(2, sender="x@y.example")
    read(mailbox, at=at + timedelta(minutes=5))
    assert coverage_of([mailbox])[mailbox.pk].skipped == {"no_contact": 1}


def test_who_becomes_a_contact_brings_what_was_never_fetched(
    large, mailbox, gmail, arrive, read, make_contact, at
):
    for number in range(4):
        arrive(number, sender=f"p{number % 2}@x.example")
    assert read(mailbox).stored == 0
    assert "messages.get" not in gmail.counts
    make_contact("P", "p1@x.example")
    assert read(mailbox, at=at + timedelta(minutes=5)).stored == 2


def test_people_we_wrote_to_become_contacts_in_a_large_mailbox_too(
    large, alice, mailbox, arrive, read, at
):
    change_policy(alice, mailbox, policy=StoringPolicy.WRITTEN_TO, at=at)
    arrive(1)
    arrive(2, sender="x@y.example")
    arrive(3, labels=("SENT",), sender="alice@haldenrowe.example", to="anna@lindwerk.example")
    read(mailbox)
    read(mailbox, at=at + timedelta(minutes=5))
    assert Message.objects.count() == 2


def test_a_large_mailbox_that_is_to_keep_all_is_fetched_whole(
    large, alice, mailbox, gmail, arrive, read, at
):
    for number in range(4):
        arrive(number, sender=f"p{number}@x.example")
    read(mailbox)
    change_policy(alice, mailbox, policy=StoringPolicy.EVERYONE, at=at)
    assert read(mailbox, at=at + timedelta(minutes=5)).stored == 4


def test_a_listing_that_is_refused_half_way_asks_for_the_contacts_again(
    large, mailbox, gmail, arrive, read, anna, make_contact, at
):
    arrive(1)
    arrive(2, sender="bo@lindwerk.example")
    gmail.fail("messages.list", "refuse:503", skip=1)
    assert read(mailbox).error
    make_contact("Bo", "bo@lindwerk.example")
    read(mailbox, at=at + timedelta(minutes=5))
    read(mailbox, at=at + timedelta(minutes=30))
    assert Message.objects.count() == 2


def test_the_time_left_is_that_of_what_is_to_be_fetched(
    large, mailbox, gmail, arrive, read, anna, at
):
    for number in range(12):
        arrive(number, sender="x@y.example" if number > 3 else "anna@lindwerk.example")
    gmail.fail("messages.get", "refuse:429", skip=2)
    read(mailbox)
    mailbox.refresh_from_db()
    coverage = coverage_of([mailbox])[mailbox.pk]
    progress = first_progress(mailbox, coverage, at=at + timedelta(minutes=1))
    assert progress is not None
    fetched = coverage.stored
    assert fetched + coverage.waiting == 4
    assert progress.time_left == timedelta(minutes=1) * coverage.waiting / fetched
