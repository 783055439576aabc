"""What is changed at Gmail afterwards: the ledger follows it, and nothing that is stored ever goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import a_mailbox, hold
from letterbook.correspondence.erasing import disconnect_and_erase
from letterbook.correspondence.models import LedgerState, MailboxMessage, Message, MessageSource
from letterbook.incoming.explaining import explain
from letterbook.incoming.removals import choose_removed_mail
from letterbook.incoming.ruling import add_rule
from letterbook.kit.refusals import NotAllowed, NotFound
from letterbook.mailboxes.labelling import keep_labels
from letterbook.mailboxes.models import RuleKind
from letterbook.providers.mail import Label
from letterbook.timeline.models import Activity

ALICE = "alice@haldenrowe.example"


@pytest.fixture
def relabel(gmail):
    def go(name: str, *, add=(), remove=()) -> None:
        gmail.mailbox(ALICE).relabel(name, add=frozenset(add), remove=frozenset(remove))

    return go


def ledger() -> dict[str, str]:
    rows = MailboxMessage.objects.all()
    return {row.provider_id: f"{row.state} {row.reason}".strip() for row in rows}


def kept() -> tuple[int, int, int]:
    return Message.objects.count(), MessageSource.objects.count(), Activity.objects.count()


@pytest.mark.parametrize(
    ("happens", "labels", "is_removed"),
    [
        ([("add", "SPAM"), ("remove", "INBOX")], ["SPAM", "UNREAD"], False),
        ([("add", "TRASH"), ("remove", "INBOX")], ["TRASH", "UNREAD"], False),
        ([("add", "TRASH"), ("remove", "INBOX"), ("delete", "")], ["TRASH", "UNREAD"], True),
        ([("remove", "INBOX"), ("remove", "UNREAD")], [], False),
        ([("delete", "")], ["INBOX", "UNREAD"], True),
        ([("add", "TRASH"), ("remove", "TRASH")], ["INBOX", "UNREAD"], False),
    ],
    ids=["spam", "bin", "bin, then emptied", "archived and read", "deleted", "binned and back"],
)
@pytest.mark.parametrize("is_told_at_once", [True, False])
def test_whatever_happens_to_a_stored_email_at_gmail_it_stays(
    mailbox, gmail, arrive, read, anna, relabel, happens, labels, is_removed, is_told_at_once
):
    """S55, S80: labels follow and a deletion is marked, told step by step or in one piece."""
    name = arrive(1)
    read(mailbox)
    before = kept()
    for verb, label in happens:
        if verb == "delete":
            gmail.mailbox(ALICE).remove(name)
        else:
            relabel(name, **{verb: (label,)})
        if not is_told_at_once:
            read(mailbox)
    read(mailbox)
    row = MailboxMessage.objects.get()
    assert (row.state, row.reason) == (LedgerState.STORED, "")
    assert (sorted(row.labels), row.is_removed_at_source) == (labels, is_removed)
    assert kept() == before == (1, 1, 1)


def test_what_was_deleted_says_so_where_somebody_asks(
    mailbox, alice, gmail, arrive, read, anna, at
):
    """S55."""
    name = arrive(1)
    read(mailbox)
    gmail.mailbox(ALICE).remove(name)
    read(mailbox)
    [found] = explain(alice, name, clock=lambda: at).found
    assert found.reason.state == "stored"
    assert "At Gmail it was deleted since; here it is kept." in found.reason.why


def test_what_was_in_spam_and_is_deleted_there_was_never_here(
    mailbox, gmail, arrive, read, anna, relabel
):
    read(mailbox)
    name = arrive(1, labels=("SPAM",))
    read(mailbox)
    gmail.mailbox(ALICE).remove(name)
    read(mailbox)
    assert ledger() == {name: "skipped spam"}
    assert kept() == (0, 0, 0)


@pytest.mark.parametrize(("place", "reason"), [("SPAM", "spam"), ("TRASH", "trash")])
def test_what_was_rescued_is_stored_and_stays_when_it_goes_back(
    mailbox, arrive, read, anna, relabel, place, reason
):
    """S67: rescued mail is fetched with its whole content."""
    read(mailbox)
    name = arrive(1, labels=(place,))
    read(mailbox)
    assert ledger() == {name: f"skipped {reason}"}
    relabel(name, add=("INBOX",), remove=(place,))
    read(mailbox)
    relabel(name, add=(place,), remove=("INBOX",))
    read(mailbox)
    assert ledger() == {name: "stored"}
    assert kept() == (1, 1, 1)


def test_a_draft_that_was_saved_many_times_is_stored_once_it_is_sent(
    mailbox, gmail, arrive, read, anna
):
    """S40: each save has an id of its own; only what was sent is an email."""
    read(mailbox)
    letter = {"sender": ALICE, "to": "anna@lindwerk.example"}
    for number in range(3):
        name = arrive(number, labels=("DRAFT",), **letter)
        read(mailbox)
        gmail.mailbox(ALICE).remove(name)
    sent = arrive(3, labels=("SENT",), **letter)
    read(mailbox)
    states = ledger()
    assert states.pop(sent) == "stored"
    assert set(states.values()) == {"skipped draft"}
    assert Message.objects.get().direction == "out"


def test_a_draft_that_keeps_its_id_when_it_is_sent_is_stored(mailbox, arrive, read, anna, relabel):
    read(mailbox)
    name = arrive(1, labels=("DRAFT",), sender=ALICE, to="anna@lindwerk.example")
    read(mailbox)
    relabel(name, add=("SENT",), remove=("DRAFT",))
    read(mailbox)
    assert ledger() == {name: "stored"}
    assert Message.objects.get().direction == "out"


def test_a_label_that_changes_on_a_strangers_email_fetches_nothing(
    mailbox, gmail, arrive, read, anna, relabel
):
    """S42: mail that was left out for want of a contact is not looked at again for a star."""
    read(mailbox)
    name = arrive(1, sender="x@y.example")
    read(mailbox)
    fetched = gmail.counts["messages.get"]
    relabel(name, add=("STARRED",))
    read(mailbox)
    assert ledger() == {name: "skipped no_contact"}
    assert gmail.counts["messages.get"] == fetched


def test_what_was_deleted_while_the_history_was_lost_is_kept_too(
    mailbox, gmail, arrive, read, anna, at
):
    """S55: with nobody to tell of the deletion, the listing that makes up for it takes nothing away."""
    names = [arrive(number) for number in (1, 2)]
    read(mailbox)
    gmail.mailbox(ALICE).remove(names[0])
    gmail.expire_history(ALICE)
    read(mailbox, at=at + timedelta(minutes=5))
    assert set(ledger().values()) == {"stored"}
    assert kept() == (2, 2, 2)


def test_labels_that_decide_are_asked_for_anew_when_the_history_was_lost(
    mailbox, alice, bob, gmail, arrive, read, anna, at
):
    """S76: what was made private meanwhile is hidden, and what a rule left out follows its label."""
    account = gmail.mailbox(ALICE)
    account.user_labels |= {"Label_1": "Private", "Label_2": "Newsletter"}
    plain, private, out, back = (
        arrive(1),
        arrive(2),
        arrive(3),
        arrive(4, labels=("INBOX", "Label_2")),
    )
    read(mailbox)
    keep_labels(mailbox, [Label("Label_2", "Newsletter", is_own=True)])
    add_rule(alice, mailbox=mailbox, kind=RuleKind.LABEL, text="Newsletter", at=at)
    account.relabel(back, add=frozenset({"STARRED"}), remove=frozenset())
    later = arrive(5, labels=("INBOX", "Label_2"))
    read(mailbox)
    assert ledger()[later] == "skipped label"
    nothing = frozenset[str]()
    account.relabel(private, add=frozenset({"Label_1"}), remove=nothing)
    account.relabel(later, add=nothing, remove=frozenset({"Label_2"}))
    gmail.expire_history(ALICE)
    for minutes in (5, 10):
        assert not read(mailbox, at=at + timedelta(minutes=minutes)).error
    assert ledger() == dict.fromkeys([plain, private, out, back, later], "stored")
    seen = Message.objects.visible_to(bob).values_list("copies__provider_id", flat=True)
    assert set(seen) == {plain, out, back, later}


def test_a_label_called_private_hides_though_it_was_made_after_connecting(
    mailbox, bob, gmail, arrive, read, anna
):
    """S76: its name is asked for when the first email bears it."""
    plain, private = arrive(1), arrive(2)
    read(mailbox)
    account = gmail.mailbox(ALICE)
    account.user_labels |= {"Label_7": "Private"}
    account.relabel(private, add=frozenset({"Label_7"}), remove=frozenset())
    read(mailbox)
    seen = Message.objects.visible_to(bob).values_list("copies__provider_id", flat=True)
    assert set(seen) == {plain}


def test_what_is_deleted_is_hidden_where_the_owner_wants_that_and_shown_again(
    mailbox, alice, bob, gmail, arrive, read, anna, at
):
    """S55: hidden from everybody and still kept; another mailbox that holds the email shows it still."""
    names = [arrive(number) for number in (1, 2, 3)]
    read(mailbox)
    hold(Message.objects.get(subject="Letter 2"), a_mailbox(bob))
    seen = Message.objects.visible_to(alice)
    gmail.mailbox(ALICE).remove(names[0])
    read(mailbox)
    assert seen.all().count() == 3
    assert choose_removed_mail(alice, mailbox, is_hidden=True, at=at) == 1
    assert choose_removed_mail(alice, mailbox, is_hidden=True, at=at) == 0
    gmail.mailbox(ALICE).remove(names[1])
    read(mailbox)
    assert {each.subject for each in seen.all()} == {"Letter 2", "Letter 3"}
    assert {line.message.subject for line in Activity.objects.visible_to(alice)} == {
        "Letter 2",
        "Letter 3",
    }
    [found] = explain(alice, names[0], clock=lambda: at).found
    assert "Alice Halden hides what is deleted there" in found.reason.why
    assert kept() == (3, 3, 3)
    assert choose_removed_mail(alice, mailbox, is_hidden=False, at=at) == 2
    assert seen.all().count() == 3
    assert set(ledger().values()) == {"stored"}


def test_hidden_mail_is_erased_with_its_mailbox(mailbox, alice, gmail, arrive, read, anna, at):
    """S72: nothing is left behind for being out of sight."""
    name = arrive(1)
    read(mailbox)
    gmail.mailbox(ALICE).remove(name)
    read(mailbox)
    choose_removed_mail(alice, mailbox, is_hidden=True, at=at)
    disconnect_and_erase(alice, mailbox, at=at)
    assert kept() == (0, 0, 0)


def test_only_the_owner_hides_what_is_deleted(mailbox, bob, charlie, at):
    for member, refusal in ((bob, NotAllowed), (charlie, NotFound)):
        with pytest.raises(refusal):
            choose_removed_mail(member, mailbox, is_hidden=True, at=at)
    mailbox.refresh_from_db()
    assert not mailbox.is_removed_mail_hidden
