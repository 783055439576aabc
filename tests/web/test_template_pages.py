"""Templates: made on their own pages, filled in the composer."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.templates import EmailTemplate, create_template
from written import a_draft

HELLO = "<p>Dear {{ contact.first_name }} of {{ contact.company }},</p>"


def a_template(member, name="Thank you", *, is_team=False, **fields):
    fields = {"subject": "Thanks, {{ contact.first_name }}", "html": HELLO} | fields
    return create_template(member, name=name, is_team=is_team, at=now(), **fields)


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


def test_a_template_is_made_changed_and_deleted(alice):
    browser = as_member(alice)
    typed = {"name": "Thank you", "subject": "Thanks", "html": HELLO, "whose": "team"}
    page = browser.post(reverse("new-template"), typed, follow=True)
    assert "“Thank you” is ready to be used." in words(page)
    template = EmailTemplate.objects.get()
    assert template.is_team
    browser.post(reverse("edit-template", args=[template.pk]), typed | {"name": "Many thanks"})
    page = words(browser.get(reverse("templates")))
    assert "Many thanks" in page
    # One press asks, the second deletes.
    assert "It goes for the whole team and cannot be brought back." in page
    browser.post(reverse("delete-template", args=[template.pk]))
    assert not EmailTemplate.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"), [({"name": ""}, "name"), ({"subject": "a\nb"}, "subject")]
)
def test_a_no_stands_at_its_field_and_what_was_typed_stays(alice, wrong, field):
    typed = {"name": "Thank you", "subject": "Thanks", "html": HELLO} | wrong
    answer = as_member(alice).post(reverse("new-template"), typed)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in words(answer)
    assert "contact.company" in words(answer)


def test_a_name_that_is_taken_is_said_at_the_name(alice):
    a_template(alice)
    answer = as_member(alice).post(reverse("new-template"), {"name": "Thank you", "html": HELLO})
    assert "You have a template called “Thank you” already." in words(answer)


def test_ones_own_templates_are_nobody_elses(alice, bob, charlie):
    own, shared = a_template(alice), a_template(alice, "For all", is_team=True)
    assert "For all" in words(as_member(bob).get(reverse("templates")))
    for stranger, template in ((bob, own), (charlie, own), (charlie, shared)):
        browser = as_member(stranger)
        for name in ("edit-template", "fill-template"):
            assert browser.get(reverse(name, args=[template.pk])).status_code == 404
        assert browser.post(reverse("delete-template", args=[template.pk])).status_code == 404
    assert "Thank you" not in words(as_member(bob).get(reverse("templates")))


def test_a_team_mate_uses_but_does_not_change_the_teams(alice, bob):
    template = a_template(alice, is_team=True)
    browser = as_member(bob)
    assert reverse("edit-template", args=[template.pk]) not in words(
        browser.get(reverse("templates"))
    )
    answer = browser.post(reverse("edit-template", args=[template.pk]), {"name": "Mine now"})
    assert answer.status_code == 403


def test_the_preview_shows_what_is_missing_for_a_chosen_contact(alice, anna):
    typed = {"subject": "Hi {{ contact.first_name }}", "html": HELLO, "who": "anna"}
    shown = words(as_member(alice).post(reverse("preview-template"), typed))
    assert "As Anna Lind would get it." in shown
    assert "Hi Anna" in shown
    assert "Not known of Anna Lind: Company of the contact." in shown


def test_a_preview_for_nobody_says_so(alice):
    shown = words(as_member(alice).post(reverse("preview-template"), {"who": "nobody"}))
    assert "No contact is called “nobody”." in shown


def test_the_menu_finds_shows_and_fills_templates_for_the_person_in_to(alice, anna):
    template = a_template(alice)
    a_template(alice, "Reminder", subject="", html="<p>Please</p>")
    browser = as_member(alice)
    shown = words(
        browser.get(reverse("pick-template"), {"q": "thank", "to": "anna@lindwerk.example"})
    )
    assert "Reminder" not in shown
    assert "Thanks, Anna" in shown
    assert "Not known: Company of the contact" in shown
    address = reverse("fill-template", args=[template.pk])
    filled = browser.get(address, {"to": '"A, B" <anna@lindwerk.example>'}).json()
    assert filled["subject"] == "Thanks, Anna"
    assert "Dear Anna of" in filled["html"]
    assert filled["missing"] == ["Company of the contact"]


def test_a_name_is_text_wherever_it_is_filled_in(alice):
    a_contact(alice, "<b>Eve</b>", "eve@lindwerk.example")
    template = a_template(alice)
    address = reverse("fill-template", args=[template.pk])
    filled = as_member(alice).get(address, {"to": "eve@lindwerk.example"}).json()
    assert "&lt;b&gt;" in filled["html"]


def test_without_scripting_a_template_is_inserted_by_a_button(alice, anna, at):
    box = a_mailbox(alice)
    draft = a_draft(alice, box, at=at, subject="", html="<p>Own words</p>")
    template = a_template(alice, asks_unsubscribe=True)
    typed = {
        "from": f"{box.pk}|{box.address}",
        "to": "anna@lindwerk.example",
        "html": "<p>Own words</p>",
        "version": 1,
        "do": f"insert:{template.pk}",
    }
    as_member(alice).post(reverse("edit-email", args=[draft.pk]), typed)
    kept = OutgoingEmail.objects.get()
    assert kept.subject == "Thanks, Anna"
    assert kept.html.index("Dear Anna") < kept.html.index("Own words")
    assert kept.asks_unsubscribe


def test_who_has_no_template_is_told_what_one_is(alice):
    browser = as_member(alice)
    assert "There are no templates yet." in words(browser.get(reverse("templates")))
    assert "There are no templates yet." in words(browser.get(reverse("pick-template")))
