"""The way out that an email carries: one click by a mail program, one button on a page, and what is told of it."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes

import pytest
from django.test import Client
from django.urls import reverse

from browsing import as_member, words
from factories import a_contact
from letterbook.outgoing.cautions import cautions_of
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.erasing import erase_contact
from letterbook.outgoing.models import Actor, OutgoingEmail, Unsubscription
from letterbook.outgoing.queueing import queue_email
from letterbook.outgoing.unsubscriptions import unsubscribed_at

ANNA = "anna@lindwerk.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def public(settings):
    settings.BASE_URL = "https://letterbook.example"


def queued(member, mailbox, at, *, to=ANNA, asks=True):
    text = DraftText(to=to, subject="News", html="<p>Many news.</p>", asks_unsubscribe=asks)
    email = create_draft(member, mailbox=mailbox, text=text, at=at)
    queue_email(email, by=Actor.person(member), member=member, at=at)
    return email


def headers_of(email):
    sent = message_from_bytes(bytes(email.frozen.get().raw))
    return (
        (sent["List-Unsubscribe"] or "").replace("\r\n", ""),
        sent["List-Unsubscribe-Post"],
    )


def path_of(email) -> str:
    link = headers_of(email)[0].partition(">")[0].lstrip("<")
    assert link.startswith("https://letterbook.example/unsubscribe/")
    return link.removeprefix("https://letterbook.example")


def test_it_carries_a_link_beside_the_address(alice, mailbox, at):
    """S92: RFC 8058, by https and in the same header as RFC 2369 has it."""
    both, post = headers_of(queued(alice, mailbox, at))
    assert both.endswith(", <mailto:alice@haldenrowe.example?subject=unsubscribe>")
    assert post == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:8025", "http://letterbook.example", "https://localhost"]
)
def test_where_nobody_could_reach_it_there_is_the_address_only(alice, mailbox, at, settings, base):
    settings.BASE_URL = base
    only, post = headers_of(queued(alice, mailbox, at))
    assert (only, post) == ("<mailto:alice@haldenrowe.example?subject=unsubscribe>", None)


def test_what_goes_to_several_has_none_for_nobody_could_tell_who_pressed_it(alice, mailbox, at):
    assert headers_of(queued(alice, mailbox, at, to=f"{ANNA}, zoe@else.example"))[1] is None
    assert headers_of(queued(alice, mailbox, at, asks=False)) == ("", None)


def test_a_mail_program_presses_it_without_cookies_or_signing_in(alice, bob, charlie, mailbox, at):
    """The address is marked for the whole team, and for nobody else's."""
    path = path_of(queued(alice, mailbox, at))
    program = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = program.post(path, ONE_CLICK)
        assert answer.status_code == 200
        assert "sessionid" not in answer.cookies
    assert unsubscribed_at(bob, [ANNA]).keys() == {ANNA}
    assert unsubscribed_at(charlie, [ANNA]) == {}
    assert Unsubscription.objects.count() == 1


def test_looking_at_the_link_does_nothing_and_tells_nothing(alice, mailbox, at):
    """Programs look at every link of an email; whoever it was forwarded to learns nobody's name."""
    email = queued(alice, mailbox, at)
    shown = Client().get(path_of(email))
    assert not Unsubscription.objects.exists()
    page = words(shown) + words(Client().post(path_of(email)))
    for told in (ANNA, "alice", "Alice", "Halden", "News", "haldenrowe"):
        assert told not in page
    assert shown["Referrer-Policy"] == "no-referrer"
    assert "no-store" in shown["Cache-Control"]


def test_a_link_that_is_not_ours_is_not_there(alice, mailbox, at):
    path = path_of(queued(alice, mailbox, at))
    other = queued(alice, mailbox, at)
    forged = path.replace(path[13:45], other.pk.hex)
    for wrong in (path[:-1], path + "x", forged, "/unsubscribe/x"):
        for ask in (Client().get, Client().post):
            assert ask(wrong).status_code == 404
    assert not Unsubscription.objects.exists()


def test_after_the_person_was_erased_it_looks_the_same_and_brings_nothing_back(alice, mailbox, at):
    anna = a_contact(alice, "Anna Lind", ANNA)
    path = path_of(queued(alice, mailbox, at))
    Client().post(path)
    erase_contact(alice, anna, at=at + timedelta(minutes=1))
    assert not Unsubscription.objects.exists()
    assert Client().post(path).status_code == 200
    assert not Unsubscription.objects.exists()


def test_it_goes_on_where_somebody_signed_in_presses_it(alice, charlie, mailbox, at):
    """A stranger's browser, with a team of its own."""
    assert as_member(charlie).post(path_of(queued(alice, mailbox, at))).status_code == 200
    assert unsubscribed_at(alice, [ANNA])


def test_the_composer_warns_and_only_where_a_way_out_was_offered(alice, mailbox, at):
    """S92: an ordinary letter is no mailing."""
    Client().post(path_of(queued(alice, mailbox, at)))
    for asks, codes in ((True, ["unsubscribed"]), (False, [])):
        text = DraftText(to=ANNA, subject="News", html="<p>More.</p>", asks_unsubscribe=asks)
        draft = create_draft(alice, mailbox=mailbox, text=text, at=at)
        found = [one.code for one in cautions_of(draft, member=alice, at=at)]
        assert [one for one in found if one == "unsubscribed"] == codes


def test_it_stands_on_the_contacts_page_until_they_want_mail_again(
    alice, bob, charlie, mailbox, at
):
    anna = a_contact(alice, "Anna Lind", ANNA)
    Client().post(path_of(queued(alice, mailbox, at)))
    page = reverse("contact", args=[anna.pk])
    assert "wants no mailings since" in words(as_member(bob).get(page))
    again = reverse("wants-mail", args=[anna.pk])
    assert as_member(charlie).post(again, {"address": ANNA}).status_code == 404
    assert "gets such mail again" in words(
        as_member(bob).post(again, {"address": ANNA}, follow=True)
    )
    assert "wants no mailings" not in words(as_member(bob).get(page))
    assert OutgoingEmail.objects.count() == 1
