"""S71: a page is of one team; what is sent from it after its person went to another team is done in neither unasked."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.contacts.models import Contact
from letterbook.kit.ids import new_id
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.templates import create_template
from letterbook.teams.joining import accept_invitation, invite
from letterbook.teams.models import Membership
from written import a_draft


@pytest.fixture
def elsewhere(alice: Membership, charlie: Membership) -> Membership:
    """Alice's membership in charlie's team."""
    token = invite(charlie, email=alice.user.email, role="member", at=now())
    return accept_invitation(token, user=alice.user, at=now())


@pytest.fixture
def browser(alice: Membership) -> Client:
    """Alice's browser: all its windows share one session."""
    return as_member(alice)


def fields_of(page: object, address: str) -> dict[str, str]:
    """What a browser would post from the form with this address, or from the one that is there."""
    form = next(
        one for one in re.findall(r"<form.*?</form>", words(page), re.DOTALL) if address in one
    )
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))


def go_to(browser: Client, team: object) -> None:
    browser.post(reverse("switch-team"), {"team": str(team.pk)})


def test_a_form_of_the_other_team_does_nothing_and_is_done_there_with_one_press(
    browser, alice, elsewhere
):
    page = browser.get(reverse("new-contact"))
    fields = {
        "of_team": str(alice.team_id),
        "name": "Anna <Lind>",
        "addresses": "anna@lindwerk.example",
    }
    assert f'name="of_team" value="{alice.team_id}"' in words(page)
    go_to(browser, elsewhere.team)
    refused = browser.post(reverse("new-contact"), fields)
    assert refused.status_code == 409
    assert "This page is of Halden & Rowe. You are in Elsewhere now." in words(refused)
    assert not Contact.objects.exists()
    again = fields_of(refused, "act_in")
    assert again["name"] == "Anna <Lind>"
    done = browser.post(reverse("new-contact"), fields | {"act_in": again["act_in"]}, follow=True)
    assert done.status_code == 200
    assert Contact.objects.get().team == alice.team
    assert "Halden & Rowe" in words(browser.get(reverse("today")))


def test_every_form_says_of_which_team_it_is(browser, alice, elsewhere):
    a_mailbox(alice)
    contact = a_contact(alice)
    for page in (
        reverse("contact", args=[contact.pk]),
        reverse("team"),
        reverse("write"),
        reverse("settings"),
    ):
        html = words(browser.get(page))
        assert html.count('name="csrfmiddlewaretoken"') == html.count('name="of_team"') > 0
        assert f'"X-Letterbook-Team": "{alice.team_id}"' in html


def test_a_form_that_says_no_team_is_only_taken_from_somebody_who_is_in_one(
    browser, alice, charlie
):
    address, fields = reverse("new-contact"), {"name": "Anna", "addresses": "anna@lindwerk.example"}
    assert browser.post(address, fields).status_code == 303
    accept_invitation(
        invite(charlie, email=alice.user.email, role="member", at=now()), user=alice.user, at=now()
    )
    assert browser.post(address, fields).status_code == 409
    assert Contact.objects.count() == 1


def test_a_live_part_of_the_other_team_is_not_filled_with_this_ones(browser, alice, elsewhere):
    """htmx: today's lists of one team never come to stand in the other's page; going on loses nothing."""
    a_mailbox(alice)
    headers = {"HX-Request": "true", "HX-Target": "today", "X-Letterbook-Team": str(alice.team_id)}
    assert browser.get(reverse("today"), headers=headers).status_code == 200
    go_to(browser, elsewhere.team)
    refused = browser.get(reverse("today"), headers=headers)
    assert (refused.status_code, refused["HX-Retarget"]) == (409, "#other-team")
    assert "In another window you went to Elsewhere." in words(refused)
    assert "<html" not in words(refused)
    back = browser.post(reverse("switch-team"), {"team": str(alice.team_id)}, headers=headers)
    assert (back.status_code, back.content) == (200, b"")
    assert browser.get(reverse("today"), headers=headers).status_code == 200


