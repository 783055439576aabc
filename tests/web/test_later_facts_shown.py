"""What became of sent emails, where people look for it: timeline, conversation, and the address itself."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from factories import START, a_contact, a_mailbox, a_message, hold, rewrite
from letterbook.correspondence.models import Direction, FactKind, LaterFact
from letterbook.mailboxes.models import Sharing


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.fixture
def bo(alice):
    return a_contact(alice, "Bo Ek", "bo@lindwerk.example")


def sent_to(mailbox, *contacts, **more):
    return a_message(mailbox, *contacts, direction=Direction.OUTGOING, at=START, **more)


def tell(sent, kind, contact, *, after=10, **more):
    """Something that became of a sent email, told by an email of its own."""
    mailbox = sent.copies.get().mailbox
    evidence = a_message(mailbox, is_automatic=True, at=START + timedelta(minutes=after))
    LaterFact.objects.create(
        team_id=sent.team_id,
        message=sent,
        evidence=evidence,
        kind=kind,
        recipient=contact.addresses.get().key,
        at=evidence.occurred_at,
        **more,
    )
    return evidence


def shown(client, member, url):
    client.force_login(member.user)
    content = client.get(url).content.decode()
    return content, " ".join(re.sub(r"<[^>]+>", " ", content).split())


def test_the_timeline_says_that_an_email_came_back_and_leads_to_the_report(client, alice, anna):
    """S34."""
    sent = sent_to(a_mailbox(alice), anna)
    report = tell(sent, FactKind.BOUNCE, anna, is_hard=True)
    page, text = shown(client, alice, reverse("contact", args=[anna.pk]))
    assert "Sent Bounced" in text
    assert f'href="{reverse("message", args=[report.pk])}"' in page


def test_the_timeline_names_whom_else_an_email_did_not_reach(client, alice, anna, bo):
    """S34."""
    sent = sent_to(a_mailbox(alice), anna, bo)
    tell(sent, FactKind.BOUNCE, bo, is_hard=False)
    tell(sent, FactKind.AUTO_REPLY, anna, back_on=date(2026, 11, 20))
    _, text = shown(client, alice, reverse("contact", args=[anna.pk]))
    assert "Bounced this time: Bo" in text
    assert "Away until 20 November" in text
    _, text = shown(client, alice, reverse("contact", args=[bo.pk]))
    assert "Anna away until 20 November" in text


def test_the_timeline_says_how_long_an_answer_took(client, alice, anna):
    """S94."""
    mailbox = a_mailbox(alice)
    sent = sent_to(mailbox, anna)
    answer = a_message(mailbox, anna, thread=sent.thread, at=START + timedelta(hours=37))
    rewrite(answer, in_reply_to=sent.message_id)
    _, text = shown(client, alice, reverse("contact", args=[anna.pk]))
    assert "Answered after 1 d 13 h" in text


def test_a_delay_is_said_no_more_once_the_email_came_back(client, alice, anna):
    sent = sent_to(a_mailbox(alice), anna)
    tell(sent, FactKind.DELAY, anna, after=5)
    assert "Delayed" in shown(client, alice, reverse("contact", args=[anna.pk]))[1]
    tell(sent, FactKind.BOUNCE, anna, after=50, is_hard=True)
    assert "Delayed" not in shown(client, alice, reverse("contact", args=[anna.pk]))[1]


def test_the_conversation_says_it_beside_the_email(client, alice, anna):
    """S34."""
    sent = sent_to(a_mailbox(alice), anna)
    tell(sent, FactKind.COMPLAINT, anna)
    _, text = shown(client, alice, reverse("conversation", args=[sent.thread_id]))
    assert "Anna called it spam" in text


def test_an_address_that_is_no_good_is_marked_with_the_report(client, alice, anna):
    """S34."""
    sent = sent_to(a_mailbox(alice), anna)
    report = tell(sent, FactKind.BOUNCE, anna, is_hard=True)
    page, _ = shown(client, alice, reverse("contact", args=[anna.pk]))
    addresses = page[page.index("Addresses</p>") :]
    assert "Bounced" in addresses
    assert reverse("message", args=[report.pk]) in addresses


def test_who_may_not_know_of_the_report_is_told_nothing(client, alice, bob, anna):
    """S76: bob holds the email himself; its report is in a private mailbox."""
    private = a_mailbox(alice, sharing=Sharing.PRIVATE)
    sent = sent_to(private, anna)
    tell(sent, FactKind.BOUNCE, anna, is_hard=True)
    hold(sent, a_mailbox(bob))
    _, text = shown(client, bob, reverse("contact", args=[anna.pk]))
    assert "Sent" in text
    assert "Bounced" not in text
