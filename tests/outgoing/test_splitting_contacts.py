"""One contact becomes two, with what came by the addresses of each; merging them undoes it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message, a_note
from letterbook.contacts.holding import Held, hold_contact
from letterbook.contacts.keeping import add_address
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.correspondence.models import Message
from letterbook.correspondence.sharing.choosing import share_contact
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.merging import merge_contacts
from letterbook.outgoing.models import Recipient
from letterbook.outgoing.splitting import preview_split, split_contact
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


def flaws() -> list[str]:
    return [flaw.what for proof in verify() for flaw in proof.flaws]


def test_what_came_by_an_address_goes_with_it_and_merging_undoes_it(alice, anna, at):
    before = set(Activity.objects.values_list("contact", "message", "text"))
    shown = preview_split(alice, anna, addresses=[HOME.upper()])
    assert (shown.addresses, shown.emails, shown.shared, shown.outgoing) == ((HOME,), 2, 1, 1)
    Activity.objects.filter(message__from_address=HOME).first().delete()
    split = split_contact(alice, anna, addresses=[HOME], name=" Nils ", at=at)
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
    split = split_contact(alice, anna, addresses=[HOME], name="", at=at)
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
    assert "merge Nils into Anna Lind" in words(done)
