"""Mail that tells what became of sent mail is placed with exactly that email and recipient, and only where proven."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from factories import a_contact, a_mailbox
from letterbook.contacts.models import Contact
from letterbook.correspondence.later_facts import addresses_that_bounced, later_facts_of
from letterbook.correspondence.models import (
    FactKind,
    LaterFact,
    LedgerState,
    MailboxMessage,
    Message,
    UnplacedReport,
)
from letterbook.incoming.storing import decide_and_store
from letterbook.mailboxes.models import Kind, Mailbox, StoringPolicy
from letterbook.providers.mail import ProviderMessage
from letterbook.timeline.recording import record_sent_copies
from letters import FIRST_DAY, a_copy, a_letter
from reported import FULL, NO_SUCH_USER, away, complaint, report

ALICE, ANNA, BO = "alice@haldenrowe.example", "anna@lindwerk.example", "bo@lindwerk.example"
SENT_ID = "1@lindwerk.example"
GUESSED_KEY = b"X-Letterbook-Send-Key: 01a22e77-25d5-742b-9971-04988ff08b7b\nSubject: The proof"
DEAD = (ANNA, "5.1.1", NO_SUCH_USER)


@pytest.fixture
def box(alice) -> Mailbox:
    a_contact(alice, address=ANNA)
    return a_mailbox(alice, address=ALICE)


def fetched(provider_id, raw, *, thread="", labels=("INBOX",), minute=10) -> ProviderMessage:
    at = FIRST_DAY + timedelta(minutes=minute)
    thread = thread or f"t-{provider_id}"
    return ProviderMessage(provider_id, thread, frozenset(labels), at, raw)


def sent(number=1, *, to=ANNA, thread="t1", minute=0, provider_id="", **more) -> ProviderMessage:
    raw = a_letter(number, sender=ALICE, to=to, **more)
    return fetched(provider_id or f"s{number}", raw, thread=thread, labels=("SENT",), minute=minute)


def facts() -> list[tuple[str, str, bool | None]]:
    rows = LaterFact.objects.order_by("at", "recipient")
    return list(rows.values_list("kind", "recipient", "is_hard"))


def test_a_bounce_is_stored_as_evidence_of_the_email_that_came_back(box, alice, at):
    """S34: nobody has a mail server as a contact, and still its report is not skipped."""
    decide_and_store(box, [sent()], at=at)
    decided = decide_and_store(box, [fetched("b1", report(SENT_ID, DEAD))], at=at)
    assert (decided.stored, decided.skipped) == (1, 0)
    assert facts() == [("bounce", ANNA, True)]
    row = MailboxMessage.objects.get(provider_id="b1")
    assert (row.state, row.reason) == (LedgerState.STORED, "evidence")
    about = Message.objects.get(message_id=SENT_ID)
    (fact,) = later_facts_of([about.pk], member=alice)[about.pk]
    assert (fact.evidence_id, fact.who) == (row.message_id, "Anna Lind")
    assert list(addresses_that_bounced(alice, [ANNA])) == [ANNA]
    assert Contact.objects.count() == 1


def test_even_where_everyone_becomes_a_contact_a_mail_server_does_not(box, at):
    box.policy = StoringPolicy.EVERYONE
    odd = report(SENT_ID, DEAD).replace(b"mailer-daemon@googlemail.com", b"delivery@mx.example")
    decide_and_store(box, [sent(), fetched("b1", odd)], at=at)
    assert facts() == [("bounce", ANNA, True)]
    assert Contact.objects.count() == 1


def test_a_report_about_an_email_that_is_not_here_is_skipped_with_its_reason(box, at):
    """S42, G9: backscatter; nothing of it is kept but by what it could be known again."""
    decided = decide_and_store(box, [fetched("b1", report("other@x.example", DEAD))], at=at)
    assert (decided.stored, decided.skipped) == (0, 1)
    row = MailboxMessage.objects.get()
    assert (row.state, row.reason) == (LedgerState.SKIPPED, "unplaced_report")
    assert not Message.objects.exists()
    assert facts() == []


@pytest.mark.parametrize("order", [("sent", "report"), ("report", "sent")])
def test_a_report_in_the_same_batch_as_its_email_is_placed_in_any_order(box, at, order):
    """A first retrieval is newest first."""
    batch = {"sent": sent(), "report": fetched("b1", report(SENT_ID, DEAD))}
    decide_and_store(box, [batch[one] for one in order], at=at)
    assert facts() == [("bounce", ANNA, True)]


def test_a_bounce_that_came_before_our_own_copy_is_fetched_again_and_placed(box, alice, at):
    """S34: a refusal can come back before the sent copy was recorded."""
    bounce = fetched("b1", report(SENT_ID, DEAD))
    decide_and_store(box, [bounce], at=at)
    copy = a_copy(a_letter(1, sender=ALICE, to=ANNA), named="s1", thread="t1", labels=("SENT",))
    record_sent_copies(box, {alice.user_id: [copy]}, at=at)
    row = MailboxMessage.objects.get(provider_id="b1")
    assert (row.state, row.reason) == (LedgerState.WAITING, "")
    assert not UnplacedReport.objects.exists()
    decide_and_store(box, [bounce], at=at)
    assert facts() == [("bounce", ANNA, True)]


def test_an_automatic_reply_that_came_before_our_own_copy_is_placed_when_that_is_stored(box, at):
    decide_and_store(box, [fetched("a1", away(SENT_ID))], at=at)
    assert facts() == []
    decide_and_store(box, [sent()], at=at)
    assert facts() == [("auto_reply", ANNA, None)]


def test_reports_of_other_emails_are_not_fetched_again(box, at):
    decide_and_store(box, [fetched("b1", report("other@x.example", DEAD))], at=at)
    decide_and_store(box, [sent()], at=at)
    assert MailboxMessage.objects.get(provider_id="b1").state == LedgerState.SKIPPED


def test_an_import_decides_again_about_a_report_whose_email_came_later(box, at):
    Mailbox.objects.filter(pk=box.pk).update(kind=Kind.IMPORT)
    box.refresh_from_db()
    bounce = fetched("file:b1", report(SENT_ID, DEAD), labels=())
    for _ in range(2):
        decide_and_store(box, [bounce], at=at)
        decide_and_store(box, [sent()], at=at)
    assert facts() == [("bounce", ANNA, True)]


def test_of_two_recipients_only_the_one_who_was_not_reached_is_marked(box, at):
    """S34."""
    decide_and_store(box, [sent(to=f"{ANNA}, {BO}")], at=at)
    decide_and_store(box, [fetched("b1", report(SENT_ID, (BO, "5.2.2", FULL)))], at=at)
    assert facts() == [("bounce", BO, False)]


def test_a_delay_and_the_bounce_that_follows_are_both_told(box, at):
    decide_and_store(box, [sent()], at=at)
    late = report(SENT_ID, (ANNA, "4.4.1", "timed out"), action="delayed", number=1)
    dead = report(SENT_ID, DEAD, number=2)
    decide_and_store(box, [fetched("b1", late, minute=20)], at=at)
    decide_and_store(box, [fetched("b2", dead, minute=30)], at=at)
    assert facts() == [("delay", ANNA, None), ("bounce", ANNA, True)]


def test_the_same_report_again_adds_nothing(box, at):
    """S40: replayed, imported, or in a second mailbox that sent the email too."""
    decide_and_store(box, [sent()], at=at)
    raw = report(SENT_ID, DEAD)
    for provider_id in ("b1", "b1", "file:b1"):
        decide_and_store(box, [fetched(provider_id, raw)], at=at)
    assert LaterFact.objects.count() == 1
    assert Message.objects.filter(tells__isnull=False).count() == 1


def test_one_report_in_two_mailboxes_is_one_fact(box, alice, at):
    other = a_mailbox(alice)
    for mailbox in (box, other):
        decide_and_store(mailbox, [sent(provider_id=f"s{mailbox.pk}")], at=at)
        decide_and_store(mailbox, [fetched("b1", report(SENT_ID, DEAD))], at=at)
    assert LaterFact.objects.count() == 1
    assert MailboxMessage.objects.filter(state=LedgerState.STORED).count() == 4


def test_the_provider_s_thread_places_a_report_that_names_no_message_id(box, at):
    """Gmail's own reports lie in the thread of the email."""
    decide_and_store(box, [sent(1, minute=0), sent(2, minute=5), sent(3, to=BO, minute=6)], at=at)
    raw = report("", DEAD)
    decide_and_store(box, [fetched("b1", raw, thread="t1", minute=7)], at=at)
    (fact,) = LaterFact.objects.select_related("message")
    assert fact.message.message_id == "2@lindwerk.example"


