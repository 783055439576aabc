"""The failure desk, the outbox's filters, what holds a queue up, and what Today says of trouble."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from browsing import as_member, words
from factories import a_contact, a_mailbox, a_message
from letterbook.correspondence.models import LedgerState, MailboxMessage
from letterbook.mailboxes.models import Mailbox, MailboxState, Sharing
from letterbook.outgoing.failures import Failure
from letterbook.outgoing.models import WORKER, OutgoingEmail
from letterbook.outgoing.queueing import dismiss
from letterbook.outgoing.status import ErrorClass, Status
from letterbook.web.pages.outbox import ROWS
from written import a_draft, a_failed_email, a_queued_email

DESK = reverse("failures")


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def browser(alice):
    return as_member(alice)


def text_of(response):
    page = words(response).partition('id="main"')[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def seen(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return text_of(response)


def test_an_empty_desk_says_what_will_stand_here(browser):
    assert "Nothing needs a decision." in seen(browser, DESK)
    assert "Nothing was resolved yet." in seen(browser, f"{DESK}?state=resolved")


def test_an_open_failure_shows_cause_time_attempt_and_its_ways_out(browser, alice, box):
    """S17, S35."""
    a_failed_email(alice, box, at=now(), error="Gmail refused the sender.")
    page = seen(browser, DESK)
    assert "The proofs" in page
    assert "Gmail refused the sender. Nothing was sent." in page
    assert "attempt 1" in page
    assert "Correct and send anew" in page
    assert "Leave it" in page


def test_a_resolved_one_says_how_it_ended_and_who_ended_it(browser, alice, box):
    """S95."""
    dismiss(a_failed_email(alice, box, at=now()), member=alice, at=now())
    again = a_failed_email(alice, box, at=now(), subject="The second")
    again.mark_queued(WORKER, at=now(), due_at=now())
    page = seen(browser, f"{DESK}?state=resolved")
    assert "Left as it is, by you" in page
    assert "Queued again, by itself" in page
    assert "Nothing needs a decision." in seen(browser, DESK)


def test_the_desk_is_filtered_by_mailbox_author_cause_and_time(browser, alice, bob, box):
    """S35."""
    bobs = a_mailbox(bob, address="bob@haldenrowe.example")
    a_failed_email(alice, box, at=now(), subject="Mine")
    a_failed_email(bob, bobs, at=now(), subject="His", error_class=ErrorClass.NO_ANSWER)
    a_failed_email(alice, box, at=now() - timedelta(days=9), subject="Long ago")

    def found(query):
        page = seen(browser, f"{DESK}?{query}")
        return {name for name in ("Mine", "His", "Long ago") if name in page}

    assert found("") == {"Mine", "His", "Long ago"}
    assert found(f"mailbox={bobs.pk}") == {"His"}
    assert found(f"author={alice.user_id}") == {"Mine", "Long ago"}
    assert found("cause=gave_up") == {"His"}
    assert found("period=7") == {"Mine", "His"}
    assert found("mailbox=nonsense&cause=nonsense&period=x") == {"Mine", "His", "Long ago"}


def test_what_one_cause_broke_is_retried_with_one_button(browser, alice, box):
    """S95, S91: fourteen emails, one click."""
    for number in range(3):
        a_failed_email(alice, box, at=now(), subject=f"{number}", error_class=ErrorClass.NO_ANSWER)
    page = seen(browser, DESK)
    assert "Three emails from alice@haldenrowe.example could not be handed over in time." in page
    assert "Retry all 3" in page
    done = browser.post(reverse("retry-failures"), {"cause": f"gave_up|{box.pk}"}, follow=True)
    assert "Three emails are queued again." in text_of(done)
    assert OutgoingEmail.objects.filter(status=Status.QUEUED).count() == 3


def test_retrying_many_can_be_taken_back_for_a_moment(browser, alice, bob, charlie, box):
    """S16, S95: nothing has left yet, and one press lets all of them be failed as before; of nobody else's."""
    for number in range(3):
        a_failed_email(alice, box, at=now(), subject=f"{number}", error_class=ErrorClass.NO_ANSWER)
    done = browser.post(reverse("retry-failures"), {"cause": f"gave_up|{box.pk}"}, follow=True)
    assert re.search(r"3 emails leave in \d+ s", words(done))
    [undo] = set(re.findall(rf'action="({reverse("undo-retries")}[^"]+)"', words(done)))
    for member in (bob, charlie):
        assert "had left already" in words(as_member(member).post(undo, follow=True))
    assert OutgoingEmail.objects.filter(status=Status.QUEUED).count() == 3
    taken = browser.post(undo, follow=True)
    assert "Three emails stand under Failed again, as before. Nothing was sent." in text_of(taken)
    assert Failure.objects.filter(email__status=Status.FAILED).open().count() == 3
    assert browser.post(reverse("undo-retries")).status_code == 422


