"""Searching finds notes, calls, meetings and tasks beside the emails, for those who may read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from browsing import as_member
from factories import START, a_contact, a_mailbox, a_message, a_note
from letterbook.correspondence.models import Message
from letterbook.outgoing.merging import merge_contacts
from letterbook.search import finding
from letterbook.search.finding import Hit, search
from letterbook.teams.second_wall import seen_by
from letterbook.timeline.deleting import delete_activity, restore_activity
from letterbook.timeline.keeping import rewrite_activity, write_activity


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


def found(member, text, **more):
    return [one.activity.pk for one in search(member, text, **more).written]


@pytest.mark.parametrize("kind", ["note", "call", "meeting", "task"])
def test_what_people_wrote_is_found_by_the_team_and_by_nobody_else(
    alice, bob, charlie, anna, kind, at
):
    """S84, S88: also behind the second wall."""
    line = write_activity(alice, anna, type=kind, text="The budget is Déwi's, not hers.", at=at)
    for question in ("budget", "DEWI", "bud*", '"budget is"', "anna budget", "with:lind budget"):
        assert found(bob, question) == [line.pk]
    with seen_by(bob):
        assert found(bob, "budget") == [line.pk]
    assert found(charlie, "budget") == found(charlie, "in:notes") == []


@pytest.mark.parametrize(
    "question",
    [
        "bud", '"is budget"', "boris budget", "with:boris budget", "with:boris@lindwerk.example budget", "anna",
        "subject:budget", "from:alice budget", "to:anna budget", "budget has:attachment", "budget in:sent",
        "budget before:2026-11-01", "budget after:2026-11-03",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not_found(alice, anna, question):
    """S84: what asks about emails finds no note, and one of the words must stand in the note itself."""
    a_contact(alice, "Boris", "boris@lindwerk.example")
    a_note(alice, anna, text="The budget is hers.", at=START.replace(day=2))
    assert found(alice, question) == []


@pytest.mark.parametrize(
    "question",
    [
        "in:notes", "with:anna", "with:anna@lindwerk.example", "in:notes with:ann*", "after:2026-11-02",
        "after:2026-11-02 before:2026-11-03",
    ],
)  # fmt: skip
def test_notes_are_found_without_a_word_of_theirs(alice, anna, question):
    """S84: by whom they are about, and by when."""
    note = a_note(alice, anna, text="The budget is hers.", at=START.replace(day=2))
    boris = a_contact(alice, "Boris", "boris@kontor.example")
    a_note(alice, boris, at=START.replace(day=1))
    assert note.pk in found(alice, question)
    assert len(found(alice, question)) == (2 if question == "in:notes" else 1)


def test_what_is_private_is_found_by_its_writer_alone(alice, bob, anna, at):
    """S76, S84."""
    own = write_activity(bob, anna, type="note", text="Hesitates.", is_private=True, at=at)
    assert found(bob, "hesitates") == [own.pk]
    assert found(alice, "hesitates") == found(alice, "in:notes with:anna") == []
    rewrite_activity(bob, own.pk, is_private=False, at=at)
    assert found(alice, "hesitates") == [own.pk]


def test_search_follows_what_becomes_of_a_note(alice, anna, at):
    """S57, S72, S73: rewritten, moved with its contact, deleted, put back."""
    note = write_activity(alice, anna, type="note", text="Likes blue.", at=at)
    rewrite_activity(alice, note.pk, text="Likes green.", at=at)
    assert (found(alice, "blue"), found(alice, "green")) == ([], [note.pk])
    double = a_contact(alice, "Anna Maria", "am@lindwerk.example")
    merge_contacts(alice, kept=double, gone=anna, at=at)
    assert search(alice, "green").written[0].activity.contact_id == double.pk
    delete_activity(alice, note.pk, at=at)
    assert found(alice, "green") == found(alice, "in:notes") == []
    restore_activity(alice, note.pk, at=at)
    assert found(alice, "green") == [note.pk]


def test_emails_and_notes_stand_in_one_order_and_no_page_skips_or_repeats(alice, anna):
    """S59, S84."""
    notes, emails = seven_notes_and_seven_emails(alice, anna)
    read = all_pages(alice, "proof")
    places = [(one.place.at, one.place.id) for one in read]
    assert places == sorted(places, reverse=True)
    assert sorted(one.place.id for one in read) == sorted(notes + emails)
    assert sum(isinstance(one, Hit) for one in read) == 7


@pytest.mark.parametrize("erased", [[0], [3], [1, 2, 3]])
@pytest.mark.parametrize("question", ["proof", "subject:proof"])
def test_what_is_erased_while_somebody_searches_ends_no_page_early(
    alice, anna, monkeypatch, question, erased
):
    """S59, S84: between finding the places of a page and reading what stands there."""
    notes, emails = seven_notes_and_seven_emails(alice, anna)
    find, gone = finding.newest_matches, []

    def find_and_erase(*asked, **more):
        places = find(*asked, **more)
        if not gone:
            gone.extend(places[number].id for number in erased)
            Message.objects.filter(pk__in=gone).delete()
        return places

    monkeypatch.setattr(finding, "newest_matches", find_and_erase)
    read = [one.place.id for one in all_pages(alice, question)]
    left = set(emails) - set(gone)
    assert sorted(read) == sorted(left | set(notes) if question == "proof" else left)


def seven_notes_and_seven_emails(alice, anna):
    box, notes, emails = a_mailbox(alice), [], []
    for minute in range(7):
        at = START + timedelta(minutes=minute // 2)
        notes.append(a_note(alice, anna, text="proof", at=at).pk)
        emails.append(a_message(box, anna, subject="proof", at=at).pk)
    return notes, emails


def all_pages(alice, question):
    read, cursor = [], ""
    while True:
        page = search(alice, question, cursor=cursor, limit=3)
        read += page.in_order
        cursor = page.next_cursor
        if not cursor:
            return read


def test_the_page_leads_to_the_note_in_its_history(alice, bob, anna):
    """S54, S91: however far back it stands."""
    note = a_note(alice, anna, text="Prefers <b>calls</b>.", at=START)
    for n in range(40):
        a_note(alice, anna, text=f"Later {n}", at=START + timedelta(days=1, minutes=n))
    browser = as_member(bob)
    page = browser.get("/search", {"q": "prefers"}).content.decode()
    assert "Note by Alice" in page
    assert "<mark>Prefers</mark> &lt;b&gt;calls" in page
    address = f"/contacts/{anna.pk}?on=2026-11-01"
    assert f'href="{address}#line-{note.pk}"' in page
    assert f'id="line-{note.pk}"' in browser.get(address).content.decode()
