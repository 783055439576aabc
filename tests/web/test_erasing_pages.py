"""Erasing, holding, and telling duplicates apart, on pages and over the API."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.contacts.models import Contact, NotTheSame
from letterbook.correspondence.models import Message
from letterbook.outgoing.erasing import erase_contact
from letterbook.teams.models import Membership
from letterbook.teams.tokens import create_token

ANNA = "anna@lindwerk.example"


@pytest.fixture
def anna(alice: Membership) -> Contact:
    found = a_contact(alice, "Anna Lind", ANNA)
    box = a_mailbox(alice)
    a_message(box, found)
    a_message(box, found, a_contact(alice, "Boris Berg"))
    return found


def test_an_admin_sees_what_goes_and_erases_once_sure(
    alice: Membership, bob: Membership, charlie: Membership, anna: Contact
):
    """S72."""
    path = reverse("erase-contact", args=[anna.pk])
    assert as_member(charlie).get(path).status_code == 404
    assert as_member(charlie).post(path, {"sure": "yes"}).status_code == 404
    assert "Ask an admin of your team" in words(as_member(bob).get(path))
    assert as_member(bob).post(path, {"sure": "yes"}).status_code == 403
    browser = as_member(alice)
    shown = words(browser.get(path))
    assert f'1 address: <span class="[overflow-wrap:anywhere]">{ANNA}' in shown
    assert "1 stored email with nobody else" in shown
    assert "1 email that other contacts are on as well, whole" in shown
    unsure = browser.post(path)
    assert (unsure.status_code, "nothing brings it back" in words(unsure)) == (422, True)
    assert Contact.objects.filter(pk=anna.pk).exists()
    done = browser.post(path, {"sure": "yes"}, follow=True)
    assert done.redirect_chain == [(reverse("contacts"), 303)]
    assert "Anna Lind is erased." in words(done)
    assert Message.objects.count() == 1


def test_an_erased_person_comes_back_only_when_it_is_confirmed(
    alice: Membership, anna: Contact, at: object
):
    erase_contact(alice, anna, at=at)
    browser, path = as_member(alice), reverse("new-contact")
    typed = {"name": "Anna", "addresses": ANNA}
    refused = words(browser.post(path, typed))
    assert "belongs to somebody who was erased" in refused
    assert 'name="brings_back"' in refused
    done = browser.post(path, {**typed, "brings_back": "yes"})
    assert done["Location"] == reverse("contact", args=[Contact.objects.get(name="Anna").pk])


def test_a_legal_hold_is_set_shown_and_ended(alice: Membership, bob: Membership, anna: Contact):
    path = reverse("hold-contact", args=[anna.pk])
    assert as_member(bob).post(path, {"reason": "No"}).status_code == 403
    browser = as_member(alice)
    assert browser.post(path, {"reason": " "}).status_code == 422
    held = words(browser.post(path, {"reason": "The dispute of May"}, follow=True))
    assert "Nothing of this person may be deleted" in held
    assert "The dispute of May" in held
    assert "Under legal hold" in words(as_member(bob).get(reverse("contact", args=[anna.pk])))
    refused = as_member(bob).post(reverse("delete-contact", args=[anna.pk]))
    assert (refused.status_code, "because: The dispute of May" in words(refused)) == (409, True)
    assert (
        browser.post(reverse("erase-contact", args=[anna.pk]), {"sure": "yes"}).status_code == 409
    )
    browser.post(reverse("release-contact", args=[anna.pk]))
    assert Contact.objects.get(pk=anna.pk).held_at is None


def test_duplicates_are_listed_with_the_reason_and_told_apart(
    alice: Membership, bob: Membership, charlie: Membership, anna: Contact
):
    twin = a_contact(alice, "Anna Lind", "lind@lindwerk.example")
    browser, page = as_member(bob), reverse("duplicates")
    assert "They have the same name and domain." in words(browser.get(page))
    path = reverse("not-the-same", args=[anna.pk, twin.pk])
    assert as_member(charlie).post(path).status_code == 404
    assert "No two contacts look alike." in words(browser.post(path, follow=True))
    assert NotTheSame.objects.get().said_by == bob.user
    assert "They have the same" in words(browser.post(path, {"again": "yes"}, follow=True))


def test_a_program_erases_holds_and_brings_back(
    alice: Membership, anna: Contact, client: Client, at: object
):
    """S72, S83."""
    token = create_token(alice, name="Clean-up", at=at)
    options = {
        "headers": {"Authorization": f"Bearer {token}"},
        "content_type": "application/json",
    }
    one = f"/api/v1/contacts/{anna.pk}"
    held = client.put(f"{one}/legal-hold", {"reason": "A dispute"}, **options).json()
    assert held["hold_reason"] == "A dispute"
    refused = client.put(f"{one}/erasure", **options)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:letterbook:problem:held")
    client.delete(f"{one}/legal-hold", **options)
    shown = client.get(f"{one}/erasure", **options).json()
    assert (shown["emails"], shown["shared_emails"], shown["addresses"]) == (1, 1, [ANNA])
    assert client.put(f"{one}/erasure", **options).status_code == 204
    given = {"name": "Anna", "addresses": [ANNA]}
    again = client.post("/api/v1/contacts", given, **options)
    assert (again.status_code, again.json()["type"]) == (409, "urn:letterbook:problem:erased")
    given["brings_back"] = True
    assert client.post("/api/v1/contacts", given, **options).status_code == 201
