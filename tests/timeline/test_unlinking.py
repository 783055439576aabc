"""Taking an address from a contact, with the mail that only it ties to them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message, a_note
from letterbook.correspondence.models import Message
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.timeline.acquainting import add_contact_address, drop_contact_address
from letterbook.timeline.models import Activity


@pytest.fixture
def anna(alice, at):
    """Anna with two addresses: an email to each, one to both, and a note."""
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    box = a_mailbox(alice)
    a_message(box, anna)
    home = a_contact(alice, "Home", "lind@home.example")
    a_message(box, home)
    a_message(box, anna, home)
    a_note(alice, anna)
    home.delete()
    add_contact_address(alice, anna, address="lind@home.example", at=at)
    assert Activity.objects.filter(contact=anna).count() == 4
    return anna


def test_an_address_takes_along_only_what_nothing_else_ties_to_them(alice, anna, at):
    """S67, S72: the mail is still stored, and giving the address back links it again."""
    gone = drop_contact_address(alice, anna, address="Lind@Home.example", unlinks=True, at=at)
    assert gone == 1
    assert Activity.objects.filter(contact=anna).count() == 3
    assert Message.objects.count() == 3
    add_contact_address(alice, anna, address="lind@home.example", at=at)
    assert Activity.objects.filter(contact=anna).count() == 4


def test_how_much_left_counts_only_what_one_knew_of(bob, anna, at):
    """S76: and it leaves all the same."""
    Mailbox.objects.update(sharing=Sharing.PRIVATE)
    assert drop_contact_address(bob, anna, address="lind@home.example", unlinks=True, at=at) == 0
    assert Activity.objects.filter(contact=anna).count() == 3


def test_by_itself_an_address_leaves_the_mail_where_it_is(alice, anna, at):
    assert drop_contact_address(alice, anna, address="lind@home.example", unlinks=False, at=at) == 0
    assert Activity.objects.filter(contact=anna).count() == 4


def test_a_stranger_takes_nothing(charlie, anna, at):
    with pytest.raises(NotFound):
        drop_contact_address(charlie, anna, address="lind@home.example", unlinks=True, at=at)
    assert Activity.objects.filter(contact=anna).count() == 4


def test_the_page_says_how_much_left_and_how_it_comes_back(alice, anna):
    path = reverse("drop-address", args=[anna.pk])
    form = {"address": "lind@home.example", "emails": "unlink", "sure": "yes"}
    told = words(as_member(alice).post(path, form, follow=True))
    assert "1 email has left the timeline. Add the address again, and they are back." in told


def test_the_page_shows_what_would_leave_before_anything_does(alice, bob, anna):
    """S67: how much, and that it comes back; counted of what one sees oneself."""
    path = reverse("drop-address", args=[anna.pk])
    form = {"address": "lind@home.example", "emails": "unlink"}
    shown = words(as_member(alice).post(path, form))
    assert "1 email leaves the timeline of Anna Lind" in shown
    assert anna.addresses.count() == 2
    assert Activity.objects.filter(contact=anna).count() == 4
    Mailbox.objects.update(sharing=Sharing.PRIVATE)
    assert "No email that you see leaves" in words(as_member(bob).post(path, form))
