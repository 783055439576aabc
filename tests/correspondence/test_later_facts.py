"""What became of sent emails later, and who may know of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from factories import START, a_contact, a_mailbox, a_message, rewrite
from letterbook.correspondence.later_facts import addresses_that_bounced, later_facts_of
from letterbook.correspondence.models import Direction, FactKind, LaterFact
from letterbook.mailboxes.models import Sharing

SAYS = "550 5.1.1 No such user here"


def sent_to(mailbox, *contacts, **more):
    return a_message(mailbox, *contacts, direction=Direction.OUTGOING, at=START, **more)


def report_in(mailbox, *, at=START + timedelta(minutes=5), **more):
    return a_message(mailbox, is_automatic=True, text="It came back.", at=at, **more)


def say(sent, evidence, contact=None, *, kind=FactKind.BOUNCE, **more):
    if kind == FactKind.BOUNCE:
        more = {"is_hard": True, "status_code": "5.1.1", "diagnostic": SAYS, **more}
    return LaterFact.objects.create(
        team_id=sent.team_id,
        message=sent,
        evidence=evidence,
        kind=kind,
        recipient=contact.addresses.get().key if contact else "",
        at=evidence.occurred_at,
        **more,
    )


def test_a_bounce_is_told_with_its_recipient_reason_and_evidence(alice):
    """S34."""
    mailbox, anna = a_mailbox(alice), a_contact(alice)
    sent, report = sent_to(mailbox, anna), report_in(mailbox)
    say(sent, report, anna)
    (fact,) = later_facts_of([sent.pk], member=alice)[sent.pk]
    assert (fact.kind, fact.is_hard, fact.status_code) == (FactKind.BOUNCE, True, "5.1.1")
    assert (fact.who, fact.contact_id, fact.evidence_id) == ("Anna Lind", anna.pk, report.pk)
    assert (fact.diagnostic, fact.at) == (SAYS, report.occurred_at)


def test_facts_come_oldest_first_and_only_for_the_emails_asked_for(alice):
    mailbox, anna = a_mailbox(alice), a_contact(alice)
    sent, other = sent_to(mailbox, anna), sent_to(mailbox, anna)
    say(sent, report_in(mailbox), anna)
    early = report_in(mailbox, at=START + timedelta(minutes=1))
    say(sent, early, anna, kind=FactKind.DELAY)
    say(other, report_in(mailbox), anna)
    facts = later_facts_of([sent.pk], member=alice)
    assert [fact.kind for fact in facts[sent.pk]] == [FactKind.DELAY, FactKind.BOUNCE]
    assert list(facts) == [sent.pk]


def test_the_first_answer_of_each_person_is_a_reply_with_the_time_it_took(alice):
    """S94."""
    mailbox, anna, bo = a_mailbox(alice), a_contact(alice), a_contact(alice, "Bo Ek")
    sent = sent_to(mailbox, anna, bo)
    for who, hours in ((anna, 2), (anna, 3), (bo, 26)):
        answer = a_message(
            mailbox, who, thread=sent.thread, at=sent.occurred_at + timedelta(hours=hours)
        )
        rewrite(answer, in_reply_to=sent.message_id)
    facts = later_facts_of([sent.pk], member=alice)[sent.pk]
    assert [(fact.who, fact.after) for fact in facts] == [
        ("Anna Lind", timedelta(hours=2)),
        ("Bo Ek", timedelta(hours=26)),
    ]
    assert {fact.kind for fact in facts} == {FactKind.REPLY}


def test_an_automatic_answer_is_no_reply(alice):
    """S94."""
    mailbox, anna = a_mailbox(alice), a_contact(alice)
    sent = sent_to(mailbox, anna)
    away = a_message(mailbox, anna, thread=sent.thread, is_automatic=True)
    rewrite(away, in_reply_to=sent.message_id)
    assert later_facts_of([sent.pk], member=alice) == {}


@pytest.mark.parametrize(
    ("sharing", "is_told", "is_read"),
    [
        (Sharing.PRIVATE, False, False),
        (Sharing.METADATA, True, False),
        (Sharing.SUBJECT, True, False),
        (Sharing.FULL, True, True),
    ],
)
def test_a_team_mate_knows_of_a_fact_what_the_mailbox_shares(alice, bob, sharing, is_told, is_read):
    """S34, S76: what a report or an answer says is content."""
    mailbox, anna = a_mailbox(alice, sharing=sharing), a_contact(alice)
    sent = sent_to(mailbox, anna)
    say(sent, report_in(mailbox), anna)
    back = date(2026, 11, 20)
    say(sent, report_in(mailbox), anna, kind=FactKind.AUTO_REPLY, back_on=back)
    facts = later_facts_of([sent.pk], member=bob).get(sent.pk, [])
    assert len(facts) == (2 if is_told else 0)
    if is_told:
        assert [fact.diagnostic for fact in facts] == [SAYS if is_read else "", ""]
        assert [fact.back_on for fact in facts] == [None, back if is_read else None]
    key = anna.addresses.get().key
    assert bool(addresses_that_bounced(bob, [key])) == is_told


def test_a_stranger_knows_nothing(alice, charlie):
    mailbox, anna = a_mailbox(alice), a_contact(alice)
    sent = sent_to(mailbox, anna)
    say(sent, report_in(mailbox), anna)
    assert later_facts_of([sent.pk], member=charlie) == {}
    assert addresses_that_bounced(charlie, [anna.addresses.get().key]) == {}


def test_a_report_in_a_private_mailbox_is_not_told_to_those_who_hold_a_copy_of_the_email(
    alice, bob
):
    """The email is known to bob from his own mailbox; that it bounced is known from alice's only."""
    private, anna = a_mailbox(alice, sharing=Sharing.PRIVATE), a_contact(alice)
    sent = sent_to(private, anna, also_in=(a_mailbox(bob),))
    say(sent, report_in(private), anna)
    assert later_facts_of([sent.pk], member=bob) == {}
    assert addresses_that_bounced(bob, [anna.addresses.get().key]) == {}


def test_who_was_in_bcc_is_not_told_by_their_bounce(alice, bob):
    mailbox = a_mailbox(alice, sharing=Sharing.SUBJECT)
    anna, secret = a_contact(alice), a_contact(alice, "Sam Secret")
    sent = sent_to(mailbox, anna, bcc=(secret,))
    say(sent, report_in(mailbox), secret)
    assert later_facts_of([sent.pk], member=bob) == {}
    assert later_facts_of([sent.pk], member=alice)[sent.pk][0].who == "Sam Secret"


def test_addresses_that_bounced_for_good_are_found_by_any_spelling(alice):
    """S34."""
    mailbox, anna = a_mailbox(alice), a_contact(alice, address="anna@lindwerk.example")
    sent = sent_to(mailbox, anna)
    report = report_in(mailbox)
    say(sent, report, anna)
    found = addresses_that_bounced(alice, ["Anna@Lindwerk.example", "bo@lindwerk.example"])
    assert list(found) == ["Anna@Lindwerk.example"]
    bad = found["Anna@Lindwerk.example"]
    assert (bad.at, bad.evidence_id, bad.diagnostic) == (report.occurred_at, report.pk, SAYS)


def test_a_full_mailbox_or_a_delay_does_not_make_an_address_bad(alice):
    mailbox, anna = a_mailbox(alice), a_contact(alice)
    sent = sent_to(mailbox, anna)
    say(sent, report_in(mailbox), anna, is_hard=False, status_code="5.2.2")
    say(sent, report_in(mailbox), anna, kind=FactKind.DELAY)
    assert addresses_that_bounced(alice, [anna.addresses.get().key]) == {}
