"""Coverage day by day, the look-up and the quarantine: what is said there, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from letterbook.correspondence.models import LedgerState, MailboxMessage, QuarantinedSource
from letterbook.correspondence.sources import pack_source
from letterbook.incoming.checks import begin_check, check_coverage_of
from letterbook.incoming.models import CoverageCheck, RunKind
from letterbook.incoming.retrieval import retrieve
from letterbook.mailboxes.models import Mailbox
from letterbook.mailboxes.opening import open_mailbox
from letterbook.providers.fake_gmail.world import FakeGmail
from letters import a_letter

ALICE = "alice@haldenrowe.example"


@pytest.fixture
def at():
    """These pages go by the real clock."""
    return now()


@pytest.fixture
def retrieved(mailbox, gmail: FakeGmail, make_contact, at) -> Mailbox:
    """alice's mailbox with a letter on each of the last five days, one of them waiting, compared with Gmail."""
    make_contact("Anna Lind", "anna@lindwerk.example")
    for number in range(5):
        gmail.inject(ALICE, a_letter(number), received_at=at - timedelta(days=number, hours=3))
    with closing(open_mailbox(mailbox)) as provider:
        retrieve(mailbox, provider=provider, kind=RunKind.FIRST, at=at)
        begin_check(mailbox, at=at)
        check_coverage_of(mailbox, provider=provider, clock=lambda: at)
    return mailbox


@pytest.fixture
def unreadable(retrieved, at) -> MailboxMessage:
    """One of the five could not be read."""
    row = MailboxMessage.objects.order_by("provider_id").first()
    assert row is not None
    MailboxMessage.objects.filter(pk=row.pk).update(
        state=LedgerState.QUARANTINED, error="It has no end.", message=None
    )
    QuarantinedSource.objects.create(
        mailbox_message=row,
        team_id=row.team_id,
        raw_zstd=pack_source(b"From: <script>\r\n\r\n\0"),
        parser_version=0,
        at=at,
    )
    return row


@pytest.fixture
def see(alice) -> Callable[..., str]:
    return lambda name, *args, query="": words(
        as_member(alice).get(reverse(name, args=args) + query)
    )


def _page(member, name: str, *args: object) -> HttpResponse:
    return as_member(member).get(reverse(name, args=args))


def test_each_day_says_what_gmail_has_of_it(retrieved, see, at):
    """S79, S93: Gmail's count of each day beside what is stored of it."""
    page = see("coverage", retrieved.pk)
    assert "No day of these weeks is incomplete." in page
    assert "5 listed, none missing." in page
    month = (at - timedelta(hours=3)).strftime("%Y-%m")
    days = see("coverage", retrieved.pk, query=f"?month={month}")
    assert ">1</b> at Gmail · 1 stored, 0 left out" in days
    assert "Agrees" in days
    assert "Incomplete" not in days


def test_a_day_that_is_incomplete_stands_out(retrieved, see, at):
    MailboxMessage.objects.filter(provider_id=MailboxMessage.objects.first().provider_id).update(
        state=LedgerState.WAITING, message=None
    )
    page = see("coverage", retrieved.pk)
    assert "1 of 1 waiting" in page
    assert "No day of these weeks is incomplete." not in page


def test_a_month_that_is_none_is_not_found(alice, retrieved):
    path = reverse("coverage", args=[retrieved.pk])
    for month in ("2026-13", "x", "2026"):
        assert as_member(alice).get(path, {"month": month}).status_code == 404


def test_a_check_is_asked_for_with_one_click(alice, retrieved):
    CoverageCheck.objects.all().delete()
    answer = as_member(alice).post(reverse("check-mailbox", args=[retrieved.pk]), follow=True)
    assert "Gmail is being asked day by day." in words(answer)
    assert CoverageCheck.objects.filter(mailbox=retrieved, ended_at=None).exists()


def test_the_days_and_the_quarantine_are_the_owners(bob, charlie, retrieved, unreadable):
    """S41: sharing in full shares the emails, not how the mailbox fares inside."""
    for member in (bob, charlie):
        assert _page(member, "coverage", retrieved.pk).status_code == 404
        assert _page(member, "quarantined", retrieved.pk, unreadable.pk).status_code == 404
        for verb in ("replay-quarantined", "dismiss-quarantined"):
            path = reverse(verb, args=[retrieved.pk, unreadable.pk])
            assert as_member(member).post(path).status_code == 404
    unreadable.refresh_from_db()
    assert unreadable.state == LedgerState.QUARANTINED


