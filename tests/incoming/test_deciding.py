"""What a mailbox's policy makes of its messages, and what becomes of those that cannot be read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from factories import a_mailbox
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.models import (
    LedgerState,
    MailboxMessage,
    Message,
    MessageSource,
    QuarantinedSource,
    Thread,
    ThreadKey,
)
from letterbook.correspondence.sources import pack_source
from letterbook.correspondence.storing import store_copies
from letterbook.incoming import reading
from letterbook.incoming.replaying import replay_quarantine
from letterbook.incoming.storing import Decided, decide_and_store
from letterbook.mailboxes.models import Mailbox, StoringPolicy
from letterbook.providers.mail import ProviderMessage
from letterbook.timeline.models import Activity
from letters import FIRST_DAY, a_letter

ALICE = "alice@haldenrowe.example"


@pytest.fixture
def box(alice) -> Mailbox:
    return a_mailbox(alice, address=ALICE)


def fetched(
    number: int = 1, raw: bytes | None = None, labels=("INBOX",), **letter
) -> ProviderMessage:
    raw = a_letter(number, **letter) if raw is None else raw
    return ProviderMessage(f"{number:016x}", f"t{number}", frozenset(labels), FIRST_DAY, raw)


def with_policy(mailbox: Mailbox, policy: StoringPolicy) -> Mailbox:
    mailbox.policy = policy
    return mailbox


def known() -> set[str]:
    return set(ContactAddress.objects.values_list("key", flat=True))


def test_unknown_mail_leaves_no_content_behind(box, at):
    """S42."""
    decided = decide_and_store(box, [fetched(sender="x@y.example", subject="Secret")], at=at)
    assert decided == Decided(skipped=1)
    row = MailboxMessage.objects.get()
    assert (row.state, row.reason, row.provider_at) == (
        LedgerState.SKIPPED,
        "no_contact",
        FIRST_DAY,
    )
    for model in (Message, MessageSource, Thread, ThreadKey, QuarantinedSource, Contact, Activity):
        assert not model.objects.exists()


@pytest.mark.parametrize("step", ["record_copies", "record_news", "write_fates", "write_gone"])
def test_whoever_is_killed_half_way_leaves_neither_contacts_nor_emails(box, at, monkeypatch, step):
    """S44: who becomes a contact by an email does so with it, and a batch is decided as one."""

    def die(*_args: object, **_more: object) -> None:
        raise Killed

    monkeypatch.setattr(f"letterbook.incoming.storing.{step}", die)
    with pytest.raises(Killed):
        decide_and_store(with_policy(box, StoringPolicy.EVERYONE), [fetched()], at=at)
    for model in (Contact, Message, Thread, Activity, MailboxMessage):
        assert not model.objects.exists()


class Killed(BaseException):
    """As a killed worker: nothing catches it."""


def test_people_we_write_to_become_contacts_and_others_do_not(box, at):
    sent = fetched(
        1,
        sender=ALICE,
        to="Anna Lind <anna@lindwerk.example>",
        cc="bo@x.example",
        bcc="c@x.example",
        labels=("SENT",),
    )
    received = fetched(2, sender="x@y.example", cc="z@y.example")
    decided = decide_and_store(with_policy(box, StoringPolicy.WRITTEN_TO), [sent, received], at=at)
    assert decided == Decided(stored=1, skipped=1)
    assert known() == {"anna@lindwerk.example", "bo@x.example", "c@x.example"}
    anna = Contact.objects.get(addresses__key="anna@lindwerk.example")
    assert (anna.name, anna.addresses.get().is_primary, anna.created_at) == ("Anna Lind", True, at)
    assert anna.sort_key == "anna lind"
    assert Activity.objects.count() == 3


def test_everyone_becomes_a_contact_but_ourselves_and_machines(box, alice, bob, at):
    a_mailbox(bob, address="bob@haldenrowe.example")
    letters = [
        fetched(
            1,
            sender="Anna@Lindwerk.example",
            to=f"{ALICE}, bob@haldenrowe.example",
            cc="'Bo' <bo@x.example>",
        ),
        fetched(2, sender="MAILER-DAEMON@x.example"),
        fetched(3, sender="no-reply@shop.example"),
        fetched(4, sender="noreply-accounts@shop.example"),
        fetched(5, sender="donotreply@shop.example"),
        fetched(6, sender="list-bounces@lists.example"),
        fetched(7, sender="bob@haldenrowe.example"),
        fetched(8, sender="not an address"),
    ]
    decided = decide_and_store(with_policy(box, StoringPolicy.EVERYONE), letters, at=at)
    assert known() == {"anna@lindwerk.example", "bo@x.example"}
    assert Contact.objects.get(addresses__key="bo@x.example").name == "Bo"
    assert decided == Decided(stored=1, skipped=7)


def test_whoever_is_met_has_the_first_name_that_an_email_tells(box, at):
    """Not the address that programs write in its place, and nothing that hides or reorders what stands beside it."""
    letters = [
        fetched(1, sender="bo@x.example", cc='"cy@x.example" <cy@x.example>'),
        fetched(2, sender='"Bo\u202e\u0416" <BO@x.example>', cc="Cy <cy@x.example>"),
        fetched(3, sender="Bo the Second <bo@x.example>"),
        fetched(4, sender="=?utf-8?q?D=00=0D=0ABcc=3A_" + "x" * 250 + "?= <d@x.example>"),
    ]
    decide_and_store(with_policy(box, StoringPolicy.EVERYONE), letters, at=at)
    names = dict(ContactAddress.objects.values_list("key", "contact__name"))
    assert (names["bo@x.example"], names["cy@x.example"]) == ("BoЖ", "Cy")
    assert names["d@x.example"].startswith("D\ufffd Bcc: xxx")
    assert len(names["d@x.example"]) == 200


def test_somebody_met_in_one_mailbox_is_linked_to_what_another_had_stored(
    box, alice, make_contact, at
):
    """S63: for every contact on every stored message there is an activity."""
    make_contact("Anna", "anna@lindwerk.example")
    decide_and_store(box, [fetched(1, cc="bo@x.example")], at=at)
    other = with_policy(a_mailbox(alice), StoringPolicy.EVERYONE)
    decide_and_store(other, [fetched(2, sender="bo@x.example")], at=at)
    assert Activity.objects.filter(contact__addresses__key="bo@x.example").count() == 2


def test_a_message_that_cannot_be_read_is_kept_and_holds_up_no_other(box, make_contact, at):
    """F27."""
    make_contact("Anna", "anna@lindwerk.example")
    decided = decide_and_store(box, [fetched(1), fetched(2, raw=b"\r\n"), fetched(3)], at=at)
    assert decided == Decided(stored=2, quarantined=1)
    row = MailboxMessage.objects.get(state=LedgerState.QUARANTINED)
    assert "empty" in row.error
    assert row.quarantined_source.raw_zstd


def test_a_bug_of_the_parser_concerns_one_message_only(box, make_contact, at, monkeypatch):
    make_contact("Anna", "anna@lindwerk.example")
    parse = reading.parse_message
    monkeypatch.setattr(
        reading, "parse_message", lambda raw: 1 / 0 if b"letter 2." in raw else parse(raw)
    )
    assert decide_and_store(box, [fetched(1), fetched(2)], at=at) == Decided(
        stored=1, quarantined=1
    )
    monkeypatch.undo()
    assert replay_quarantine(box, at=at) == Decided(stored=1)
    assert Message.objects.count() == Activity.objects.count() == 2
    assert not QuarantinedSource.objects.exists()


def test_the_one_message_that_the_database_refuses_is_found(box, make_contact, at, monkeypatch):
    """The parser promises storable text; if it breaks its word, one message pays for it, not its batch."""
    make_contact("Anna", "anna@lindwerk.example")
    parse = reading.parse_message

    def careless(raw):
        parsed = parse(raw)
        bad = {b"letter 3.": "a\0b", b"letter 6.": "half \ud800"}
        subject = next((text for mark, text in bad.items() if mark in raw), parsed.subject)
        return replace(parsed, subject=subject)

    monkeypatch.setattr(reading, "parse_message", careless)
    decided = decide_and_store(box, [fetched(n) for n in range(1, 9)], gone=["99"], at=at)
    assert decided == Decided(stored=6, quarantined=2, gone=1)
    bad = MailboxMessage.objects.filter(state=LedgerState.QUARANTINED).order_by("provider_id")
    assert [int(row.provider_id, 16) for row in bad] == [3, 6]
    assert "could not be stored" in bad[0].error
    assert "surrogates not allowed" in bad[1].error
    monkeypatch.undo()
    assert replay_quarantine(box, provider_ids=[bad[0].provider_id], at=at) == Decided(stored=1)
    assert replay_quarantine(box, at=at) == Decided(stored=1)


def test_what_a_replay_skips_leaves_no_content_behind(box, at):
    decide_and_store(box, [fetched(1, raw=b" ")], at=at)
    source = QuarantinedSource.objects.get()
    QuarantinedSource.objects.filter(pk=source.pk).update(raw_zstd=pack_source(a_letter(1)))
    assert replay_quarantine(box, at=at) == Decided(skipped=1)
    assert not QuarantinedSource.objects.exists()


def test_what_was_never_fetched_waits_again_after_a_replay(box, at):
    MailboxMessage.objects.create(
        mailbox=box,
        team=box.team,
        provider_id="a",
        state=LedgerState.QUARANTINED,
        error="no",
        listed_at=at,
    )
    assert replay_quarantine(box, at=at) == Decided(waiting=1)
    assert MailboxMessage.objects.get().state == LedgerState.WAITING


def test_what_is_stored_stays_stored_whatever_comes_later(box, make_contact, at):
    make_contact("Anna", "anna@lindwerk.example")
    decide_and_store(box, [fetched(1)], at=at)
    for again in (fetched(1, labels=("SPAM",)), fetched(1, raw=b" "), fetched(1)):
        decide_and_store(box, [again], at=at)
    row = MailboxMessage.objects.get()
    assert (row.state, row.message_id) == (LedgerState.STORED, Message.objects.get().id)
    assert not QuarantinedSource.objects.exists()


def test_a_batch_takes_the_same_statements_whatever_its_size(box, make_contact, at):
    make_contact("Anna", "anna@lindwerk.example")
    with_policy(box, StoringPolicy.EVERYONE)

    def statements(numbers) -> int:
        batch = [fetched(n, sender=f"p{n}@x.example") for n in numbers]
        batch += [fetched(1000 + n, labels=("SPAM",)) for n in numbers]
        batch += [fetched(2000 + n, raw=b" ") for n in numbers]
        with CaptureQueriesContext(connection) as queries:
            decide_and_store(box, batch, at=at)
        return len(queries)

    statements(range(900, 902))
    assert statements(range(1, 3)) == statements(range(100, 160)) <= 48


@pytest.mark.django_db(transaction=True)
def test_many_workers_with_the_same_batch_and_the_same_newcomers_store_it_once(alice, at):
    """S40: several threads, several mailboxes, everyone on it new."""
    addresses = (ALICE, "two@haldenrowe.example", "three@haldenrowe.example")
    boxes = [
        with_policy(a_mailbox(alice, address=each), StoringPolicy.EVERYONE) for each in addresses
    ]
    batch = [fetched(n, sender=f"p{n % 5}@x.example", cc=f"q{n}@x.example") for n in range(1, 21)]

    def work(number: int) -> None:
        decide_and_store(boxes[number % 3], batch[number:] + batch[:number], at=at)
        connections.close_all()

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(8)))
    assert Message.objects.count() == 20
    assert MailboxMessage.objects.count() == 60
    assert Contact.objects.count() == ContactAddress.objects.count() == 25
    assert Activity.objects.count() == 40


def test_reading_a_mailbox_and_then_another_adds_rows_but_no_second_message(
    box, alice, make_contact, at
):
    make_contact("Anna", "anna@lindwerk.example")
    decide_and_store(box, [fetched(1)], at=at)
    assert decide_and_store(a_mailbox(alice), [fetched(1)], at=at) == Decided(repeated=1)
    assert store_copies(box, [], own={}, at=at) == {}
