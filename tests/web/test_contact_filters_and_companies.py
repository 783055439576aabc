"""The list of contacts narrowed, changed together and taken along; companies; tags and fields of the team's own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.contacts.defining import add_field
from letterbook.contacts.keeping import edit_contact
from letterbook.contacts.models import BulkEdit, Company, Contact, CustomField, Tag
from letterbook.mailboxes.models import Sharing
from letterbook.teams.models import AuditEntry


@pytest.fixture
def people(make_contact, alice, charlie, at):
    rank = add_field(alice, name="Rank", kind="choice", choices=["Gold", "Tin"])
    anna = make_contact("Anna Lind", "anna@lund.example", company="Lund AB")
    bert = make_contact("Bert Weg", "bert@lund.example")
    make_contact("Cora Nord", "cora@nord.example")
    make_contact("Stranger", "s@lund.example", member=charlie)
    edit_contact(alice, anna, tags=["press"], custom={str(rank.pk): "Gold"}, at=at)
    return {"anna": anna, "bert": bert, "rank": rank}


def shown(member, **asked):
    page = words(as_member(member).get(reverse("contacts"), asked))
    return [name for name in ("Anna Lind", "Bert Weg", "Cora Nord", "Stranger") if name in page]


def test_the_list_is_narrowed_by_what_its_address_says(people, alice, bob, charlie):
    tag, company = Tag.objects.get(), Company.objects.get(name="Lund AB")
    for member in (alice, bob):
        assert shown(member, tag=tag.pk) == ["Anna Lind"]
        assert shown(member, company=company.pk) == ["Anna Lind", "Bert Weg"]
        assert shown(member, field=people["rank"].pk, value="gold") == ["Anna Lind"]
        assert shown(member, quiet="30", answered="nonsense", tag="nonsense", order="added")
    assert shown(charlie, tag=tag.pk) == []
    assert as_member(charlie).get(reverse("contacts"), {"company": company.pk}).status_code == 404
    assert "No contact fits the filter." in words(
        as_member(alice).get(reverse("contacts"), {"answered": "never-by-us"})
    )


def test_many_are_changed_after_a_look_and_that_is_undone(people, alice, bob, charlie):
    browser, path = as_member(bob), reverse("change-contacts")
    asked = {"what": "tag", "all": "1", "company": Company.objects.get(name="Lund AB").pk}
    page = words(browser.get(path, asked))
    assert "2 contacts, all that the filter shows" in page
    assert "Anna Lind, Bert Weg" in page
    assert Contact.objects.filter(tag_ids__len=0).count() == 3
    done = browser.post(path, {**asked, "to": "VIP"})
    assert done.status_code == 303
    assert "Tag added: VIP. 2 contacts were changed." in words(browser.get(done["Location"]))
    undo = reverse("undo-contacts-change", args=[BulkEdit.objects.get().pk])
    assert as_member(charlie).post(undo).status_code == 404
    assert as_member(alice).post(undo).status_code == 303
    assert Contact.objects.filter(tag_ids__len=0).count() == 3
    stranger = as_member(charlie)
    ids = {"ids": [people["anna"].pk], "what": "delete"}
    assert stranger.post(path, ids, follow=True).redirect_chain[-1][0] == reverse("contacts")
    assert browser.get(path, {"what": "tag", "ids": "nonsense"}).status_code == 422


def test_a_deletion_is_announced_to_the_team_and_can_be_called_off(people, alice, bob, charlie):
    path = reverse("change-contacts")
    as_member(bob).post(path, {"what": "delete", "ids": [people["anna"].pk]})
    page = words(as_member(alice).get(reverse("contacts")))
    assert "1 contact is deleted at" in page
    assert "as Bob Rowe asked" in page
    assert "is deleted at" not in words(as_member(charlie).get(reverse("contacts")))
    undo = reverse("undo-contacts-change", args=[BulkEdit.objects.get().pk])
    assert "Nothing is deleted." in words(as_member(alice).post(undo, follow=True))


@pytest.mark.parametrize("form", ["csv", "vcard"])
def test_what_the_filter_shows_is_taken_along_and_that_is_in_the_audit_log(
    people, alice, charlie, form
):
    path = reverse("export-contacts", args=[form])
    answer = as_member(alice).get(path, {"q": "anna"})
    content = answer.content.decode()
    assert "anna@lund.example" in content
    assert "bert@lund.example" not in content
    assert answer["Content-Disposition"].startswith("attachment")
    entry = AuditEntry.objects.get(what="contacts exported")
    assert (entry.user, entry.details["contacts"]) == (alice.user, 1)
    theirs = as_member(charlie).get(path).content.decode()
    assert "s@lund.example" in theirs
    assert "anna@" not in theirs
    assert as_member(alice).get(reverse("export-contacts", args=["pdf"])).status_code == 422


def test_a_company_has_a_page_with_its_people_its_domains_and_its_history(
    people, alice, bob, charlie
):
    """S75, S76: as far as each team-mate may see it."""
    company = Company.objects.get(name="Lund AB")
    a_message(a_mailbox(alice), people["anna"], people["bert"], subject="The catalogue")
    a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), people["bert"], subject="My secret")
    path = reverse("company", args=[company.pk])
    page = words(as_member(alice).get(path))
    for text in ("Anna Lind", "Bert Weg", "lund.example", "The catalogue", "My secret"):
        assert text in page
    page = words(as_member(bob).get(path))
    assert page.count("The catalogue") == 1
    assert "My secret" not in page
    assert as_member(charlie).get(path).status_code == 404
    listed = words(as_member(bob).get(reverse("companies"), {"q": "lund"}))
    assert "Lund AB" in listed
    assert "2 people" in listed
    assert "Lund AB" not in words(as_member(charlie).get(reverse("companies")))


def test_a_company_is_named_and_given_domains_on_its_page(people, alice, charlie):
    company, browser = Company.objects.get(name="nord.example"), as_member(alice)
    assert (
        browser.post(reverse("rename-company", args=[company.pk]), {"name": "Nord AS"}).status_code
        == 303
    )
    give = reverse("give-domain", args=[company.pk])
    for domain, problem in (("gmail.com", "Anybody can have"), ("lund.example", "belongs to")):
        answer = browser.post(give, {"domain": domain})
        assert answer.status_code == 422
        assert problem in words(answer)
    assert browser.post(give, {"domain": "nord.no"}).status_code == 303
    assert (
        browser.post(reverse("take-domain", args=[company.pk]), {"domain": "nord.no"}).status_code
        == 303
    )
    for name in ("rename-company", "give-domain", "take-domain"):
        answer = as_member(charlie).post(reverse(name, args=[company.pk]), {"domain": "x.no"})
        assert answer.status_code == 404
    company.refresh_from_db()
    assert company.name == "Nord AS"


def test_a_contacts_card_has_the_teams_fields_and_says_what_is_wrong_at_each(people, alice, at):
    browser, anna, rank = as_member(alice), people["anna"], people["rank"]
    since = add_field(alice, name="Client since", kind="date")
    path = reverse("edit-contact", args=[anna.pk])
    page = words(browser.get(path))
    assert "Client since" in page
    assert 'value="press"' in page
    given = {
        "name": "Anna Lind",
        "company": "Lund AB",
        "tags": "press, vip",
        "time_zone": "Europe/Oslo",
    }
    wrong = browser.post(path, {**given, f"custom-{since.pk}": "soon"})
    assert wrong.context["form"].errors[f"custom-{since.pk}"]
    browser.post(path, {**given, f"custom-{rank.pk}": "Tin", f"custom-{since.pk}": "2024-01-31"})
    page = words(browser.get(reverse("contact", args=[anna.pk])))
    for text in ("vip", "Tin", "2024-01-31", "Europe/Oslo", "Lund AB"):
        assert text in page


def test_an_owner_is_chosen_on_the_contacts_page(people, alice, bob, charlie):
    path = reverse("assign-contact", args=[people["anna"].pk])
    as_member(alice).post(path, {"owner": bob.user_id})
    assert Contact.objects.get(name="Anna Lind").owner == bob.user
    for owner in (charlie.user_id, "nonsense"):
        assert as_member(alice).post(path, {"owner": owner}).status_code == 404
    assert as_member(charlie).post(path, {"owner": ""}).status_code == 404
    as_member(bob).post(path, {"owner": ""})
    assert Contact.objects.get(name="Anna Lind").owner is None


def test_tags_and_fields_are_kept_on_a_page_of_their_own(people, alice, bob, charlie):
    browser, path = as_member(bob), reverse("own-fields")
    tag, rank = Tag.objects.get(), people["rank"]
    page = words(browser.get(path))
    assert "Name of the tag press" in page
    assert "Rank" in page
    assert "Name of the tag press" not in words(as_member(charlie).get(path))
    assert browser.post(path, {"name": "Contract", "kind": "link"}).status_code == 303
    again = browser.post(path, {"name": "contract", "kind": "text"})
    assert again.status_code == 422
    assert "There is a field contract already." in words(again)
    browser.post(reverse("change-own-field", args=[rank.pk]), {"name": "Level", "choices": "Gold"})
    browser.post(reverse("change-tag", args=[tag.pk]), {"name": "Press", "colour": "red"})
    tag.refresh_from_db()
    rank.refresh_from_db()
    assert (tag.name, tag.colour, rank.name, rank.choices) == ("Press", "red", "Level", ["Gold"])
    for name, row in (
        ("change-tag", tag),
        ("drop-tag", tag),
        ("change-own-field", rank),
        ("drop-own-field", rank),
    ):
        assert (
            as_member(charlie).post(reverse(name, args=[row.pk]), {"name": "x"}).status_code == 404
        )
    browser.post(reverse("drop-tag", args=[tag.pk]))
    browser.post(reverse("drop-own-field", args=[rank.pk]))
    assert not Tag.objects.exists()
    assert [str(field) for field in CustomField.objects.all()] == ["Contract"]


def test_the_list_of_a_page_that_looked_at_many_offers_to_look_further(alice, monkeypatch):
    monkeypatch.setattr("letterbook.contacts.reading.MOST_LOOKED_AT", 2)
    box = a_mailbox(alice)
    for name in ("A", "B", "C"):
        a_message(box, a_contact(alice, name))
    page = words(as_member(alice).get(reverse("contacts"), {"answered": "never-by-them"}))
    assert "Looked as far as B." in page
    assert "Look further" in page


def test_each_row_says_who_wrote_last_as_far_as_the_viewer_may_know(people, alice, bob, charlie):
    """S91."""
    hour = timedelta(hours=1)
    a_message(a_mailbox(alice), people["anna"], at=now() - 50 * hour)
    private = a_mailbox(alice, sharing=Sharing.PRIVATE, address="private@example.org")
    a_message(private, people["anna"], direction="out", at=now() - 3.1 * hour)
    path = reverse("contacts")
    hers, his = words(as_member(alice).get(path)), words(as_member(bob).get(path))
    assert "we wrote" in hers
    assert ">3 h ago<" in hers
    assert "we wrote" not in his
    assert ">2 days ago<" in his
    assert "wrote" not in words(as_member(charlie).get(path))
