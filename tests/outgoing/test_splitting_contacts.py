"""One contact becomes two, with what came by the addresses of each; merging them undoes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message, a_note
from letterbook.contacts.holding import Held, hold_contact
from letterbook.contacts.keeping import add_address, make_primary
from letterbook.contacts.models import Contact, ContactAddress, ContactSplit
from letterbook.correspondence.models import Message
from letterbook.correspondence.sharing.choosing import share_contact
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.merging import merge_contacts
from letterbook.outgoing.models import Recipient
from letterbook.outgoing.splitting import (
    preview_split,
    split_contact,
    splits_of,
    undo_split,
)
from letterbook.project.verification import verify
from letterbook.teams.models import AuditEntry
from letterbook.timeline.models import Activity

ANNA = "anna@lindwerk.example"
HOME = "lind@home.example"


@pytest.fixture
def box(alice) -> Mailbox:
    return a_mailbox(alice)


@pytest.fixture
def anna(alice, box, at) -> Contact:
    """Two people in one contact: mail by the one, by the other, and by both."""
    found = a_contact(alice, "Anna Lind", ANNA)
    other = a_contact(alice, "Nils Lind", HOME)
    a_message(box, found)
    a_message(box, other)
    a_message(box, other)
    a_message(box, found, other)
    merge_contacts(alice, found, gone=other, at=at)
    a_note(alice, found)
    create_draft(alice, mailbox=box, text=DraftText(to=f"{ANNA}, {HOME}", subject="Hi"), at=at)
    return found


def lines_of(contact) -> int:
    return Activity.with_deleted.filter(contact=contact, message__isnull=False).count()


def split_off(member, contact, *, name, at) -> Contact:
    """The contact that is made of the address at home."""
    made = split_contact(member, contact, addresses=[HOME], name=name, at=at)
    return Contact.objects.get(pk=made.split_id)


def flaws() -> list[str]:
    return [flaw.what for proof in verify() for flaw in proof.flaws]


def test_what_came_by_an_address_goes_with_it_and_merging_undoes_it(alice, anna, at):
    before = set(Activity.objects.values_list("contact", "message", "text"))
    shown = preview_split(alice, anna, addresses=[HOME.upper()])
    assert (shown.addresses, shown.emails, shown.shared, shown.outgoing) == ((HOME,), 2, 1, 1)
    Activity.objects.filter(message__from_address=HOME).first().delete()
    split = split_off(alice, anna, name=" Nils ", at=at)
    assert (split.name, lines_of(split), lines_of(anna)) == ("Nils", 3, 2)
    assert Activity.objects.get(message=None).contact == anna
    assert split.addresses.get().is_primary
    assert anna.addresses.get().is_primary
    assert dict(Recipient.objects.values_list("key", "contact")) == {ANNA: anna.pk, HOME: split.pk}
    assert AuditEntry.objects.get(what="contact split").details == {"other_id": str(split.pk)}
    assert flaws() == []
    merge_contacts(alice, anna, gone=split, at=at)
    assert set(Activity.objects.values_list("contact", "message", "text")) == before
    assert flaws() == []


def test_what_was_taken_out_stays_taken_out(alice, anna, at):
    Activity.objects.filter(message__isnull=False).update(deleted_at=at)
    split = split_off(alice, anna, name="", at=at)
    assert lines_of(split) == 3
    assert not Activity.objects.filter(message__isnull=False).exists()


def test_splitting_shows_nobody_more(alice, bob, anna, at):
    """S71."""
    share_contact(alice, anna, level=Sharing.PRIVATE, at=at)
    assert preview_split(bob, anna, addresses=[HOME]).emails == 0
    split_contact(bob, anna, addresses=[HOME], name="Nils", at=at)
    assert not Message.objects.visible_to(bob).exists()
    assert flaws() == []


def test_it_is_refused_where_nothing_would_be_left_or_nothing_moves(alice, charlie, anna, at):
    for addresses in ([], [ANNA, HOME], ["nobody@home.example"]):
        with pytest.raises(Invalid):
            split_contact(alice, anna, addresses=addresses, name="", at=at)
    with pytest.raises(NotFound):
        split_contact(charlie, anna, addresses=[HOME], name="", at=at)
    anna = hold_contact(alice, anna, reason="A dispute", at=at)
    with pytest.raises(Held):
        split_contact(alice, anna, addresses=[HOME], name="", at=at)
    assert ContactAddress.objects.filter(contact=anna).count() == 2


def test_the_page_shows_first_what_moves(alice, bob, charlie, anna, at):
    add_address(alice, anna, address="a@third.example", at=at)
    path = reverse("split-contact", args=[anna.pk])
    assert as_member(charlie).get(path).status_code == 404
    browser = as_member(bob)
    assert HOME in words(browser.get(path))
    refused = browser.get(path, {"name": "Nils"})
    assert (refused.status_code, "Choose addresses" in words(refused)) == (422, True)
    shown = words(browser.get(path, {"address": HOME, "name": "Nils"}))
    assert "2 emails of their history" in shown
    assert "1 email with addresses of both" in shown
    done = browser.post(path, {"address": HOME, "name": "Nils"}, follow=True)
    assert done.redirect_chain == [
        (reverse("contact", args=[Contact.objects.get(name="Nils").pk]), 303)
    ]
    assert "It can be undone for 30 days." in words(done)
    assert "Nils" in words(browser.get(path))
    undo = reverse("undo-split", args=[ContactSplit.objects.get().pk])
    assert as_member(charlie).post(undo).status_code == 404
    assert "Nils is part of Anna Lind again." in words(browser.post(undo, follow=True))
    assert browser.post(undo).status_code == 409


def test_a_split_is_undone_as_if_it_had_not_been(alice, bob, anna, at):
    """S57: addresses, the one that is written to, history, outgoing email and the name; within 30 days."""
    make_primary(alice, anna, address=HOME, at=at)
    Contact.objects.filter(pk=anna.pk).update(name="")
    before = set(Activity.objects.values_list("contact", "message", "text"))
    made = split_contact(alice, anna, addresses=[HOME], name="Nils", at=at)
    assert [one.pk for one in splits_of(bob, anna)] == [made.pk]
    with pytest.raises(Conflict):
        undo_split(bob, made, at=at + timedelta(days=30, seconds=1))
    back = undo_split(bob, made, at=at + timedelta(days=29))
    assert (back.pk, back.name) == (anna.pk, "")
    assert anna.addresses.get(is_primary=True).address == HOME
    assert set(Activity.objects.values_list("contact", "message", "text")) == before
    assert set(Recipient.objects.values_list("contact", flat=True)) == {anna.pk}
    assert splits_of(bob, anna) == []
    assert flaws() == []
    with pytest.raises(Conflict):
        undo_split(bob, made, at=at)


def test_where_one_of_the_two_is_gone_it_is_not_undone(alice, anna, at):
    made = split_contact(alice, anna, addresses=[HOME], name="Nils", at=at)
    third = a_contact(alice, "Third")
    merge_contacts(alice, third, gone=Contact.objects.get(pk=made.split_id), at=at)
    with pytest.raises(Conflict):
        undo_split(alice, made, at=at)