def test_an_email_of_another_mailbox_is_not_in_this_ones_quarantine(
    alice, bob, bobs_mailbox, unreadable
):
    assert _page(bob, "quarantined", bobs_mailbox.pk, unreadable.pk).status_code == 404


def test_the_look_up_says_why(retrieved, see):
    page = see("why", query="?q=anna@lindwerk.example")
    assert "Letter 0" in page
    assert "It is on the timeline of Anna Lind." in page
    assert "No such email." in see("why", query="?q=nobody@nowhere.example")


def test_the_look_up_of_others_finds_nothing(bob, retrieved):
    assert "Letter 0" not in words(
        as_member(bob).get(reverse("why"), {"q": "anna@lindwerk.example"})
    )


def test_anything_may_be_looked_up(alice, retrieved):
    for q in ("\0", "'; --", "{", '"', "ü" * 2000, "mail.google.com/#inbox/"):
        assert as_member(alice).get(reverse("why"), {"q": q}).status_code == 200


def test_what_could_not_be_read_shows_its_source(alice, retrieved, unreadable, see):
    page = see("quarantined", retrieved.pk, unreadable.pk)
    assert "It has no end." in page
    assert "From: &lt;script&gt;" in page or "From: <script>" in page
    assert "reads more than it did" in see("mailbox", retrieved.pk)
    file = as_member(alice).get(
        reverse("quarantined", args=[retrieved.pk, unreadable.pk]), {"download": "1"}
    )
    assert file.content == b"From: <script>\r\n\r\n\0"
    assert file["Content-Type"] == "application/octet-stream"


def test_it_is_read_again_or_dismissed(alice, retrieved, unreadable):
    browser = as_member(alice)
    path = reverse("dismiss-quarantined", args=[retrieved.pk, unreadable.pk])
    assert "Dismissed." in words(browser.post(path, follow=True))
    assert browser.post(path).status_code == 404
    unreadable.refresh_from_db()
    assert (unreadable.state, unreadable.reason) == (LedgerState.SKIPPED, "dismissed")


def test_reading_again_tells_how_it_went(alice, retrieved, unreadable):
    path = reverse("replay-quarantined", args=[retrieved.pk, unreadable.pk])
    answer = words(as_member(alice).post(path, follow=True))
    unreadable.refresh_from_db()
    was_read = unreadable.state != LedgerState.QUARANTINED
    assert ("It was read this time." if was_read else "not be read this time either") in answer


def test_what_gmail_never_gave_is_not_said_to_be_read(alice, retrieved, unreadable):
    """S56: without a source it is fetched again, and the page says that."""
    QuarantinedSource.objects.all().delete()
    browser = as_member(alice)
    page = words(browser.get(reverse("quarantined", args=[retrieved.pk, unreadable.pk])))
    assert "kept as it came" not in page
    assert "Fetch it again" in page
    path = reverse("replay-quarantined", args=[retrieved.pk, unreadable.pk])
    assert "It is fetched again." in words(browser.post(path, follow=True))
    unreadable.refresh_from_db()
    assert unreadable.state == LedgerState.WAITING


def test_all_are_dismissed_together(alice, retrieved, unreadable):
    path = reverse("dismiss-quarantine", args=[retrieved.pk])
    assert "1 dismissed." in words(as_member(alice).post(path, follow=True))
    assert not QuarantinedSource.objects.exists()


def test_who_wrote_what_was_left_out_is_made_a_contact_from_there(alice, retrieved, gmail, at):
    """S42, S67: the way out is one click away, and brings the email."""
    gmail.inject(ALICE, a_letter(77, sender="Zoe <zoe@x.example>"), received_at=at)
    with closing(open_mailbox(retrieved)) as provider:
        retrieve(retrieved, provider=provider, kind=RunKind.SCHEDULED, at=at)
    browser = as_member(alice)
    page = words(browser.get(reverse("why"), {"q": "zoe@x.example"}))
    assert "Nobody on it is a contact" in page
    link = f"{reverse('new-contact')}?address=zoe%40x.example"
    assert f'href="{link}"' in page
    assert "zoe@x.example" in words(browser.get(link))
