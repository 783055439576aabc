"""Earlier versions of a draft: kept now and then, bounded, taken back, and gone with whoever they name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox
from letterbook.kit.refusals import Refused
from letterbook.outgoing.draft_versions import DraftVersion
from letterbook.outgoing.drafts import DraftText, discard_draft, edit_draft, take_version_back
from letterbook.outgoing.erasing import erase_contact
from letterbook.outgoing.models import OutgoingEmail
from letterbook.outgoing.versions import MOST_KEPT, forget_versions, versions_of
from written import a_draft

ANNA = '"Anna, of Lindwerk" <anna@lindwerk.example>'


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice.halden@haldenrowe.example")


@pytest.fixture
def draft(alice, box, at):
    email = a_draft(alice, box, at=at, to=ANNA, subject="First", html="<p>The first words.</p>")
    OutgoingEmail.objects.filter(pk=email.pk).update(created_at=at)
    return email


def write(member, draft, html, *, at, to=ANNA, subject="First"):
    draft.refresh_from_db()
    text = DraftText(to=to, subject=subject, html=html)
    return edit_draft(member, draft, text=text, version=draft.version, at=at)


def said(member, draft) -> list[str]:
    return [one.html for one in versions_of(member, draft)]


def test_what_is_typed_is_a_version_every_few_minutes(alice, draft, at):
    """S27: not each time it is kept, which is every few seconds."""
    for seconds in range(0, 300, 20):
        write(alice, draft, f"<p>{seconds}</p>", at=at + timedelta(seconds=seconds))
    assert said(alice, draft) == ["<p>220</p>", "<p>100</p>"]


def test_whoever_deletes_much_at_once_finds_it_again(alice, draft, at):
    """S27: also when it was typed a moment ago."""
    long = f"<p>{'Words. ' * 60}</p>"
    write(alice, draft, long, at=at)
    write(alice, draft, "<p>Oh.</p>", at=at)
    [kept] = versions_of(alice, draft)
    assert "Words. Words." in kept.html
    taken = take_version_back(alice, draft, version=kept.version, at=at)
    assert "Words. Words." in taken.html
    assert [(row.name, row.address) for row in taken.recipients.all()] == [
        ("Anna, of Lindwerk", "anna@lindwerk.example")
    ]


def test_what_stood_there_when_one_was_taken_back_is_a_version_too(alice, draft, at):
    write(alice, draft, "<p>Second.</p>", at=at + timedelta(minutes=5), subject="Second")
    take_version_back(alice, draft, version=1, at=at + timedelta(minutes=10))
    draft.refresh_from_db()
    assert (draft.subject, draft.html) == ("First", "<p>The first words.</p>")
    assert said(alice, draft) == ["<p>Second.</p>", "<p>The first words.</p>"]


def test_so_many_are_kept_and_no_more_letters_than_an_email_has(alice, draft, at):
    for number in range(MOST_KEPT + 3):
        write(alice, draft, f"<p>{number}</p>", at=at + timedelta(minutes=5 * number + 5))
    assert len(said(alice, draft)) == MOST_KEPT
    OutgoingEmail.objects.filter(pk=draft.pk).update(html="x" * 4_000_000)
    write(alice, draft, "<p>Short.</p>", at=at + timedelta(days=1))
    assert [len(one) for one in said(alice, draft)] == [4_000_000]


def test_they_are_seen_by_those_who_write_on_the_draft(alice, bob, charlie, draft, at):
    """S24: its author, and the owner of its mailbox, as the draft itself."""
    write(alice, draft, "<p>Second.</p>", at=at + timedelta(minutes=5))
    for other in (bob, charlie):
        assert said(other, draft) == []
        with pytest.raises(Refused):
            take_version_back(other, draft, version=1, at=at)


def test_they_go_with_the_person_they_name(alice, draft, at):
    """Erased, nobody stands in an older version of a draft that goes to somebody else by now."""
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    write(alice, draft, "<p>x</p>", at=at + timedelta(minutes=5), to="zoe@else.example")
    assert len(said(alice, draft)) == 1
    erase_contact(alice, anna, at=at)
    assert not DraftVersion.objects.exists()


def test_they_go_when_the_email_is_sent_or_was_thrown_away(alice, draft, box, at, sending):
    other = a_draft(alice, box, at=at)
    for one in (draft, other):
        DraftVersion.objects.create(email=one, team=alice.team, version=1, replaced_at=at)
    assert forget_versions(at=at) == 0
    discard_draft(alice, other, at=at)
    assert forget_versions(at=at + timedelta(hours=1)) == 0
    assert forget_versions(at=at + timedelta(days=2)) == 1
    email = sending.queue()
    DraftVersion.objects.create(email=email, team=alice.team, version=1, replaced_at=at)
    sending.work()
    assert forget_versions(at=at) == 1
    assert DraftVersion.objects.get().email == draft


def test_the_page_shows_them_and_takes_one_back(alice, bob, box, at):
    """S27: from the composer by a button, which keeps what was typed."""
    draft = a_draft(alice, box, at=at, subject="First", html="<p>The first words.</p>")
    OutgoingEmail.objects.update(created_at=at)
    browser, page = as_member(alice), reverse("draft-versions", args=[draft.pk])
    assert "No earlier versions yet" in words(browser.get(page))
    form = {
        "from": f"{box.pk}|{box.address}",
        "to": "anna@lindwerk.example",
        "subject": "Second",
        "html": "<p>Other words.</p>",
        "version": 1,
        "do": "versions",
    }
    shown = words(browser.post(reverse("edit-email", args=[draft.pk]), form, follow=True))
    assert "1 earlier version of" in shown
    assert "The first words." in shown
    assert as_member(bob).get(page).status_code == 404
    back = reverse("take-version-back", args=[draft.pk, 1])
    assert as_member(bob).post(back).status_code == 404
    assert "says what it said then" in words(browser.post(back, follow=True))
    draft.refresh_from_db()
    assert draft.subject == "First"
    assert draft.updated_at <= now()