def test_a_report_is_not_about_an_email_that_was_sent_after_it(box, at):
    decide_and_store(box, [sent(1, minute=0), sent(2, minute=60)], at=at)
    decide_and_store(box, [fetched("b1", report("", DEAD), thread="t1", minute=30)], at=at)
    (fact,) = LaterFact.objects.select_related("message")
    assert fact.message.message_id == SENT_ID


def test_naming_another_email_of_the_conversation_proves_nothing(box, at):
    """Whoever wrote a letter knows its Message-ID, and could report on any answer to it."""
    decide_and_store(box, [fetched("r7", a_letter(7)), sent(8, answers=(7,))], at=at)
    forged = report("", DEAD, answers="7@lindwerk.example")
    decide_and_store(box, [fetched("b1", forged)], at=at)
    assert facts() == []


def test_references_of_a_report_place_it_as_well(box, at):
    decide_and_store(box, [sent()], at=at)
    decide_and_store(box, [fetched("b1", report("", DEAD, answers=SENT_ID))], at=at)
    assert facts() == [("bounce", ANNA, True)]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(report("", DEAD), id="names no Message-ID"),
        pytest.param(report("guessed@haldenrowe.example", DEAD), id="names one that was guessed"),
        pytest.param(
            report("guessed@haldenrowe.example", DEAD).replace(b"Subject: The proof", GUESSED_KEY),
            id="bears a send key that was guessed",
        ),
    ],
)
def test_a_forged_report_marks_nothing(box, alice, at, raw):
    """S34, G9, G10: anybody can write a report; to be believed it must name the email."""
    decide_and_store(box, [sent()], at=at)
    decide_and_store(box, [fetched("b1", raw)], at=at)
    assert facts() == []
    assert addresses_that_bounced(alice, [ANNA]) == {}