def test_retrying_a_single_one_is_taken_back_the_same_way(browser, alice, box):
    """S95: not a draft that nobody looks for, but the failure that it was."""
    email = a_failed_email(alice, box, at=now())
    chosen = {"failure": [str(Failure.objects.get().pk)]}
    done = browser.post(reverse("retry-failures"), chosen, follow=True)
    undo = reverse("undo-email", args=[email.pk])
    assert undo in words(done)
    taken = browser.post(undo, follow=True)
    assert "It stands under Failed again, as before. Nothing was sent." in text_of(taken)
    assert Failure.objects.get().is_open
    story = text_of(browser.get(reverse("outgoing-email", args=[email.pk])))
    assert "you took the retry back. Nothing was sent." in story


def test_while_the_mailbox_is_away_its_button_is_reconnect(browser, alice, box):
    for _ in range(2):
        a_failed_email(alice, box, at=now(), error_class=ErrorClass.NEEDS_RECONNECTING)
    Mailbox.objects.update(state=MailboxState.NEEDS_RECONNECTING)
    page = seen(browser, DESK)
    assert "failed because the mailbox needed reconnecting" in page
    assert "Retry all" not in page
    assert f'action="{reverse("reconnect-mailbox", args=[box.pk])}"' in words(browser.get(DESK))


def test_those_ticked_are_retried_and_the_rest_says_why_not(browser, alice, box):
    good = a_failed_email(alice, box, at=now())
    unclear = a_failed_email(alice, box, at=now(), error_class=ErrorClass.UNCONFIRMED)
    ids = [str(one.pk) for one in Failure.objects.all()]
    page = text_of(browser.post(reverse("retry-failures"), {"failure": ids}, follow=True))
    assert "One email is queued again." in page
    assert "One email was not: This email may have been sent." in page
    good.refresh_from_db()
    unclear.refresh_from_db()
    assert (good.status, unclear.status) == (Status.QUEUED, Status.FAILED)


@pytest.mark.parametrize("given", [{}, {"failure": "x"}, {"cause": "x"}, {"cause": "rejected|x"}])
def test_a_retry_of_nothing_is_refused_with_words(browser, given):
    assert browser.post(reverse("retry-failures"), given).status_code == 422


def test_a_team_mate_sees_what_is_shared_and_has_no_button(alice, bob):
    """S71."""
    box = a_mailbox(alice, sharing=Sharing.SUBJECT)
    email = a_failed_email(alice, box, at=now(), error="anna@lindwerk.example is no address.")
    bobs = as_member(bob)
    page = seen(bobs, DESK)
    assert "The proofs" in page
    assert "is no address" not in page
    assert "Retry" not in page.partition("Failed")[2]
    bobs.post(reverse("retry-failures"), {"failure": str(email.failures.get().pk)})
    email.refresh_from_db()
    assert email.status == Status.FAILED
    Mailbox.objects.update(sharing=Sharing.PRIVATE)
    assert "The proofs" not in seen(bobs, DESK)


def test_correcting_opens_a_copy_whose_sending_resolves_the_failure(browser, alice, box):
    """S17: edit and send."""
    email = a_failed_email(alice, box, at=now())
    answer = browser.post(reverse("correct-email", args=[email.pk]))
    copy = OutgoingEmail.objects.get(replaces=email)
    assert answer["Location"] == reverse("edit-email", args=[copy.pk])


def test_older_failures_are_neither_skipped_nor_repeated(browser, alice, box):
    at = now()
    email = a_draft(alice, box, at=at)
    facts = {"team": alice.team, "mailbox": box, "author": alice.user, "error_class": "rejected"}
    for number in range(ROWS + 3):
        Failure.objects.create(
            email=email, error=f"No. {number:03}.", failed_at=at - timedelta(minutes=number),
            resolved_at=at, resolution="dismissed", resolved_as="person", **facts,
        )  # fmt: skip
    first = words(browser.get(f"{DESK}?state=resolved"))
    older = re.search(r'href="([^"]*cursor=[^"]*)"', first)[1].replace("&amp;", "&")
    found = re.findall(r"No\. (\d{3})\.", first + words(browser.get(older)))
    assert found == [f"{number:03}" for number in range(ROWS + 3)]


