"""The list of contacts, a new one, changing one, bringing a file of them; settings and tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact
from letterbook.contacts.bulk import delete_chosen
from letterbook.contacts.models import BulkEdit, Contact
from letterbook.teams.models import ApiToken, Membership

MakeContact = Callable[..., Contact]


def test_the_list_finds_people_by_name_company_and_address(
    alice: Membership, charlie: Membership, make_contact: MakeContact
):
    make_contact("Anna Lind", "anna@lindwerk.example", company="Lindwerk")
    make_contact("Boris Weg", "boris@weg.example")
    browser = as_member(alice)
    for query in ("lind", "LINDW", "anna@", "Anná"):
        page = words(browser.get(reverse("contacts"), {"q": query}))
        assert "Anna Lind" in page
        assert "Boris Weg" not in page
    assert "No contact is called “zzz”." in words(browser.get(reverse("contacts"), {"q": "zzz"}))
    assert "No contacts yet." in words(as_member(charlie).get(reverse("contacts")))


def test_the_list_goes_on_where_it_stopped(alice: Membership):
    for number in range(75):
        a_contact(alice, f"Person {number:03}")
    browser, path, seen = as_member(alice), reverse("contacts"), []
    cursor = ""
    while True:
        page = browser.get(path, {"cursor": cursor}, headers={"HX-Request": "true"}).context["page"]
        seen += [str(contact) for contact in page.contacts]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == [f"Person {number:03}" for number in range(75)]


def test_a_contact_is_made_changed_and_deleted_unless_it_is_called_off(
    alice: Membership, at: datetime
):
    browser = as_member(alice)
    form = {"name": "Anna Lind", "addresses": "anna@lindwerk.example\na@lind.example"}
    answer = browser.post(reverse("new-contact"), form)
    contact = Contact.objects.get()
    assert answer["Location"] == reverse("contact", args=[contact.pk])
    assert contact.addresses.count() == 2
    path = reverse("edit-contact", args=[contact.pk])
    assert 'value="Anna Lind"' in words(browser.get(path))
    browser.post(path, {"name": "Anna Linde", "company": "Lindwerk"})
    contact.refresh_from_db()
    assert (contact.name, contact.company) == ("Anna Linde", "Lindwerk")
    answer = browser.post(reverse("delete-contact", args=[contact.pk]), follow=True)
    assert "Anna Linde is deleted in an hour. Until then it can be called off here." in words(
        answer
    )
    assert "Deleted at" in words(browser.get(reverse("contact", args=[contact.pk])))
    edit = BulkEdit.objects.get()
    browser.post(reverse("undo-contacts-change", args=[edit.pk]))
    assert delete_chosen(edit.pk, at=at) == 0
    browser.post(reverse("delete-contact", args=[contact.pk]))
    assert delete_chosen(BulkEdit.objects.get(undone_at=None).pk, at=at) == 1
    assert not Contact.objects.exists()


@pytest.mark.parametrize("addresses", ["anna@lindwerk.example", "no address"])
def test_what_cannot_be_kept_is_said_at_its_field(
    alice: Membership, make_contact: MakeContact, addresses: str
):
    make_contact("Somebody", "anna@lindwerk.example")
    answer = as_member(alice).post(reverse("new-contact"), {"name": "Anna", "addresses": addresses})
    assert answer.context["form"].errors["addresses"]
    assert 'name="name" value="Anna"' in words(answer)
    assert Contact.objects.count() == 1


def test_a_file_of_contacts_is_brought_row_by_row(alice: Membership):
    rows = b"name,email\nAnna,anna@lindwerk.example\nBoris,no address\n"
    file = SimpleUploadedFile("people.csv", rows)
    page = words(as_member(alice).post(reverse("import-contacts"), {"file": file}))
    assert "1 new" in page
    assert "Line 3" in page
    assert Contact.objects.get().name == "Anna"


@pytest.mark.parametrize(("content", "why"), [(None, "Choose a file first."), (b"\x00\x01", "")])
def test_a_file_that_is_none_is_refused(alice: Membership, content: bytes | None, why: str):
    form = {} if content is None else {"file": SimpleUploadedFile("x.csv", content)}
    answer = as_member(alice).post(reverse("import-contacts"), form)
    assert answer.status_code == 422
    assert why in words(answer)
    assert not Contact.objects.exists()


def test_settings_are_ones_own(alice: Membership, bob: Membership):
    browser = as_member(alice)
    browser.post(reverse("settings"), {"name": "Alice H", "time_zone": "Europe/London"})
    answer = browser.post(reverse("settings"), {"name": "Alice H", "time_zone": "Mars/Olympus"})
    assert answer.context["form"].errors["time_zone"]
    alice.user.refresh_from_db()
    bob.user.refresh_from_db()
    assert (alice.user.name, alice.user.time_zone) == ("Alice H", "Europe/London")
    assert bob.user.time_zone == ""


def test_a_token_is_shown_once(alice: Membership):
    browser = as_member(alice)
    answer = browser.post(reverse("create-token"), {"name": "The report"})
    token = answer.context["new_token"]
    assert token in words(answer)
    assert token not in words(browser.get(reverse("settings")))
    assert "The report" in words(browser.get(reverse("settings")))
    assert token.encode() not in bytes(ApiToken.objects.get().token_digest)
    assert browser.post(reverse("create-token"), {"name": ""}).context["token_error"]
