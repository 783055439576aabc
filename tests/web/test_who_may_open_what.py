"""Every page and every verb, for the people of every test: the team's owner, her team-mate, a stranger, nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from browsing import as_member, words
from factories import a_mailbox
from letterbook.contacts.models import Contact
from letterbook.mailboxes.models import Mailbox, MailboxState, Sharing
from letterbook.teams import joining, tokens
from letterbook.teams.models import ApiToken, AuditEntry, Invitation, Membership
from letterbook.web.urls import urlpatterns

# Whoever follows an invitation is nobody yet; a page that listens follows no redirect and is told 401.
FOR_ANYBODY = {"join", "without-team", "events", "unsubscribe"}

PAGES = (
    "today",
    "first-run",
    "demo-opening",
    "search",
    "insights",
    "contacts",
    "new-contact",
    "import-contacts",
    "companies",
    "own-fields",
    "duplicates",
    "mailboxes",
    "import-mail",
    "connect-mailbox",
    "why",
    "team",
    "team-rules",
    "audit",
    "settings",
)
# Verbs on one thing of alice's: what bob, a plain member of her team, is told.
MAILBOX_VERBS = {
    "reconnect-mailbox": 403,
    "share-mailbox": 403,
    "choose-policy": 403,
    "choose-removed": 403,
    "retrieve-mailbox": 404,
    "replay-mailbox": 404,
    "check-mailbox": 404,
    "dismiss-quarantine": 404,
    "disconnect-mailbox": 403,
    "pause-mailbox": 403,
    "resume-mailbox": 403,
    "pause-sending-mailbox": 403,
    "resume-sending-mailbox": 403,
}
MAILBOX_FORM = {"sharing": "3", "policy": "everyone", "stored": "erase"}


def _path(pattern: URLPattern) -> str:
    kinds: dict[str, Any] = {
        name: 1 if name in {"number", "row", "page"} else "x" if name == "token" else uuid4()
        for name in pattern.pattern.converters
    }
    return reverse(str(pattern.name), kwargs=kinds)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "pattern",
    [one for one in urlpatterns if one.name not in FOR_ANYBODY],
    ids=lambda pattern: pattern.name,
)
def test_nobody_signed_in_is_led_to_sign_in_first(
    pattern: URLPattern, method: str, alice: Membership
):
    path = _path(pattern)
    answer = getattr(Client(), method)(path)
    if answer.status_code != 405:
        assert answer.status_code == {"get": 302, "post": 303}[method]
        assert answer["Location"].startswith("/accounts/login/?next=/")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_for_whoever_is_in_a_team(
    page: str, alice: Membership, bob: Membership, charlie: Membership
):
    for member in (alice, bob, charlie):
        assert as_member(member).get(reverse(page)).status_code == 200, member


@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_with_mail_as_well(
    page: str, alice: Membership, bob: Membership, make_contact: Callable[..., Contact]
):
    a_mailbox(alice)
    make_contact("Anna Lind", "anna@lindwerk.example")
    for member in (alice, bob):
        assert as_member(member).get(reverse(page)).status_code == 200, member


@pytest.mark.django_db
def test_somebody_in_no_team_is_told_what_to_do(alice: Membership, bob: Membership, at: datetime):
    browser = as_member(bob)
    joining.remove_member(alice, target=bob, at=at)
    answer = browser.get(reverse("today"), follow=True)
    assert answer.redirect_chain == [(reverse("without-team"), 302)]
    assert "Ask an owner or admin" in words(answer)


@pytest.mark.parametrize("verb", MAILBOX_VERBS)
def test_a_stranger_finds_no_mailbox_to_act_on(verb: str, alice: Membership, charlie: Membership):
    box = a_mailbox(alice, sharing=Sharing.PRIVATE)
    answer = as_member(charlie).post(reverse(verb, args=[box.pk]), MAILBOX_FORM)
    assert answer.status_code == 404
    assert _unchanged(box)


@pytest.mark.parametrize(("verb", "status"), MAILBOX_VERBS.items())
def test_a_team_mate_is_told_whose_mailbox_it_is(
    verb: str, status: int, alice: Membership, bob: Membership, gmail: object
):
    box = a_mailbox(alice, sharing=Sharing.PRIVATE)
    answer = as_member(bob).post(reverse(verb, args=[box.pk]), MAILBOX_FORM)
    assert answer.status_code == status
    if status == 403:
        assert "belongs to Alice Halden" in words(answer)
    assert _unchanged(box)


def test_an_admin_may_stop_a_mailbox_but_neither_share_nor_erase_it(
    alice: Membership, bob: Membership
):
    box = a_mailbox(bob, sharing=Sharing.PRIVATE)
    browser = as_member(alice)
    for verb in ("share-mailbox", "choose-policy", "disconnect-mailbox"):
        assert browser.post(reverse(verb, args=[box.pk]), MAILBOX_FORM).status_code == 403
    assert _unchanged(box)
    assert browser.post(reverse("pause-mailbox", args=[box.pk])).status_code == 303
    box.refresh_from_db()
    assert box.state == MailboxState.PAUSED
    page = words(browser.get(reverse("mailbox", args=[box.pk])))
    assert "As owner of the team you may stop it" in page
    assert reverse("share-mailbox", args=[box.pk]) not in page


def test_a_verb_is_never_done_by_looking(alice: Membership):
    box = a_mailbox(alice)
    browser = as_member(alice)
    for verb in MAILBOX_VERBS:
        assert browser.get(reverse(verb, args=[box.pk])).status_code == 405
    assert browser.get(reverse("open-demo")).status_code == 405
    assert browser.get(reverse("retrieve-all")).status_code == 405


def test_a_stranger_finds_no_contact(
    alice: Membership, charlie: Membership, make_contact: Callable[..., Contact]
):
    contact = make_contact("Anna Lind", "anna@lindwerk.example")
    browser = as_member(charlie)
    for name in ("edit-contact", "delete-contact"):
        path = reverse(name, args=[contact.pk])
        assert browser.post(path, {"name": "Mine"}).status_code == 404
    contact.refresh_from_db()
    assert contact.name == "Anna Lind"


def test_only_owners_and_admins_administer(
    alice: Membership, bob: Membership, charlie: Membership, at: datetime
):
    joining.invite(alice, email="new@haldenrowe.example", role="member", at=at)
    invitation = Invitation.objects.get()
    attempts = [
        (reverse("change-role", args=[bob.pk]), {"role": "owner"}, 403),
        (reverse("remove-member", args=[alice.pk]), {}, 403),
        (reverse("revoke-invitation", args=[invitation.pk]), {}, 404),
    ]
    for path, form, status in attempts:
        assert as_member(bob).post(path, form).status_code == status
        assert as_member(charlie).post(path, form).status_code == 404
    assert as_member(bob).post(reverse("team"), {"email": "x@y.example", "role": "member"})
    assert Invitation.objects.count() == 1
    assert Membership.objects.filter(team=alice.team).count() == 2
    invitation.refresh_from_db()
    assert invitation.revoked_at is None


def test_only_owners_and_admins_read_what_was_done(
    alice: Membership, bob: Membership, charlie: Membership
):
    assert AuditEntry.objects.filter(team=alice.team).exists()
    assert "team founded" in words(as_member(alice).get(reverse("audit")))
    assert "team founded" not in words(as_member(bob).get(reverse("audit")))
    assert "Alice" not in words(as_member(charlie).get(reverse("audit")))


def test_a_token_is_its_owners_alone(alice: Membership, bob: Membership, at: datetime):
    tokens.create_token(alice, name="The report", at=at)
    token = ApiToken.objects.get()
    assert "The report" not in words(as_member(bob).get(reverse("settings")))
    assert as_member(bob).post(reverse("revoke-token", args=[token.pk])).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None
    assert as_member(alice).post(reverse("revoke-token", args=[token.pk])).status_code == 303
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_nobody_acts_in_a_team_they_are_not_in(alice: Membership, charlie: Membership):
    browser = as_member(charlie)
    answer = browser.post(reverse("switch-team"), {"team": str(alice.team_id)})
    assert answer.status_code == 404
    assert "Halden & Rowe" not in words(browser.get(reverse("team")))


def _unchanged(box: Mailbox) -> bool:
    now = Mailbox.objects.get(pk=box.pk)
    names = ("sharing", "policy", "state", "is_sending_paused")
    return all(getattr(now, name) == getattr(box, name) for name in names)
