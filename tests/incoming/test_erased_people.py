"""Whoever was erased stays so: nothing that is read, imported or created brings them back unasked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from factories import a_note
from letterbook.contacts.models import Contact, ErasedAddress
from letterbook.contacts.tombstones import ErasedPerson, erased_among, rotate_erasure_keys
from letterbook.correspondence.models import (
    LedgerState,
    MailboxMessage,
    Message,
    QuarantinedSource,
    SkipReason,
)
from letterbook.correspondence.sources import pack_source
from letterbook.incoming.explaining import explain
from letterbook.kit.refusals import NotNow
from letterbook.mailboxes.models import Mailbox, StoringPolicy
from letterbook.outgoing.erasing import erase_contact
from letterbook.project.verification import verify
from letterbook.search.finding import search
from letterbook.timeline.acquainting import add_contact, add_contact_address, bring_contacts
from letterbook.timeline.models import Activity
from letters import a_letter
from whole_database import where_it_says

ANNA = "anna@lindwerk.example"
BORIS = "boris@lindwerk.example"


@pytest.fixture
def boris(make_contact) -> Contact:
    """Somebody else at the same company."""
    return make_contact("Boris Berg", BORIS)


def test_after_erasing_a_first_retrieval_again_brings_nothing_of_them_back(
    alice, mailbox, arrive, read, anna, at
):
    """S72: neither stored, nor searched, nor counted; no source, no job, no log holds the address."""
    Mailbox.objects.filter(pk=mailbox.pk).update(policy=StoringPolicy.EVERYONE)
    hers = [arrive(number, text="The zeppelin flies at noon.") for number in (1, 2)]
    sent = arrive(3, labels=("SENT",), sender="alice@haldenrowe.example", to=ANNA)
    unreadable = arrive(4)
    read(mailbox)
    _quarantine(mailbox, unreadable, a_letter(4), at=at)
    a_note(alice, anna, text=f"Write to {ANNA} only.")
    assert {"correspondence_message", "correspondence_messagesource"} <= where_it_says(ANNA)
    assert "correspondence_quarantinedsource" in where_it_says(ANNA)
    erase_contact(alice, anna, at=at)
    assert where_it_says(ANNA) == set()
    # Everything is listed and fetched anew, as after connecting the mailbox again.
    MailboxMessage.objects.all().delete()
    Mailbox.objects.update(history_cursor="", listed_at=None, listing_page=None)
    run = read(mailbox, at=at + timedelta(hours=1))
    assert (run.error, run.stored, run.skipped) == ("", 0, 4)
    assert where_it_says(ANNA) == set()
    assert where_it_says("zeppelin") == set()
    rows = MailboxMessage.objects.values_list("provider_id", "state", "reason", "message", "bcc")
    assert {row[1:] for row in rows} == {("skipped", "erased", None, None)}
    assert {row[0] for row in rows} == {*hers, sent, unreadable}
    assert not search(alice, "zeppelin").hits
    assert not Contact.objects.exists()
    assert not Activity.with_deleted.exists()
    assert [flaw for proof in verify() for flaw in proof.flaws] == []
    (told,) = explain(alice, hers[0], clock=lambda: at).found
    assert "was erased from this team" in told.reason.why


def test_the_ledger_keeps_what_was_seen_and_says_why_it_is_not_here(
    alice, mailbox, arrive, read, anna, at
):
    """S72: the numbers stay right without fetching anything again."""
    hers = arrive(1)
    read(mailbox)
    erase_contact(alice, anna, at=at)
    row = MailboxMessage.objects.get(provider_id=hers)
    assert (row.state, row.reason, row.message_id) == (LedgerState.SKIPPED, SkipReason.ERASED, None)
    assert read(mailbox, at=at + timedelta(hours=1)).stored == 0
    assert where_it_says(ANNA) == set()


def test_what_others_are_on_stays_whole_and_makes_nobody_a_contact(
    alice, mailbox, arrive, read, anna, boris, at
):
    """S72: the correspondence of somebody else is theirs, before and after."""
    Mailbox.objects.filter(pk=mailbox.pk).update(policy=StoringPolicy.EVERYONE)
    arrive(1, cc=BORIS)
    arrive(2)
    read(mailbox)
    erase_contact(alice, anna, at=at)
    assert Message.objects.get().message_id == "1@lindwerk.example"
    later = arrive(3, cc=BORIS), arrive(4, cc="carla@nowhere.example")
    read(mailbox, at=at + timedelta(hours=1))
    states = dict(MailboxMessage.objects.values_list("provider_id", "state"))
    assert [states[one] for one in later] == ["stored", "skipped"]
    assert [one.name for one in Contact.objects.all()] == ["Boris Berg"]
    assert [flaw for proof in verify() for flaw in proof.flaws] == []


def test_a_file_of_contacts_leaves_out_who_was_erased(alice, anna, at):
    erase_contact(alice, anna, at=at)
    content = f"Name,Email\nAnna Lind,{ANNA}\nBoris Berg,{BORIS}\n".encode()
    outcome = bring_contacts(alice, content, filename="people.csv", at=at)
    assert (outcome.created, [row.line for row in outcome.refused]) == (1, [2])
    assert "was erased" in outcome.refused[0].reason
    assert [one.name for one in Contact.objects.all()] == ["Boris Berg"]


def test_who_wants_an_erased_person_back_confirms_it(
    alice, charlie, mailbox, arrive, read, anna, boris, at
):
    """S72: and then their mail comes; in another team nobody was erased."""
    hers = arrive(1)
    read(mailbox)
    erase_contact(alice, anna, at=at)
    with pytest.raises(ErasedPerson, match="was erased"):
        add_contact(alice, addresses=[ANNA.upper()], at=at)
    with pytest.raises(ErasedPerson):
        add_contact_address(alice, boris, address=ANNA, at=at)
    assert add_contact(charlie, addresses=[ANNA], at=at).team_id == charlie.team_id
    add_contact(alice, addresses=[ANNA], brings_back=True, at=at + timedelta(minutes=1))
    assert not ErasedAddress.objects.exists()
    read(mailbox, at=at + timedelta(hours=1))
    assert MailboxMessage.objects.get(provider_id=hers).state == LedgerState.STORED


def test_a_tombstone_outlives_new_keys_and_is_worth_nothing_without_them(alice, anna, at, settings):
    erase_contact(alice, anna, at=at)
    fresh = Fernet.generate_key().decode()
    settings.SECRET_KEYS = [fresh, *settings.SECRET_KEYS]
    assert rotate_erasure_keys() == 1
    settings.SECRET_KEYS = [fresh]
    assert erased_among(alice.team_id, [ANNA, BORIS]) == {ANNA}
    settings.SECRET_KEYS = [Fernet.generate_key().decode()]
    # Better nothing is stored than somebody who was erased.
    with pytest.raises(NotNow):
        erased_among(alice.team_id, [ANNA])


def _quarantine(mailbox: Mailbox, provider_id: str, raw: bytes, *, at) -> None:
    """Let a message be one that no parser could read."""
    Message.objects.filter(copies__provider_id=provider_id).delete()
    row = MailboxMessage.objects.create(
        mailbox=mailbox,
        team_id=mailbox.team_id,
        provider_id=provider_id,
        state=LedgerState.QUARANTINED,
        error=f"It says {ANNA} twice.",
        listed_at=at,
    )
    QuarantinedSource.objects.create(
        mailbox_message=row,
        team_id=mailbox.team_id,
        raw_zstd=pack_source(raw),
        parser_version=1,
        at=at,
    )
