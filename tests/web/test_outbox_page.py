"""The outbox and the story of one email: every status with its way on, as far as the viewer may know."""

from __future__ import annotations

import re
from datetime import timedelta

import pgtrigger
import pytest
from django.urls import reverse
from django.utils.timezone import now

from factories import a_mailbox
from letterbook.mailboxes.models import MailboxState, Sharing
from letterbook.outgoing.claiming import claim_email, end_attempt, put_back, take_step
from letterbook.outgoing.models import WORKER, OutgoingEmail, StatusChange, Step
from letterbook.outgoing.status import ErrorClass, Outcome, Status
from letterbook.web.pages.outbox import ROWS
from written import a_claimed_email, a_draft, a_failed_email, a_queued_email


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def browser(client, alice):
    client.force_login(alice.user)
    return client


def text_of(response):
    page = response.content.decode().partition('id="main"')[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def shown(client, query=""):
    return text_of(client.get(reverse("outbox") + query))


def a_sent_email(alice, box, **text):
    """An email that Gmail accepted a minute ago."""
    at = now() - timedelta(minutes=1)
    email, claim = a_claimed_email(alice, box, at=at, **text)
    take_step(claim, Step.SUBMITTING, at=at, submitted_at=at)
    claim.email.mark_sent(
        WORKER,
        at=at,
        attempt=claim.email.attempt,
        sent_at=at,
        gmail_message_id="18c2ab",
        gmail_thread_id="18c2",
    )
    end_attempt(claim, Outcome.ACCEPTED, at=at, evidence="Gmail's id is 18c2ab.")
    return email


def an_email_in_doubt(alice, box, **text):
    """An email that was handed over, and whose answer was lost."""
    at = now() - timedelta(minutes=1)
    email, claim = a_claimed_email(alice, box, at=at, **text)
    take_step(claim, Step.SUBMITTING, at=at, submitted_at=at)
    due_at = now() + timedelta(minutes=2)
    reason = "It may have been sent; Letterbook asks Gmail before it does anything else."
    put_back(claim, Outcome.UNKNOWN, due_at=due_at, reason=reason, at=at)
    return email


def test_an_empty_outbox_says_what_will_stand_here(browser):
    page = shown(browser)
    assert "Nothing needs you, and nothing is on its way." in page
    assert "What you send appears here until Gmail has taken it." in page


def test_each_status_stands_under_its_tab_with_its_count(browser, alice, box):
    """S1, S6: no hidden state."""
    a_draft(alice, box, at=now(), subject="A draft")
    a_queued_email(alice, box, at=now(), subject="A queued one")
    a_sent_email(alice, box, subject="A sent one")
    a_failed_email(alice, box, at=now(), subject="A failed one")
    page = shown(browser)
    assert "To watch 2 Failed 1 Queued 1 Drafts 1 Sent 1" in page
    assert "One email needs a decision. One email is on its way." in page
    for tab, subject in (
        ("failed", "A failed one"),
        ("queued", "A queued one"),
        ("drafts", "A draft"),
        ("sent", "A sent one"),
    ):
        only = shown(browser, f"?show={tab}")
        assert subject in only
        others = {"A failed one", "A queued one", "A draft", "A sent one"} - {subject}
        assert not any(other in only for other in others)


def test_inside_the_undo_time_the_seconds_are_counted(browser, alice, box):
    a_queued_email(alice, box, at=now())
    page = shown(browser)
    assert re.search(r"Leaves in \d+ s Undo", page)


def test_a_scheduled_email_shows_when_it_goes(browser, alice, box):
    a_queued_email(alice, box, at=now(), send_at=now() + timedelta(hours=30))
    page = shown(browser)
    assert "in 1 day" in page
    assert "Send now" in page
    assert "Back to draft" in page


def test_an_attempt_under_way_can_not_be_taken_back(browser, alice, box):
    """S6: sending is visible while it happens."""
    a_claimed_email(alice, box, at=now())
    page = shown(browser)
    assert "Sending" in page
    assert "Attempt 1, under way" in page
    assert "Back to draft" not in page


def test_what_gmail_turned_away_for_now_shows_the_next_attempt(browser, alice, box):
    _, claim = a_claimed_email(alice, box, at=now())
    due_at = now() + timedelta(minutes=4)
    put_back(claim, Outcome.REFUSED, due_at=due_at, reason="Gmail is busy.", at=now())
    page = shown(browser)
    assert "Gmail is busy." in page
    assert f"Attempt 2 at {due_at:%H:%M}" in page
    assert "Try now" in page


def test_what_may_have_been_sent_offers_neither_haste_nor_return(browser, alice, box):
    """S13: until Gmail answered, a second copy must not be possible."""
    an_email_in_doubt(alice, box)
    page = shown(browser)
    assert "It may have been sent" in page
    assert "Gmail is asked at" in page
    assert "Try now" not in page
    assert "Back to draft" not in page


def test_what_waits_for_its_mailbox_leads_to_reconnecting_it(browser, alice, box):
    a_queued_email(alice, box, at=now())
    box.state = MailboxState.NEEDS_RECONNECTING
    box.save()
    page = shown(browser)
    assert "Waits for its mailbox" in page
    assert "Reconnect" in page


@pytest.mark.parametrize(
    ("error_class", "offered", "not_offered"),
    [
        (ErrorClass.REJECTED, ["Correct and send anew", "Retry"], ["It was sent"]),
        (ErrorClass.NO_ANSWER, ["Retry"], ["It was sent"]),
        (ErrorClass.NEEDS_RECONNECTING, ["Reconnect", "Retry"], ["It was sent"]),
        (ErrorClass.NOT_PERMITTED, ["Correct and send anew"], ["Retry", "It was sent"]),
        (ErrorClass.SETUP_WRONG, ["Retry"], ["It was sent"]),
        (ErrorClass.UNCONFIRMED, ["It was sent", "Send again"], ["Retry", "Nothing was sent"]),
    ],
)
def test_each_failure_offers_what_helps(browser, alice, box, error_class, offered, not_offered):
    """S17, S32: every failure class has its next action."""
    email = a_failed_email(alice, box, at=now(), error_class=error_class)
    page = text_of(browser.get(reverse("outgoing-email", args=[email.pk])))
    assert all(action in page for action in offered)
    assert not any(action in page for action in not_offered)


@pytest.mark.parametrize(
    ("sharing", "seen", "hidden"),
    [
        (Sharing.FULL, ["The proofs"], ["Half a letter"]),
        (Sharing.SUBJECT, ["The proofs"], ["Half a letter"]),
        (Sharing.METADATA, ["Subject not shared"], ["The proofs"]),
        (Sharing.PRIVATE, ["Nothing is on its way."], ["The proofs"]),
    ],
)
def test_a_team_mate_sees_as_much_as_is_shared(client, alice, bob, sharing, seen, hidden):
    """S1, S71."""
    box = a_mailbox(alice, sharing=sharing)
    a_queued_email(alice, box, at=now())
    a_draft(alice, box, at=now(), subject="Half a letter")
    client.force_login(bob.user)
    page = shown(client)
    assert all(part in page for part in seen)
    assert not any(part in page for part in hidden)
    assert "Undo" not in page


def test_older_emails_are_neither_skipped_nor_repeated(browser, alice, box):
    for number in range(ROWS + 5):
        a_draft(alice, box, at=now(), subject=f"Draft {number:03}")
    first = browser.get(reverse("outbox") + "?show=drafts").content.decode()
    older = re.search(r'href="([^"]*cursor=[^"]*)"', first)[1].replace("&amp;", "&")
    a_draft(alice, box, at=now(), subject="Newcomer")
    second = browser.get(older).content.decode()
    found = re.findall(r">Draft (\d{3})<", first) + re.findall(r">Draft (\d{3})<", second)
    assert found == [f"{number:03}" for number in reversed(range(ROWS + 5))]


def test_what_is_on_its_way_is_shown_as_far_as_a_page_goes_and_leads_to_all_of_it(
    browser, alice, box
):
    """S8: a long queue stands there by its beginning."""
    for number in range(ROWS):
        a_queued_email(alice, box, at=now(), subject=f"Queued {number:03}")
    assert "All that is queued" not in shown(browser)
    a_queued_email(alice, box, at=now(), subject="One more")
    page = browser.get(reverse("outbox")).content.decode()
    assert page.count("data-row") == ROWS
    assert f'href="{reverse("outbox")}?show=queued">All that is queued</a>' in page


def test_a_live_update_brings_only_the_list(browser, alice, box):
    """S16: the list is asked for again when the server says that something changed."""
    a_queued_email(alice, box, at=now(), subject="A queued one")
    headers = {"HX-Request": "true", "HX-Target": "outbox"}
    part = browser.get(reverse("outbox"), headers=headers).content.decode()
    assert "A queued one" in part
    assert "<html" not in part
    assert 'hx-trigger="letterbook:outgoing from:body' in part


def test_the_story_is_told_from_the_beginning_with_what_gmail_said(browser, alice, box):
    """S19, S33: the log in order, Gmail's id and the way to it."""
    email = a_sent_email(alice, box)
    response = browser.get(reverse("outgoing-email", args=[email.pk]))
    page = text_of(response)
    told = [
        "Draft begun by you, in the browser.",
        "Queued by you.",
        "Attempt 1",
        "Sent Gmail took it",
    ]
    assert sorted(told, key=page.index) == told
    assert "Gmail's id is 18c2ab." in page.replace("&#x27;", "'")
    link = "https://mail.google.com/mail/u/alice@haldenrowe.example/#all/18c2ab"
    assert f'href="{link}"' in response.content.decode()


def test_what_the_provider_said_is_for_those_who_may_read_the_email(client, alice, bob):
    box = a_mailbox(alice, sharing=Sharing.METADATA)
    email = a_failed_email(alice, box, at=now(), evidence="550 anna does not live here")
    client.force_login(bob.user)
    response = client.get(reverse("outgoing-email", args=[email.pk]))
    assert response.status_code == 200
    assert "550 anna" not in response.content.decode()
    assert "mail.google.com" not in response.content.decode().partition('id="story"')[2]
    assert "Retry" not in text_of(response)


@pytest.mark.parametrize(
    "name",
    [
        *("undo-email", "cancel-email", "send-email-now", "retry-email", "send-email-again"),
        *("settle-email", "dismiss-email", "duplicate-email"),
    ],
)
def test_nobody_acts_on_a_team_mates_or_a_strangers_email(client, alice, bob, charlie, box, name):
    """S71: every verb by every other person."""
    email = a_failed_email(alice, box, at=now())
    for other in (bob, charlie):
        client.force_login(other.user)
        assert client.post(reverse(name, args=[email.pk])).status_code == 404
    email.refresh_from_db()
    assert (email.status, email.resolved_at) == (Status.FAILED, None)


def test_undo_brings_the_words_back_to_be_written_on(browser, alice, box):
    """S18: queued to draft."""
    email = a_queued_email(alice, box, at=now())
    response = browser.post(reverse("undo-email", args=[email.pk]))
    assert response["Location"] == reverse("edit-email", args=[email.pk])
    email.refresh_from_db()
    assert email.status == Status.DRAFT


def test_undo_that_comes_too_late_says_so(browser, alice, box):
    email, _ = a_claimed_email(alice, box, at=now())
    response = browser.post(reverse("undo-email", args=[email.pk]))
    assert response.status_code == 409
    assert "being handed over" in response.content.decode()


def test_a_scheduled_email_goes_now_when_asked(browser, alice, box):
    email = a_queued_email(alice, box, at=now(), send_at=now() + timedelta(days=2))
    browser.post(reverse("send-email-now", args=[email.pk]))
    email.refresh_from_db()
    assert email.due_at <= now()


def test_a_queued_email_becomes_a_draft_again(browser, alice, box):
    email = a_queued_email(alice, box, at=now(), send_at=now() + timedelta(days=2))
    page = browser.post(reverse("cancel-email", args=[email.pk]), follow=True)
    assert "It is a draft again. Nothing was sent." in text_of(page)


def test_a_failed_email_is_retried(browser, alice, box):
    """S18: failed to queued."""
    email = a_failed_email(alice, box, at=now())
    browser.post(reverse("retry-email", args=[email.pk]))
    email.refresh_from_db()
    assert email.status == Status.QUEUED


def test_an_unconfirmed_email_is_only_sent_again_by_a_decision(browser, alice, box):
    email = a_failed_email(alice, box, at=now(), error_class=ErrorClass.UNCONFIRMED)
    assert browser.post(reverse("retry-email", args=[email.pk])).status_code == 409
    browser.post(reverse("send-email-again", args=[email.pk]))
    email.refresh_from_db()
    assert email.status == Status.QUEUED


@pytest.mark.parametrize("name", ["settle-email", "dismiss-email"])
def test_a_settled_failure_needs_no_decision_any_more(browser, alice, box, name):
    email = a_failed_email(alice, box, at=now(), error_class=ErrorClass.UNCONFIRMED)
    browser.post(reverse(name, args=[email.pk]))
    assert "Needs a decision" not in shown(browser)
    assert "Settled" in shown(browser, "?show=failed")


def test_a_verb_leads_back_to_where_it_was_pressed(browser, alice, box):
    email = a_failed_email(alice, box, at=now())
    address = reverse("dismiss-email", args=[email.pk])
    here = {"referer": "http://testserver/contacts?q=anna"}
    elsewhere = {"referer": "https://evil.example/page"}
    assert browser.post(address, headers=here)["Location"] == "/contacts?q=anna"
    OutgoingEmail.objects.update(resolved_at=None)
    assert browser.post(address, headers=elsewhere)["Location"] == reverse("outbox")


def test_looking_changes_nothing(browser, alice, box):
    email = a_queued_email(alice, box, at=now())
    for name in ("undo-email", "cancel-email", "send-email-now"):
        assert browser.get(reverse(name, args=[email.pk])).status_code == 405


def story_of(client, email):
    return text_of(client.get(reverse("outgoing-email", args=[email.pk])))


def test_a_settled_failure_says_in_its_story_who_settled_it(browser, alice, box):
    """S95: how each failure was resolved, and by whom."""
    email = a_failed_email(alice, box, at=now(), error_class=ErrorClass.UNCONFIRMED)
    browser.post(reverse("settle-email", args=[email.pk]))
    assert "Settled by you: it was sent." in story_of(browser, email)


def test_a_queued_email_says_what_happens_next_and_when(browser, alice, box):
    email = a_queued_email(alice, box, at=now(), send_at=now() + timedelta(hours=30))
    assert "Next: It goes" in story_of(browser, email)
    assert "It was scheduled for then." in story_of(browser, email)


def test_the_story_says_that_its_history_is_whole_and_when_it_is_not(browser, alice, box):
    """S15, S19."""
    email = a_failed_email(alice, box, at=now())
    assert "3 permanent lines, history verified." in story_of(browser, email)
    with pgtrigger.ignore("outgoing.StatusChange:append_only"):
        StatusChange.objects.filter(email=email, new=Status.FAILED).update(error="All went well.")
    assert "This history was changed from outside." in story_of(browser, email)


def test_the_exact_bytes_are_for_those_who_may_read_the_email(browser, client, alice, bob):
    """S5: what is stored is what is handed over."""
    shared = a_mailbox(alice, sharing=Sharing.SUBJECT)
    email = a_queued_email(alice, shared, at=now())
    address = reverse("outgoing-source", args=[email.pk])
    assert browser.get(address).content == bytes(email.frozen.get().raw)
    assert address in browser.get(reverse("outgoing-email", args=[email.pk])).content.decode()
    client.force_login(bob.user)
    assert client.get(address).status_code == 404
    assert address not in client.get(reverse("outgoing-email", args=[email.pk])).content.decode()


def test_a_question_asked_again_and_again_is_told_in_two_lines(browser, alice, box):
    at = now() - timedelta(hours=1)
    email, claim = a_claimed_email(alice, box, at=at)
    take_step(claim, Step.SUBMITTING, at=at, submitted_at=at)
    put_back(claim, Outcome.UNKNOWN, due_at=at, reason="It may have been sent.", at=at)
    for minute in range(1, 6):
        claim = claim_email(email.pk, at=at + timedelta(minutes=minute))
        take_step(claim, Step.ASKING, at=at)
        put_back(claim, Outcome.UNKNOWN, due_at=at, reason="Gmail does not show it.", at=at)
    story = story_of(browser, email)
    assert story.count("Gmail was asked what became of it. Gmail does not show it.") == 1
    assert "Attempts 3 to 6 Asked 4 more times: the same." in story


def test_what_gmail_said_no_to_is_told_to_others_in_general_words(client, alice, bob):
    """S17, S71: the cause is shared with the mailbox, the words are not."""
    shared = a_mailbox(alice, sharing=Sharing.SUBJECT)
    email = a_failed_email(alice, shared, at=now(), error="anna@lindwerk.example is no address.")
    client.force_login(bob.user)
    page = story_of(client, email)
    assert "is no address" not in page
    assert "Refused for good" in page
