"""The rules about what is left out, and who may see and change which."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.incoming.ruling import add_rule
from letterbook.mailboxes.models import Mailbox, StoringRule
from letterbook.teams.models import Membership


@pytest.fixture
def box(alice: Membership) -> Mailbox:
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def rules(box: Mailbox) -> str:
    return reverse("mailbox-rules", args=[box.pk])


def test_what_a_rule_means_is_shown_before_it_is_made(alice: Membership, box: Mailbox, rules: str):
    a_message(box, a_contact(alice, address="anna@lindwerk.example"))
    browser = as_member(alice)
    shown = words(browser.get(rules, {"kind": "domain", "text": "@Lindwerk.example"}))
    assert "It would have left out 1 stored email that you may see" in shown
    assert "the timelines of 1 contact." in shown
    assert not StoringRule.objects.exists()
    made = browser.post(rules, {"kind": "domain", "text": "lindwerk.example"}, follow=True)
    assert "The rule about lindwerk.example holds from now on." in words(made)
    assert "left out by you since" in words(made)
    gone = browser.post(reverse("remove-rule", args=[StoringRule.objects.get().pk]), follow=True)
    assert "has ended" in words(gone)
    assert "No rules yet." in words(gone)


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_can_be_no_rule_is_said_at_the_form(alice: Membership, rules: str, method: str):
    answer = getattr(as_member(alice), method)(rules, {"kind": "domain", "text": "com"})
    assert answer.status_code == 422
    assert "is not one organisation" in words(answer)


def test_a_label_is_chosen_by_the_name_gmail_shows(alice: Membership, rules: str):
    browser = as_member(alice)
    asked = {"kind": "label", "text": "CATEGORY_PROMOTIONS"}
    assert "Mail with this label: Category: Promotions" in words(browser.get(rules, asked))
    assert "The rule about Category: Promotions" in words(browser.post(rules, asked, follow=True))


def test_whom_somebody_leaves_out_of_their_mailbox_is_their_business(
    alice: Membership,
    bob: Membership,
    charlie: Membership,
    box: Mailbox,
    rules: str,
    at: datetime,
):
    rule = add_rule(alice, mailbox=box, kind="address", text="law@advisers.example", at=at)
    for stranger in (bob, charlie):
        browser = as_member(stranger)
        assert browser.get(rules).status_code == 404
        asked = {"kind": "address", "text": "x@y.example"}
        assert browser.post(rules, asked).status_code == 404
        assert browser.post(reverse("remove-rule", args=[rule.pk])).status_code == 404
        assert "advisers.example" not in words(browser.get(reverse("team-rules")))
    assert StoringRule.objects.get() == rule


def test_the_teams_rules_are_seen_by_all_and_changed_by_those_who_administer_it(
    alice: Membership, bob: Membership, charlie: Membership, at: datetime
):
    rule = add_rule(alice, mailbox=None, kind="domain", text="advisers.example", at=at)
    page = reverse("team-rules")
    seen = words(as_member(bob).get(page))
    assert "advisers.example" in seen
    assert "left out by Alice Halden" in seen
    assert "A new rule" not in seen
    assert "advisers.example" not in words(as_member(charlie).get(page))
    for path, form in (
        (page, {"kind": "domain", "text": "other.example"}),
        (reverse("remove-rule", args=[rule.pk]), {}),
        (reverse("choose-internal-mail"), {"internal": "kept"}),
    ):
        assert as_member(bob).post(path, form).status_code == 403
    browser = as_member(alice)
    kept = browser.post(reverse("choose-internal-mail"), {"internal": "kept"}, follow=True)
    assert "Saved." in words(kept)
    alice.team.refresh_from_db()
    assert not alice.team.is_internal_mail_left_out
    assert StoringRule.objects.get() == rule