def test_what_is_being_written_is_kept_in_its_own_team(browser, alice, elsewhere):
    """The autosave stops, the text stays where it is, and one press keeps it in the team it was written in."""
    box = a_mailbox(alice)
    page = browser.get(reverse("write"))
    key = re.search(r'name="key" value="([^"]*)"', words(page))[1]
    fields = {
        "of_team": str(alice.team_id), "from": f"{box.pk}|{box.address}", "to": "anna@lindwerk.example",
        "subject": "The proof", "html": "<p>Here it is.</p>", "key": key, "version": "0",
    }  # fmt: skip
    go_to(browser, elsewhere.team)
    refused = browser.post(reverse("begin-draft"), fields, headers={"Accept": "application/json"})
    assert refused.status_code == 409
    assert "not saved: this page is of Halden & Rowe" in refused.json()["message"]
    assert f'name="act_in" value="{alice.team_id}"' in refused.json()["notice"]
    assert not OutgoingEmail.objects.exists()
    kept = browser.post(reverse("write"), fields | {"act_in": str(alice.team_id)}, follow=True)
    assert "The proof" in words(kept)
    assert OutgoingEmail.objects.get().team == alice.team


def test_nobody_acts_in_a_team_they_are_not_in(browser, alice, bob, charlie):
    fields = {"name": "Anna", "of_team": str(charlie.team_id), "act_in": str(charlie.team_id)}
    refused = browser.post(reverse("new-contact"), fields)
    assert refused.status_code == 409
    assert "another team" in words(refused)
    assert "Elsewhere" not in words(refused)
    assert not Contact.objects.exists()


def addresses_of_one_of_each(member: Membership) -> list[str]:
    box, contact = a_mailbox(member, sharing=Sharing.PRIVATE), a_contact(member)
    message = a_message(box, contact, raw=b"Subject: The proof\r\n\r\nHere it is.")
    draft = a_draft(member, box, at=now())
    kept = create_template(member, name="T", subject="S", html="<p>T</p>", is_team=False, at=now())
    return [
        reverse("contact", args=[contact.pk]),
        reverse("contact", args=[contact.pk]) + "?direction=in",
        reverse("merge-contact", args=[contact.pk]),
        reverse("conversation", args=[message.thread_id]),
        reverse("message", args=[message.pk]),
        reverse("source", args=[message.pk]),
        reverse("edit-email", args=[draft.pk]),
        reverse("mailbox", args=[box.pk]),
        reverse("edit-template", args=[kept.pk]),
    ]


def test_a_link_to_the_other_team_leads_there_with_one_press(browser, alice, elsewhere):
    """S71: it says of which team it is, and opens what was asked for."""
    links = addresses_of_one_of_each(elsewhere)
    for link in links:
        go_to(browser, alice.team)
        asked = browser.get(link)
        assert asked.status_code == 404
        assert "This is in Elsewhere. You are in Halden & Rowe now." in words(asked)
        assert "The proof" not in words(asked)
        opened = browser.post(reverse("switch-team"), fields_of(asked, reverse("switch-team")))
        assert opened["Location"] == link
        assert browser.get(link, follow=True).status_code == 200


def test_a_link_to_the_other_team_tells_nothing_of_what_one_may_not_see_there(
    browser, alice, bob, charlie, elsewhere
):
    """S71, D1: alice is in charlie's team, but his mail is his; and bob, who is not, learns of nothing at all."""
    box, contact = a_mailbox(charlie, sharing=Sharing.PRIVATE), a_contact(charlie)
    message = a_message(box, contact)
    private = [
        reverse("conversation", args=[message.thread_id]),
        reverse("message", args=[message.pk]),
    ]
    others = [reverse("contact", args=[contact.pk]), reverse("mailbox", args=[box.pk])]
    for link in private:
        assert same_words(browser.get(link), browser.get(a_link_to_nothing(link)))
    for link in private + others:
        of_nothing = as_member(bob).get(a_link_to_nothing(link))
        assert same_words(as_member(bob).get(link), of_nothing)
    assert "This is in Elsewhere." in words(browser.get(others[0]))


def a_link_to_nothing(link: str) -> str:
    return re.sub(r"[0-9a-f-]{36}", str(new_id()), link)


def same_words(one: object, other: object) -> bool:
    assert one.status_code == other.status_code == 404
    told, untold = (re.sub(r"(?i)csrf.*", "", words(answer)) for answer in (one, other))
    return told == untold


def test_switching_leads_to_no_other_site(browser, alice):
    form = {"team": str(alice.team_id), "next": "//evil.example/"}
    assert browser.post(reverse("switch-team"), form)["Location"] == reverse("today")
