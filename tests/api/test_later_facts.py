"""What became of sent emails, told to programs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import START, a_contact, a_mailbox, a_message, rewrite
from letterbook.correspondence.models import Direction, FactKind, LaterFact
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.models import WORKER, OutgoingEmail
from written import a_claimed_email


@pytest.fixture
def box(alice):
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


def tell(sent, box, contact, *, minute, kind=FactKind.BOUNCE):
    evidence = a_message(box, is_automatic=True, at=START + timedelta(minutes=minute))
    LaterFact.objects.create(
        team_id=sent.team_id,
        message=sent,
        evidence=evidence,
        kind=kind,
        recipient=contact.addresses.get().key,
        is_hard=True if kind == FactKind.BOUNCE else None,
        status_code="5.1.1",
        diagnostic="550 5.1.1 No such user",
        at=evidence.occurred_at,
    )
    return evidence


def answer_to(sent, box, contact, *, minute):
    answer = a_message(box, contact, thread=sent.thread, at=START + timedelta(minutes=minute))
    rewrite(answer, in_reply_to=sent.message_id)
    return answer


def test_a_list_of_facts_is_newest_first_and_can_be_narrowed(alice, box, anna, hers):
    """S34, S94."""
    sent = a_message(box, anna, direction=Direction.OUTGOING, at=START)
    tell(sent, box, anna, minute=10, kind=FactKind.DELAY)
    report = tell(sent, box, anna, minute=20)
    answer = answer_to(sent, box, anna, minute=30)
    items = hers.get("/later-facts").json()["items"]
    assert [one["kind"] for one in items] == ["reply", "bounce", "delay"]
    assert (items[0]["evidence_id"], items[0]["after_seconds"]) == (str(answer.pk), 1800)
    bounce = items[1]
    assert bounce["recipient"] == "anna@lindwerk.example"
    assert (bounce["message_id"], bounce["evidence_id"]) == (str(sent.pk), str(report.pk))
    assert (bounce["is_hard"], bounce["status_code"]) == (True, "5.1.1")
    assert bounce["contact_id"] == str(anna.pk)
    for kind in ("reply", "bounce", "delay"):
        found = hers.get("/later-facts", kind=kind).json()["items"]
        assert [one["kind"] for one in found] == [kind]
    late = hers.get("/later-facts", since=(START + timedelta(minutes=20)).isoformat()).json()
    assert [one["kind"] for one in late["items"]] == ["reply", "bounce"]


def test_pages_of_facts_neither_skip_nor_repeat(alice, box, anna, hers):
    sent = a_message(box, anna, direction=Direction.OUTGOING, at=START)
    for minute in range(1, 8):
        tell(sent, box, anna, minute=minute)
    answer_to(sent, box, anna, minute=4)
    seen, cursor = [], ""
    while True:
        page = hers.get("/later-facts", limit=3, cursor=cursor).json()
        seen += [(one["at"], one["evidence_id"]) for one in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert len(seen) == len(set(seen)) == 8
    assert [at for at, _ in seen] == sorted((at for at, _ in seen), reverse=True)


def test_only_the_first_answer_of_a_person_is_listed(alice, box, anna, hers):
    sent = a_message(box, anna, direction=Direction.OUTGOING, at=START)
    first = answer_to(sent, box, anna, minute=5)
    answer_to(sent, box, anna, minute=6)
    items = hers.get("/later-facts", kind="reply").json()["items"]
    assert [one["evidence_id"] for one in items] == [str(first.pk)]


def test_an_outgoing_email_tells_what_became_of_it_and_stays_sent(alice, box, anna, hers, at):
    """S34."""
    email, _ = a_claimed_email(alice, box, at=at)
    email.refresh_from_db()
    email.mark_sent(
        WORKER,
        at=at,
        attempt=email.attempt,
        sent_at=at,
        gmail_message_id="18c",
        gmail_thread_id="t1",
    )
    message = a_message(box, anna, direction=Direction.OUTGOING, at=START)
    OutgoingEmail.objects.filter(pk=email.pk).update(message=message)
    assert hers.get(f"/outgoing-emails/{email.pk}").json()["later_facts"] == []
    tell(message, box, anna, minute=10)
    shown = hers.get(f"/outgoing-emails/{email.pk}").json()
    assert shown["status"] == "sent"
    assert [one["kind"] for one in shown["later_facts"]] == ["bounce"]


def test_words_of_a_report_are_for_those_who_may_read_it(alice, anna, hers, his):
    """S76."""
    box = a_mailbox(alice, sharing=Sharing.METADATA)
    sent = a_message(box, anna, direction=Direction.OUTGOING, at=START)
    tell(sent, box, anna, minute=10)
    (hers_,), (his_,) = (one.get("/later-facts").json()["items"] for one in (hers, his))
    assert hers_["diagnostic"] == "550 5.1.1 No such user"
    assert (his_["kind"], his_["diagnostic"], his_["status_code"]) == ("bounce", "", "")
