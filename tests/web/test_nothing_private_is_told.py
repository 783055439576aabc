"""S84, S76: search, insights and today tell a team-mate nothing of a private mailbox, neither words nor numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message, a_thread
from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Direction
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.teams.models import Membership
from letterbook.timeline.open_threads import open_threads

SECRET = "moquette"


@pytest.fixture
def anna(alice: Membership) -> Contact:
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.fixture
def private(alice: Membership) -> Mailbox:
    return a_mailbox(alice, sharing=Sharing.PRIVATE)


def _letter(box: Mailbox, contact: Contact, **fields: object):
    at = now() - timedelta(hours=3)
    return a_message(
        box, contact, subject=f"The {SECRET}", text=f"Roses on {SECRET}.", at=at, **fields
    )


def _see(member: Membership, name: str, query: str = "") -> str:
    answer = as_member(member).get(reverse(name) + query)
    assert answer.status_code == 200
    return words(answer)


def test_search_finds_private_mail_for_its_owner_only(
    alice: Membership, bob: Membership, charlie: Membership, private: Mailbox, anna: Contact
):
    letter = _letter(private, anna)
    assert str(letter.pk) in _see(alice, "search", f"?q={SECRET}")
    for member in (bob, charlie):
        page = _see(member, "search", f"?q={SECRET}")
        assert str(letter.pk) not in page
        assert "Roses" not in page
        assert "Nothing that you may see says" in page


@pytest.mark.parametrize(
    ("sharing", "finds_subject", "finds_text"),
    [(Sharing.METADATA, False, False), (Sharing.SUBJECT, True, False), (Sharing.FULL, True, True)],
)
def test_search_goes_as_far_as_is_shared(
    alice: Membership,
    bob: Membership,
    anna: Contact,
    sharing: Sharing,
    finds_subject: bool,
    finds_text: bool,
):
    letter = a_message(
        a_mailbox(alice, sharing=sharing), anna, subject="Curtains", text=f"Blue {SECRET}."
    )
    assert (str(letter.pk) in _see(bob, "search", "?q=curtains")) is finds_subject
    found = _see(bob, "search", f"?q={SECRET}")
    assert (str(letter.pk) in found) is finds_text
    assert ("Blue" in _see(bob, "search", "?q=curtains")) is finds_text
    assert ("Curtains" in _see(bob, "search", "?q=with:anna")) is finds_subject


def test_insights_count_private_mail_for_its_owner_only(
    alice: Membership, bob: Membership, private: Mailbox, anna: Contact
):
    thread = a_thread(alice)
    _letter(private, anna, thread=thread)
    _letter(private, anna, thread=thread, direction=Direction.OUTGOING)
    assert "1 email came in and 1 went out" in _see(alice, "insights")
    assert "Nothing to count yet." in _see(bob, "insights")


def test_today_tells_of_waiting_mail_to_its_owner_only(
    alice: Membership, bob: Membership, private: Mailbox, anna: Contact
):
    _letter(private, anna)
    page = _see(alice, "today")
    assert "One person is waiting for you." in page
    assert SECRET in page
    page = _see(bob, "today")
    assert "Nobody is waiting for you." in page
    assert SECRET not in page
    assert "Anna" not in page


def test_people_who_wait_are_counted_once(alice: Membership, private: Mailbox, anna: Contact):
    _letter(private, anna)
    _letter(private, anna)
    page = _see(alice, "today")
    assert "One person is waiting for you." in page
    assert page.count('id="waiting-') == 2


def test_an_answer_of_a_team_mate_that_one_may_know_of_ends_the_waiting(
    alice: Membership, bob: Membership, private: Mailbox, anna: Contact
):
    thread = a_thread(alice)
    _letter(private, anna, thread=thread)
    hidden = a_mailbox(bob, sharing=Sharing.PRIVATE)
    sent_at = now() - timedelta(hours=1)
    a_message(hidden, anna, thread=thread, direction=Direction.OUTGOING, at=sent_at)
    assert "One person is waiting for you." in _see(alice, "today")
    Mailbox.objects.filter(pk=hidden.pk).update(sharing=Sharing.METADATA)
    assert "Nobody is waiting for you." in _see(alice, "today")


def test_automatic_mail_neither_asks_nor_answers(
    alice: Membership, private: Mailbox, anna: Contact
):
    thread = a_thread(alice)
    a_message(private, anna, thread=thread, at=now() - timedelta(hours=2))
    a_message(private, anna, thread=thread, at=now() - timedelta(hours=1), is_automatic=True)
    a_message(private, anna, subject="Out of office", at=now(), is_automatic=True)
    page = _see(alice, "today")
    assert "One person is waiting for you." in page
    assert "Out of office" not in page


def test_what_needs_no_answer_is_said_to_be_done_until_there_is_more(
    alice: Membership, bob: Membership, private: Mailbox, anna: Contact
):
    """S77, S91: it is on Today no longer, nor among the open conversations, and it is taken back with one press."""
    letter = _letter(private, anna)
    path = reverse("need-no-answer", args=[letter.pk])
    assert as_member(bob).post(path).status_code == 404
    assert as_member(alice).post(path, follow=True).status_code == 200
    assert "Nobody is waiting for you." in _see(alice, "today")
    assert open_threads(alice, anna, at=now()) == ()
    as_member(alice).post(reverse("want-answer", args=[letter.pk]))
    assert "One person is waiting for you." in _see(alice, "today")
    as_member(alice).post(path)
    _letter(private, anna, thread=letter.thread)
    assert "One person is waiting for you." in _see(alice, "today")
    assert len(open_threads(alice, anna, at=now())) == 1


def test_what_nobody_answered_in_a_month_waits_no_longer(
    alice: Membership, private: Mailbox, anna: Contact
):
    a_message(private, anna, at=now() - timedelta(days=31))
    assert "Nobody is waiting for you." in _see(alice, "today")


def test_a_search_is_narrowed_and_widened_by_a_click(
    alice: Membership, private: Mailbox, anna: Contact
):
    _letter(private, anna)
    page = _see(alice, "search", f"?q={SECRET}")
    assert f"?q={SECRET}%20in%3Asent" in page
    page = _see(alice, "search", f"?q={SECRET}+in%3Asent")
    assert "Nothing that you may see says" in page
    assert f'?q={SECRET}"' in page


def test_a_search_that_cannot_be_understood_says_why(alice: Membership):
    answer = as_member(alice).get(reverse("search") + '?q="never+closed')
    assert answer.status_code == 422
    assert 'Close it with another ".' in words(answer)


def test_hostile_words_are_shown_as_words(alice: Membership, private: Mailbox, anna: Contact):
    script = "<script>alert(1)</script>"
    a_message(private, anna, subject=script, text=f"{script} {SECRET}", at=now())
    for path in (f"{reverse('search')}?q={SECRET}", f"{reverse('search')}?q={script}", "/"):
        assert script not in as_member(alice).get(path).content.decode()


def test_today_says_who_went_quiet_to_whom_they_used_to_write(
    alice: Membership, bob: Membership, charlie: Membership, anna: Contact
):
    """S77, S96: not to a team-mate who only may read it; and who writes to a team-mate now has not gone quiet."""
    shared = a_mailbox(alice)
    for week in range(5):
        a_message(shared, anna, at=now() - timedelta(days=30 + 7 * week))
    page = _see(alice, "gone-quiet")
    assert "Anna Lind used to write every 7 days, and has not for 30 days." in page
    assert f"{reverse('write')}?to=anna%40lindwerk.example" in page
    for member in (bob, charlie):
        assert "Anna" not in _see(member, "gone-quiet")
    a_message(a_mailbox(bob), anna, at=now() - timedelta(days=1))
    assert "Anna" not in _see(alice, "gone-quiet")


def test_today_asks_for_who_went_quiet_once_it_is_shown(alice: Membership, private: Mailbox):
    """S77: a year is read for it, so it does not keep the page waiting, nor come at each refresh."""
    assert f'hx-get="{reverse("gone-quiet")}"' in _see(alice, "today")
    part = as_member(alice).get(reverse("today"), headers={"HX-Request": "true"})
    assert reverse("gone-quiet") not in words(part)
