"""The story of an email says to whom it goes, what it says and what it is about, waiting, failed or sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.attaching import attach_file
from letterbook.outgoing.models import Actor
from letterbook.outgoing.queueing import queue_email
from letterbook.web.stories import when_in_words
from written import a_draft, a_failed_email, a_queued_email


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


def story(member, email) -> str:
    return words(as_member(member).get(reverse("outgoing-email", args=[email.pk])))


def test_what_waits_can_be_read_without_taking_it_back(alice, box):
    """S3, S5: everybody on it by name and address, its files, its text."""
    to = "Anna Lind <anna@lindwerk.example>"
    email = a_draft(alice, box, at=now(), to=to, bcc="vera@hidden.example")
    attach_file(
        alice, email, filename="Plan.pdf", content_type="application/pdf", content=b"%PDF", at=now()
    )
    email.refresh_from_db()
    queue_email(email, by=Actor.person(alice), member=alice, at=now())
    shown = story(alice, email)
    for said in (
        "anna@lindwerk.example",
        "vera@hidden.example",
        "Plan.pdf",
        "Here they are.",
    ):
        assert said in shown


@pytest.mark.parametrize("make", [a_queued_email, a_failed_email])
@pytest.mark.parametrize(
    ("sharing", "reads"),
    [(Sharing.FULL, True), (Sharing.SUBJECT, False), (Sharing.METADATA, False)],
)
def test_a_team_mate_reads_as_much_as_is_shared(alice, bob, box, make, sharing, reads):
    """S3, S76: who got it openly they may know; Bcc and text belong to whoever may read it."""
    email = make(alice, box, at=now(), bcc="vera@hidden.example")
    Mailbox.objects.filter(pk=box.pk).update(sharing=sharing)
    shown = story(bob, email)
    assert "anna@lindwerk.example" in shown
    assert ("Here they are." in shown) is reads
    assert ("vera@hidden.example" in shown) is reads


def test_what_it_is_about_is_changed_after_it_was_written(alice, bob, charlie, box):
    """S20: added or removed later, by whoever wrote it; also without scripting."""
    email, anna = a_queued_email(alice, box, at=now()), a_contact(alice, "Anna Lindqvist")
    path = reverse("regarding", args=[email.pk])
    link = {"type": "contact", "id": str(anna.pk)}
    for other in (bob, charlie):
        assert as_member(other).post(path, link).status_code == 404
    answer = as_member(alice).post(path, link)
    assert answer["Location"] == reverse("outgoing-email", args=[email.pk])
    assert "Remove Anna Lindqvist" in story(alice, email)
    seen = story(bob, email)
    assert "Anna Lindqvist" in seen
    assert "Remove Anna Lindqvist" not in seen
    htmx = {"HX-Request": "true"}
    answer = as_member(alice).post(path, {"unlink": f"contact:{anna.pk}"}, headers=htmx)
    assert answer["Location"] == path
    assert not email.regarding.exists()


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (timedelta(minutes=30), "at 23:30, in 30 min"),
        (timedelta(hours=2), "tomorrow at 01:00"),
        (timedelta(days=7), "on Monday 7 December at 23:00"),
        (timedelta(days=40), "on Saturday 9 January 2027 at 23:00"),
    ],
)
def test_when_it_goes_is_said_once(later, said):
    at = datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert when_in_words(at + later, at=at) == said
