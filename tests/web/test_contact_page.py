"""A contact's page: the history each viewer may see, and what people add to it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from factories import START, a_contact, a_mailbox, a_member, a_message, a_note
from letterbook.mailboxes.models import Sharing
from letterbook.timeline.models import Activity
from letterbook.web.contact_timeline import LINES
from written import a_draft, a_failed_email, a_queued_email


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


def page_of(client, member, contact, query="", **headers):
    client.force_login(member.user)
    return client.get(reverse("contact", args=[contact.pk]) + query, headers=headers)


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_somebody_who_is_not_signed_in_is_led_to_signing_in(client, anna):
    response = client.get(reverse("contact", args=[anna.pk]))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_another_teams_contact_does_not_exist(client, charlie, anna):
    """S71: an id of another team is a 404."""
    assert page_of(client, charlie, anna).status_code == 404


def test_the_timeline_shows_who_wrote_what_when_and_with_which_files(client, alice, box, anna):
    """S74: direction, subject, snippet, people, status and attachments."""
    a_message(box, anna, subject="Final wording", text="Does it fit?", files=("panels.pdf",))
    a_message(box, anna, direction="out", subject="Three dates", text="The fitters can come.")
    shown = text_of(page_of(client, alice, anna))
    for part in ("Anna to you", "Final wording", "Does it fit?", "panels.pdf 1 KB"):
        assert part in shown
    for part in ("You to Anna", "Three dates", "The fitters can come.", "Sent"):
        assert part in shown


def test_notes_and_calls_stand_among_the_emails(client, alice, anna):
    """S59, S75: other activities in the same history, one place for each contact."""
    a_note(alice, anna, text="Prefers calls.")
    shown = text_of(page_of(client, alice, anna))
    assert "Note by you" in shown
    assert "Prefers calls." in shown


@pytest.mark.parametrize(
    ("sharing", "seen", "hidden"),
    [
        (Sharing.FULL, ["Final wording", "Does it fit?"], []),
        (Sharing.SUBJECT, ["Final wording", "Alice shares the subject only."], ["Does it fit?"]),
        (
            Sharing.METADATA,
            ["Alice shares only that it exists."],
            ["Final wording", "Does it fit?"],
        ),
        (Sharing.PRIVATE, ["No email with this person yet."], ["Final wording", "Does it fit?"]),
    ],
)
def test_a_team_mate_sees_as_much_as_is_shared(client, alice, bob, anna, sharing, seen, hidden):
    """S76, S90: per policy."""
    a_message(a_mailbox(alice, sharing=sharing), anna, subject="Final wording", text="Does it fit?")
    shown = text_of(page_of(client, bob, anna))
    assert all(part in shown for part in seen)
    assert not any(part in shown for part in hidden)


def test_older_pages_neither_skip_nor_repeat_a_line(client, alice, box, anna):
    """S64: infinite paging while new mail arrives."""
    for number in range(LINES * 2 + 3):
        a_message(box, anna, subject=f"Letter {number:03}", at=START + timedelta(hours=number))
    found, address = [], ""
    client.force_login(alice.user)
    while address is not None:
        body = client.get(reverse("contact", args=[anna.pk]) + address).content.decode()
        found += re.findall(
            r"Letter (\d{3})", re.sub(r"title=\"[^\"]*\"|<aside.*", "", body, flags=re.DOTALL)
        )
        a_message(box, anna, subject="Newcomer", at=now())
        older = re.search(r'id="older"><a class="link-ink" href="([^"]+)"', body)
        address = older[1].replace("&amp;", "&") if older else None
    assert found == [f"{number:03}" for number in reversed(range(LINES * 2 + 3))]


def test_a_refreshed_first_page_ends_with_the_line_it_ended_with_before(client, alice, box, anna):
    """What arrives must not push a line between the first page and the older ones."""
    for number in range(LINES + 1):
        a_message(box, anna, subject=f"Letter {number:03}", at=START + timedelta(hours=number))
    body = page_of(client, alice, anna).content.decode()
    refresh = re.search(r'hx-get="([^"]*down_to=[^"]+)"', body)[1].replace("&amp;", "&")
    a_message(box, anna, subject="Newcomer", at=now())
    part = page_of(client, alice, anna, refresh, HX_Request="true", HX_Target="newest")
    assert "Newcomer" in text_of(part)
    assert re.findall(r"Letter (\d{3})", text_of(part))[-1] == "001"
    assert b"<html" not in part.content


def test_a_foreign_cursor_is_refused(client, alice, anna):
    assert page_of(client, alice, anna, "?cursor=nonsense").status_code == 422


def test_email_that_has_not_gone_yet_stands_on_top_with_its_way_back(client, alice, box, anna):
    a_queued_email(alice, box, at=now(), send_at=now() + timedelta(days=3), subject="Reminder")
    a_draft(alice, box, at=now(), subject="Half a letter")
    shown = text_of(page_of(client, alice, anna))
    assert "Still to go" in shown
    assert "Reminder" in shown
    assert "Back to draft" in shown
    assert "Half a letter" in shown
    assert "Go on writing" in shown


def test_a_failure_says_why_that_nothing_was_sent_and_what_to_do(client, alice, box, anna):
    """S17: cause and next action."""
    a_failed_email(alice, box, at=now(), subject="Lift lobby")
    shown = text_of(page_of(client, alice, anna))
    for part in (
        "Lift lobby",
        "Gmail refused the sender. Nothing was sent.",
        "Retry",
        "What happened",
    ):
        assert part in shown


def test_a_team_mate_does_not_learn_of_drafts_nor_of_blind_copies(client, alice, bob, anna):
    """S3: Bcc is for those who may read the email."""
    box = a_mailbox(alice, sharing=Sharing.SUBJECT)
    later = now() + timedelta(days=1)
    a_queued_email(
        alice,
        box,
        at=now(),
        send_at=later,
        to="x@y.example",
        bcc="anna@lindwerk.example",
        subject="Blind",
    )
    a_draft(alice, box, at=now(), subject="Mine alone")
    shown = text_of(page_of(client, bob, anna))
    assert "Blind" not in shown
    assert "Mine alone" not in shown


def test_a_note_is_kept_and_shown(client, alice, anna):
    client.force_login(alice.user)
    address = reverse("write-note", args=[anna.pk])
    response = client.post(address, {"type": "call", "text": "Opens on 12 February."}, follow=True)
    assert "Call by you" in text_of(response)
    assert "Opens on 12 February." in text_of(response)


def test_a_note_that_cannot_be_kept_says_so_at_its_field_and_loses_nothing(client, alice, anna):
    client.force_login(alice.user)
    typed = "x" * 20_001
    response = client.post(reverse("write-note", args=[anna.pk]), {"type": "note", "text": typed})
    assert response.status_code == 422
    assert typed in response.content.decode()
    assert 'id="note_error"' in response.content.decode()
    assert not Activity.objects.exists()


def test_a_new_address_brings_the_mail_that_is_stored_with_it(client, alice, box, anna):
    """S67: old mail is linked when an address is added."""
    other = a_contact(alice, "Nobody", "a.lind@post.example")
    a_message(box, other, subject="From the other address")
    other.delete()
    client.force_login(alice.user)
    address = {"address": "a.lind@post.example"}
    response = client.post(reverse("add-address", args=[anna.pk]), address, follow=True)
    assert "From the other address" in text_of(response)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ruth@lindwerk.example", "already belongs to Ruth"),
        ("not an address", "not an address"),
    ],
)
def test_an_address_that_cannot_be_added_says_why_and_stays(client, alice, anna, typed, said):
    a_contact(alice, "Ruth", "ruth@lindwerk.example")
    client.force_login(alice.user)
    response = client.post(reverse("add-address", args=[anna.pk]), {"address": typed})
    assert response.status_code == 422
    assert said in text_of(response)
    assert f'value="{typed}"' in response.content.decode()


def test_an_address_is_made_primary_and_removed(client, alice, anna):
    client.force_login(alice.user)
    second = {"address": "a.lind@post.example"}
    client.post(reverse("add-address", args=[anna.pk]), second)
    client.post(reverse("choose-primary", args=[anna.pk]), second)
    assert anna.addresses.get(is_primary=True).address == "a.lind@post.example"
    client.post(reverse("drop-address", args=[anna.pk]), {"address": "anna@lindwerk.example"})
    assert [one.address for one in anna.addresses.all()] == ["a.lind@post.example"]


@pytest.mark.parametrize("name", ["write-note", "add-address", "choose-primary", "drop-address"])
def test_a_stranger_changes_nothing(client, charlie, anna, name):
    client.force_login(charlie.user)
    posted = {"type": "note", "text": "mine", "address": "anna@lindwerk.example"}
    assert client.post(reverse(name, args=[anna.pk]), posted).status_code == 404
    assert anna.addresses.count() == 1
    assert not Activity.objects.exists()


def test_a_note_is_deleted_by_who_wrote_it_and_put_back(client, alice, bob, anna):
    """S72: it is gone from the timeline, and there is a way back."""
    note, carol = a_note(bob, anna, text="Prefers calls."), a_member(alice, "Carol")
    address = reverse("delete-activity", args=[anna.pk, note.pk])
    assert address not in page_of(client, carol, anna).content.decode()
    assert address in page_of(client, bob, anna).content.decode()
    gone = client.post(address, follow=True)
    assert "Prefers calls." not in text_of(gone)
    back = reverse("restore-activity", args=[anna.pk, note.pk])
    assert back in gone.content.decode()
    assert "Prefers calls." in text_of(client.get(reverse("taken-out", args=[anna.pk])))
    assert "Prefers calls." in text_of(client.post(back, follow=True))
