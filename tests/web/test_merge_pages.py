"""Merging contacts on the page and over the API."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.contacts.merging import UNDONE_WITHIN
from letterbook.contacts.models import Contact, ContactMerge
from letterbook.outgoing.merging import merge_contacts, merges_into, undo_merge
from letterbook.teams.models import Membership
from letterbook.teams.tokens import create_token


@pytest.fixture
def anna(alice: Membership) -> Contact:
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.fixture
def twin(alice: Membership) -> Contact:
    found = a_contact(alice, "Anna L", "lind@home.example")
    a_message(a_mailbox(alice), found)
    return found


def test_what_moves_is_seen_first_then_done_then_undone(
    alice: Membership, anna: Contact, twin: Contact
):
    browser, path = as_member(alice), reverse("merge-contact", args=[anna.pk])
    offered = words(browser.get(path, {"q": "anna"}))
    assert "lind@home.example" in offered
    assert "anna@lindwerk.example" not in offered
    shown = words(browser.get(path, {"other": str(twin.pk)}))
    assert "1 address: " in shown
    assert "their history: 1 email that you may see" in shown
    assert not ContactMerge.objects.exists()
    merged = words(browser.post(path, {"other": str(twin.pk)}, follow=True))
    assert "Anna L is merged into Anna Lind." in merged
    assert "lind@home.example" in merged
    undo = reverse("undo-merge", args=[ContactMerge.objects.get().pk])
    assert undo in merged
    assert undo in words(browser.get(path))
    parted = words(browser.post(undo, follow=True))
    assert "Anna L is back" in parted
    assert undo not in words(browser.get(path))


@pytest.mark.parametrize("other", ["nonsense", "00000000-0000-7000-8000-000000000000"])
def test_whoever_is_no_contact_cannot_be_merged(alice: Membership, anna: Contact, other: str):
    browser, path = as_member(alice), reverse("merge-contact", args=[anna.pk])
    for answer in (browser.get(path, {"other": other}), browser.post(path, {"other": other})):
        assert answer.status_code == 404


def test_a_contact_is_not_merged_with_itself(alice: Membership, anna: Contact):
    path = reverse("merge-contact", args=[anna.pk])
    answer = as_member(alice).post(path, {"other": str(anna.pk)})
    assert answer.status_code == 422
    assert "Choose another contact" in words(answer)


def test_a_stranger_finds_neither_contact_nor_merging(
    alice: Membership, charlie: Membership, anna: Contact, twin: Contact
):
    browser, path = as_member(charlie), reverse("merge-contact", args=[anna.pk])
    assert browser.get(path).status_code == 404
    assert browser.post(path, {"other": str(twin.pk)}).status_code == 404
    own = a_contact(charlie, "Own", "own@x.example")
    other_way = reverse("merge-contact", args=[own.pk])
    assert browser.post(other_way, {"other": str(twin.pk)}).status_code == 404
    as_member(alice).post(path, {"other": str(twin.pk)})
    undo = reverse("undo-merge", args=[ContactMerge.objects.get().pk])
    assert browser.post(undo).status_code == 404
    assert not Contact.objects.filter(pk=twin.pk).exists()


def test_a_program_merges_once_per_key_and_parts_them_again(
    alice: Membership, anna: Contact, twin: Contact, at: datetime
):
    """S54, G6: a program that got no answer asks again, and is told of the same merging."""
    browser = Client(headers={"Authorization": f"Bearer {create_token(alice, name='P', at=at)}"})
    path = f"/api/v1/contacts/{anna.pk}/merge"
    shown = browser.get(path, {"other_id": str(twin.pk)}).json()
    assert shown == {
        "addresses": ["lind@home.example"],
        "emails": 1,
        "notes": 0,
        "outgoing_emails": 0,
        "fills": [],
    }
    body, key = {"other_id": str(twin.pk)}, {"Idempotency-Key": "once"}
    first, again = (
        browser.post(path, body, content_type="application/json", headers=key) for _ in range(2)
    )
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.json()["gone_id"] == str(twin.pk)
    back = browser.delete(f"/api/v1/contact-merges/{first.json()['id']}")
    assert [one["address"] for one in back.json()["addresses"]] == ["lind@home.example"]


def test_an_old_link_leads_to_whom_the_contact_became(
    alice: Membership,
    bob: Membership,
    charlie: Membership,
    anna: Contact,
    twin: Contact,
    at: datetime,
):
    """S54: over two mergings and after a month, for pages and programs; a stranger finds nothing."""
    third = a_contact(alice, "Anna of Lindwerk", "a@lindwerk.example")
    merge_contacts(alice, anna, gone=twin, at=at)
    merge_contacts(alice, third, gone=anna, at=at + UNDONE_WITHIN + timedelta(days=1))
    old, kept = (reverse("contact", args=[one]) for one in (twin.pk, third.pk))
    for member in (alice, bob):
        answer = as_member(member).get(old, follow=True)
        assert answer.redirect_chain == [(kept, 302)]
        assert "was merged into Anna of Lindwerk" in words(answer)
    assert as_member(alice).post(f"{old}/notes", {"text": "Lost?"}).status_code == 404
    assert as_member(charlie).get(old).status_code == 404
    assert not merges_into(alice, anna)
    for member, code in ((bob, "was-merged"), (charlie, "not-found")):
        token = create_token(member, name="P", at=at)
        program = Client(headers={"Authorization": f"Bearer {token}"})
        answer = program.get(f"/api/v1/contacts/{twin.pk}")
        assert answer.status_code == 404
        assert answer.json()["type"] == f"urn:letterbook:problem:{code}"
        assert (str(third.pk) in answer.json()["way_out"]) is (member == bob)


def test_a_contact_that_is_back_has_its_link_back(
    alice: Membership, anna: Contact, twin: Contact, at: datetime
):
    merge = merge_contacts(alice, anna, gone=twin, at=at)
    undo_merge(alice, merge, at=at)
    merge_contacts(alice, twin, gone=anna, at=at)
    browser = as_member(alice)
    assert browser.get(reverse("contact", args=[twin.pk])).status_code == 200
    assert browser.get(reverse("contact", args=[anna.pk]))["Location"].endswith(str(twin.pk))