def test_a_report_is_believed_in_the_mailbox_that_sent_the_email_only(box, bob, at):
    """A colleague in Cc holds the email too, and so may an outsider know its Message-ID."""
    theirs = a_mailbox(bob, address="bob@haldenrowe.example")
    raw = a_letter(1, sender=ALICE, to=ANNA, cc="bob@haldenrowe.example")
    decide_and_store(box, [fetched("s1", raw, labels=("SENT",))], at=at)
    decide_and_store(theirs, [fetched("r1", raw)], at=at)
    to = "bob@haldenrowe.example"
    decide_and_store(theirs, [fetched("b1", report(SENT_ID, DEAD, to=to))], at=at)
    assert facts() == []


def test_a_report_marks_no_address_that_was_not_on_the_email(box, alice, at):
    decide_and_store(box, [sent(to=f"{ANNA}, {BO}")], at=at)
    raw = report(SENT_ID, ("chris@lindwerk.example", "5.1.1", NO_SUCH_USER))
    decide_and_store(box, [fetched("b1", raw)], at=at)
    assert facts() == [("bounce", "", True)]
    assert addresses_that_bounced(alice, [ANNA, BO, "chris@lindwerk.example", ""]) == {}


def test_mail_that_was_forwarded_and_failed_there_is_the_only_recipient_s(box, at):
    decide_and_store(box, [sent()], at=at)
    raw = report(SENT_ID, ("new@elsewhere.example", "5.1.1", NO_SUCH_USER))
    decide_and_store(box, [fetched("b1", raw)], at=at)
    assert facts() == [("bounce", ANNA, True)]


def test_an_automatic_reply_is_an_ordinary_email_and_a_fact(box, alice, at):
    """S34, S94."""
    decide_and_store(box, [sent()], at=at)
    decide_and_store(box, [fetched("a1", away(SENT_ID))], at=at)
    (fact,) = LaterFact.objects.select_related("evidence")
    assert (fact.kind, fact.back_on) == (FactKind.AUTO_REPLY, date(2026, 11, 20))
    assert fact.evidence.activities.count() == 1


def test_a_complaint_is_placed_with_the_email_it_is_about(box, at):
    """S34."""
    decide_and_store(box, [sent()], at=at)
    decide_and_store(box, [fetched("c1", complaint(SENT_ID, about=ANNA))], at=at)
    assert facts() == [("complaint", ANNA, None)]


def test_somebody_in_bcc_who_was_not_reached_is_known_by_the_sender_s_copy(box, alice, at):
    decide_and_store(box, [sent(bcc=BO)], at=at)
    decide_and_store(box, [fetched("b1", report(SENT_ID, (BO, "5.1.1", NO_SUCH_USER)))], at=at)
    assert facts() == [("bounce", BO, True)]


def test_a_sent_email_is_not_touched_by_its_bounce(box, at):
    """S34: `sent` stays `sent`; a fact stands beside the email and changes nothing of it."""
    decide_and_store(box, [sent()], at=at)
    before = Message.objects.filter(message_id=SENT_ID).values().get()
    decide_and_store(box, [fetched("b1", report(SENT_ID, DEAD))], at=at)
    assert Message.objects.filter(message_id=SENT_ID).values().get() == before
