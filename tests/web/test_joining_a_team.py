"""The first person founds a team; everyone after comes by invitation; nobody guesses a password for long."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from letterbook.teams import joining
from letterbook.teams.models import Membership, Role, Team, User

PASSWORD = "a long password 1"


@pytest.fixture(autouse=True)
def _nobody_tried_before() -> None:
    cache.clear()


def _sign_up(browser: Client, email: str, **more: str):
    form = {"email": email, "password1": PASSWORD, "name": "Ola Ost", **more}
    return browser.post(reverse("account_signup"), form)


@pytest.mark.django_db
def test_the_first_person_founds_a_team_and_sees_three_ways_to_begin():
    browser = Client()
    answer = _sign_up(browser, "ola@ost.example", team="Ost & Co")
    assert answer.status_code == 303
    member = Membership.objects.get()
    assert (member.user.name, member.team.name, member.role) == ("Ola Ost", "Ost & Co", Role.OWNER)
    page = words(browser.get(reverse("today")))
    assert "Three ways to fill it" in page
    assert reverse("connect-mailbox") in page
    assert reverse("import-mail") in page


@pytest.mark.django_db
def test_the_first_person_must_name_their_team():
    answer = _sign_up(Client(), "ola@ost.example", team="")
    assert "Your team needs a name." in words(answer)
    assert not User.objects.exists()


def test_a_second_person_cannot_sign_up_by_themselves(alice: Membership):
    browser = Client()
    assert "You need an invitation." in words(browser.get(reverse("account_signup")))
    answer = _sign_up(browser, "eve@elsewhere.example", team="Eve's")
    assert "You need an invitation." in words(answer)
    assert not User.objects.filter(email="eve@elsewhere.example").exists()
    assert Team.objects.count() == 1


def test_an_invitation_leads_into_the_team(alice: Membership):
    answer = as_member(alice).post(
        reverse("team"), {"email": "nina@haldenrowe.example", "role": "admin"}
    )
    link = answer.context["link"]
    assert link in words(answer)
    browser = Client()
    path = link[link.index("/join/") :]
    assert "Join Halden & Rowe" in words(browser.get(path))
    assert "Create your account" in words(browser.get(reverse("account_signup")))
    assert _sign_up(browser, "nina@haldenrowe.example").status_code == 303
    member = Membership.objects.get(user__email="nina@haldenrowe.example")
    assert (member.team_id, member.role) == (alice.team_id, Role.ADMIN)
    assert browser.get(reverse("today")).status_code == 200
    assert Client().get(path).status_code == 404


def test_an_invitation_is_for_the_address_it_names(alice: Membership):
    token = joining.invite(alice, email="nina@haldenrowe.example", role="member", at=now())
    browser = Client()
    browser.get(reverse("join", args=[token]))
    answer = _sign_up(browser, "eve@elsewhere.example")
    assert "Your invitation is for nina@haldenrowe.example." in words(answer)
    assert not User.objects.filter(email="eve@elsewhere.example").exists()


def test_whoever_has_an_account_joins_with_one_click(alice: Membership, charlie: Membership):
    token = joining.invite(alice, email=charlie.user.email, role="member", at=now())
    browser = as_member(charlie)
    assert browser.post(reverse("join", args=[token])).status_code == 303
    assert Membership.objects.filter(user=charlie.user, team=alice.team).exists()
    assert "Halden & Rowe" in words(browser.get(reverse("team")))


def test_an_invitation_to_somebody_else_is_refused_with_its_way_out(
    alice: Membership, charlie: Membership
):
    token = joining.invite(alice, email="nina@haldenrowe.example", role="member", at=now())
    answer = as_member(charlie).post(reverse("join", args=[token]))
    assert answer.status_code == 403
    assert "Sign in as nina@haldenrowe.example" in words(answer)
    assert not Membership.objects.filter(user=charlie.user, team=alice.team).exists()


def test_a_withdrawn_invitation_opens_nothing(alice: Membership):
    token = joining.invite(alice, email="nina@haldenrowe.example", role="member", at=now())
    browser = as_member(alice)
    page = browser.get(reverse("team"))
    [invitation] = page.context["invitations"]
    browser.post(reverse("revoke-invitation", args=[invitation.pk]))
    answer = Client().get(reverse("join", args=[token]))
    assert answer.status_code == 404
    assert "Ask whoever invited you for a new link." in words(answer)


def test_the_last_owner_cannot_leave(alice: Membership, bob: Membership):
    answer = as_member(alice).post(reverse("remove-member", args=[alice.pk]))
    assert answer.status_code == 409
    assert "Make somebody else an owner first." in words(answer)
    assert as_member(bob).post(reverse("remove-member", args=[bob.pk])).status_code == 303
    assert not Membership.objects.filter(pk=bob.pk).exists()


def test_who_is_in_two_teams_chooses_one(alice: Membership, bob: Membership, charlie: Membership):
    Membership.objects.create(team=charlie.team, user=bob.user)
    browser = as_member(bob)
    assert "charlie@elsewhere.example" not in words(browser.get(reverse("team")))
    browser.post(reverse("switch-team"), {"team": str(charlie.team_id)})
    page = words(browser.get(reverse("team")))
    assert "charlie@elsewhere.example" in page
    assert "alice@haldenrowe.example" not in page


def test_guessing_a_password_ends_soon(alice: Membership):
    browser = Client()
    form = {"login": alice.user.email, "password": "not it at all"}
    answers = [browser.post(reverse("account_login"), form) for _ in range(15)]
    assert "Too many" in words(answers[-1])
    answer = browser.post(
        reverse("account_login"), {"login": alice.user.email, "password": "a long password"}
    )
    assert answer.status_code == 200
    assert "_auth_user_id" not in browser.session


def test_signing_in_leads_back_to_where_one_wanted(alice: Membership):
    form = {
        "login": "ALICE@haldenrowe.example",
        "password": "a long password",
        "next": "/insights?weeks=4",
    }
    answer = Client().post(reverse("account_login"), form)
    assert answer["Location"] == "/insights?weeks=4"
    form["next"] = "https://evil.example/"
    assert Client().post(reverse("account_login"), form)["Location"] == "/"


def test_an_invitation_gets_a_new_link_on_the_page_also_after_it_ended(
    alice: Membership, bob: Membership
):
    """The old link is void at once; a member who does not administer the team finds no such invitation."""
    old = joining.invite(
        alice, email="nina@haldenrowe.example", role="member", at=now() - timedelta(days=9)
    )
    page = words(as_member(alice).get(reverse("team")))
    assert "nina@haldenrowe.example" in page
    assert "ended" in page
    renew = re.search(r'action="(/team/invitations/[^"]*/renew)"', page)[1]
    assert as_member(bob).post(renew).status_code == 404
    shown = words(as_member(alice).post(renew))
    link = re.search(r'id="invitation-link">([^<]*)<', shown)[1]
    assert "the old one no longer works" in shown
    assert (
        joining.find_invitation(link.rpartition("/")[2], at=now()).email
        == "nina@haldenrowe.example"
    )
    assert Client().get(reverse("join", args=[old])).status_code == 404