class TestTheOutboxIsFiltered:
    """S1: by status, mailbox, author, contact and time."""

    def test_by_whom_it_goes_to(self, browser, alice, box):
        a_contact(alice, "Anna Lind", "anna@lindwerk.example")
        a_queued_email(alice, box, at=now(), subject="To Anna")
        a_queued_email(alice, box, at=now(), subject="To another", to="x@other.example")
        page = seen(browser, reverse("outbox") + "?to=Anna")
        assert "To Anna" in page
        assert "To another" not in page
        nothing = seen(browser, reverse("outbox") + "?to=Nobody")
        assert "Nothing fits these filters." in nothing

    def test_by_mailbox_within_a_tab(self, browser, alice, box):
        other = a_mailbox(alice, address="press@haldenrowe.example")
        a_draft(alice, box, at=now(), subject="From alice")
        a_draft(alice, other, at=now(), subject="From press")
        page = seen(browser, f"{reverse('outbox')}?show=drafts&mailbox={other.pk}")
        assert "From press" in page
        assert "From alice" not in page


def test_the_queue_is_in_the_order_of_leaving_with_each_ones_place(browser, alice, box):
    """S8: position and next attempt."""
    a_queued_email(alice, box, at=now(), send_at=now() + timedelta(days=2), subject="Later")
    a_queued_email(alice, box, at=now(), send_at=now() + timedelta(days=1), subject="Sooner")
    Mailbox.objects.update(state=MailboxState.NEEDS_RECONNECTING)
    page = seen(browser, reverse("outbox") + "?show=queued")
    assert page.index("Sooner") < page.index("Later")
    assert "no. 1 in its queue" in page
    assert "no. 2 in its queue" in page


def test_ten_thousand_queued_emails_are_shown_by_as_many_questions_as_one(browser, alice, box):
    """The outbox asks as often, and looks at no more rows than it says."""
    a_queued_email(alice, box, at=now())
    few = _questions(browser, reverse("outbox"))
    for number in range(20):
        a_queued_email(alice, box, at=now(), subject=f"{number}")
    assert _questions(browser, reverse("outbox")) == few


def _questions(client, address):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(address)
    return len(asked)


class TestPausing:
    """S24: the queue of a mailbox is paused with a reason, and everybody sees it."""

    def test_what_is_queued_meanwhile_is_not_said_to_leave_in_seconds(self, browser, alice, box):
        """S14, S95: it can be taken back as ever."""
        a_queued_email(alice, box, at=now())
        assert re.search(r"Leaves in \d+ s", words(browser.get(reverse("outbox"))))
        browser.post(reverse("pause-sending-mailbox", args=[box.pk]))
        page = words(browser.get(reverse("outbox")))
        assert "Queued; nothing leaves from this mailbox now" in page
        assert "Sending is paused" in page
        assert not re.search(r"[Ll]eaves? in \d+ s", page)

    def test_it_is_shown_with_who_and_why_until_it_is_resumed(self, browser, alice, bob, box):
        a_queued_email(alice, box, at=now(), send_at=now() + timedelta(hours=3))
        browser.post(reverse("pause-sending-mailbox", args=[box.pk]), {"reason": "Wrong prices"})
        page = seen(browser, reverse("outbox"))
        assert "Nothing leaves from alice@haldenrowe.example. Paused by you" in page
        assert "Wrong prices" in page
        assert "once sending is resumed" in page
        mates = seen(as_member(bob), reverse("outbox"))
        assert "Paused by Alice Halden" in mates
        assert "Resume" not in mates
        browser.post(reverse("resume-sending-mailbox", args=[box.pk]))
        assert "Nothing leaves from" not in seen(browser, reverse("outbox"))

    def test_a_limit_of_gmail_is_shown_with_its_end(self, browser, box):
        Mailbox.objects.update(sending_limited_until=now() + timedelta(hours=2, minutes=1))
        page = seen(browser, reverse("outbox"))
        assert "Gmail\u2019s sending limit of alice@haldenrowe.example is used up." in page
        assert "in 2 h" in page


class TestToday:
    """S95: what is no email's failure has its way out, too."""

    def test_what_could_not_be_read_is_shown_with_the_way_to_it(self, browser, alice, box):
        message = a_message(box)
        MailboxMessage.objects.filter(message=message).update(
            state=LedgerState.QUARANTINED, message=None, error="Unreadable."
        )
        page = seen(browser, reverse("today"))
        assert "1 email of alice@haldenrowe.example" in page

    def test_silent_workers_are_named(self, browser, box):
        page = seen(browser, reverse("today"))
        assert "No worker has reported yet" in page
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
        assert "Nobody is at work." not in seen(browser, reverse("today"))
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'"
            )
        assert "The worker last reported 5 min ago" in seen(browser, reverse("today"))


def test_one_chooses_to_be_told_by_email_or_not(browser):
    assert "checked" in words(browser.get(reverse("settings")))
    browser.post(reverse("choose-notices"))
    assert 'name="failures" checked' not in words(browser.get(reverse("settings")))
    browser.post(reverse("choose-notices"), {"failures": "on"})
    assert 'name="failures" checked' in words(browser.get(reverse("settings")))
