"""What an email is about, looked up by typing and linked without leaving the page."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact, a_mailbox
from letterbook.contacts.companies import Company
from letterbook.contacts.keeping import create_contact
from letterbook.outgoing import subject_types
from letterbook.outgoing.subject_types import SubjectType, register_subject_type
from written import a_draft


@pytest.fixture
def draft(alice, at):
    return a_draft(alice, a_mailbox(alice), at=at)


@pytest.fixture
def ships(monkeypatch):
    """A kind of record that another app brings along."""
    monkeypatch.setattr(subject_types, "_known", dict(subject_types._known))
    register_subject_type(
        SubjectType(
            "ship",
            "Ship",
            find=lambda _member, _id: "SS Aurora",
            look_up=lambda _member, text: [("7", "SS Aurora", "Bergen")] if text == "aur" else [],
        )
    )


def suggested(member, q):
    answer = as_member(member).get(reverse("suggest-subjects"), {"q": q})
    return [(one["type"], one["label"]) for one in answer.json()["suggestions"]]


def test_records_of_ours_are_found_by_name_and_others_named_by_what_was_typed(alice, bob, ships):
    """S20: by a few letters; a kind that another app registered is found like ours."""
    a_contact(alice, "Anna Aurich")
    for member in (alice, bob):
        found = suggested(member, "aur")
        assert found[0] == ("contact", "Anna Aurich")
        assert ("ship", "SS Aurora") in found
        assert ("deal", "aur") in found
    assert suggested(alice, "   ") == []
    assert suggested(alice, "x" * 121) == []


def test_a_link_typed_as_a_record_keeps_its_address(alice, draft):
    browser, q = as_member(alice), "https://www.crm.example/deals/17/"
    answer = browser.get(reverse("suggest-subjects"), {"q": q}).json()
    [deal] = [one for one in answer["suggestions"] if one["type"] == "deal"]
    assert (deal["label"], deal["url"]) == ("crm.example/deals/17", q)
    path = reverse("regarding", args=[draft.pk])
    answer = browser.post(path, deal)
    assert (answer.status_code, answer["Location"]) == (303, path)
    assert f'href="{q}"' in words(browser.get(path))


def test_several_are_linked_one_after_the_other_and_taken_away_again(alice, draft):
    browser, path = as_member(alice), reverse("regarding", args=[draft.pk])
    anna, otto = (a_contact(alice, name) for name in ("Anna Lind", "Otto Berg"))
    for one in (anna, otto, anna):
        browser.post(path, {"type": "contact", "id": str(one.pk), "label": "Whatever they say"})
    assert [one.label for one in draft.regarding.order_by("pk")] == ["Anna Lind", "Otto Berg"]
    browser.post(path, {"type": "contact", "id": str(anna.pk), "remove": "1"})
    shown = words(browser.get(path))
    assert "Otto Berg" in shown
    assert "Anna Lind" not in shown


def test_a_record_that_cannot_be_linked_is_refused_with_words(alice, draft):
    browser, path = as_member(alice), reverse("regarding", args=[draft.pk])
    for given, status in (
        ({"type": "contact", "id": str(uuid4())}, 404),
        ({"type": "rocket", "id": "1"}, 422),
        ({"type": "deal", "id": "1", "url": "javascript:alert(1)"}, 422),
    ):
        answer = browser.post(path, given, headers={"HX-Request": "true"})
        assert answer.status_code == status
    assert "This is no link to a page." in words(answer)
    assert not draft.regarding.exists()


def test_only_its_author_says_what_a_draft_is_about(alice, bob, charlie, draft):
    anna = a_contact(alice, "Anna Lind")
    path = reverse("regarding", args=[draft.pk])
    for member in (bob, charlie):
        assert as_member(member).get(path).status_code == 404
        assert as_member(member).post(path, {"type": "deal", "id": "1"}).status_code == 404
    assert ("contact", "Anna Lind") not in suggested(charlie, "anna")
    own = a_draft(charlie, a_mailbox(charlie), at=draft.created_at)
    stolen = {"type": "contact", "id": str(anna.pk)}
    answer = as_member(charlie).post(reverse("regarding", args=[own.pk]), stolen)
    assert answer.status_code == 404


def test_a_company_is_found_and_leads_to_its_page(alice, charlie, draft, at):
    """S20: what was linked by a number of another system, before companies had pages, stays as it was."""
    create_contact(alice, name="Anna Lind", addresses=[], company="Lindwerk", at=at)
    assert ("company", "Lindwerk") in suggested(alice, "lindw")
    assert ("company", "Lindwerk") not in suggested(charlie, "lindw")
    company = Company.objects.get(name="Lindwerk")
    browser, path = as_member(alice), reverse("regarding", args=[draft.pk])
    browser.post(path, {"type": "company", "id": str(company.pk)})
    draft.regarding.create(
        team=alice.team, subject_type="company", subject_id="C-17", label="Old & Co", added_at=at
    )
    shown = words(browser.get(path))
    assert f'href="{reverse("company", args=[company.pk])}">Lindwerk</a>' in shown
    assert "Old & Co" in shown
