"""An email that its author keeps from the team: waiting, failed, sent, retrieved, answered; and shared again."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from factories import a_contact, a_mailbox, a_message
from letterbook.correspondence.models import MailboxMessage, Message, PrivateEmail, Thread
from letterbook.correspondence.proofs import PROOFS
from letterbook.correspondence.sharing.choosing import hide_labels, share_thread
from letterbook.correspondence.sharing.settling import settle_labels
from letterbook.incoming.models import RunKind
from letterbook.incoming.retrieval import retrieve
from letterbook.kit.refusals import Refused
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.mailboxes.opening import open_mailbox
from letterbook.outgoing.colleagues import encounters
from letterbook.outgoing.drafts import DraftText, create_draft, duplicate, edit_draft
from letterbook.outgoing.keeping_private import keep_private, share_contact_and_unsent
from letterbook.outgoing.models import Actor, Failure, OutgoingEmail
from letterbook.outgoing.queueing import cancel, queue_email
from letterbook.outgoing.reading import EmailFilter, emails_for, outbox_counts
from letterbook.outgoing.replying import draft_forward, draft_reply
from letterbook.search.finding import search
from letterbook.teams.models import AuditEntry
from letterbook.teams.proving import examine
from letterbook.timeline.models import Activity
from written import a_failed_email

PRIVATE, METADATA, SUBJECT, FULL = Sharing
ANNA = "anna@lindwerk.example"
[SHARING] = [proof for proof in PROOFS if proof.name == "sharing"]


@pytest.fixture
def anna(sending):
    return a_contact(sending.member, "Anna Lind", ANNA)


def write(sending, *, is_private=True, answers=None, subject="Only for you", to=ANNA):
    text = DraftText(to=to, subject=subject, html="<p>Confidentially.</p>", is_private=is_private)
    return create_draft(
        sending.member, mailbox=sending.mailbox, text=text, answers=answers, at=sending.clock()
    )


def send(sending, email):
    sending.queue(email)
    sending.work()
    email.refresh_from_db()
    assert email.status == "sent"
    return email


def seen_by(member) -> tuple[int, ...]:
    """How many outgoing emails, failures, messages, conversations and lines there are for somebody."""
    rows = (OutgoingEmail, Failure, Message, Thread, Activity)
    found = search(member, "confidentially")
    return (*(one.objects.visible_to(member).count() for one in rows), len(found.hits))


def read_mailbox(sending) -> None:
    """Retrieve what Gmail has."""
    with closing(open_mailbox(sending.mailbox, clock=sending.clock)) as provider:
        run = retrieve(
            sending.mailbox,
            provider=provider,
            kind=RunKind.SCHEDULED,
            at=sending.clock(),
            clock=sending.clock,
        )
    assert not run.error


NAMING = ("In-Reply-To", "References")


def answer(sending, email: OutgoingEmail, number: int, *, answers: str = "", naming=NAMING) -> str:
    """Let Anna answer an email, or another answer, in these headers, and return the Message-ID."""
    message_id = f"answer-{number}@lindwerk.example"
    answered = answers or email.message.message_id
    sending.gmail.inject(
        sending.mailbox.address,
        "\r\n".join(
            [
                f"From: Anna Lind <{ANNA}>",
                f"To: {sending.mailbox.address}",
                "Subject: Re: Only for you",
                f"Message-ID: <{message_id}>",
                *(f"{name}: <{answered}>" for name in naming),
                "Date: Tue, 17 Nov 2026 10:00:00 +0000",
                "",
                f"Answer {number}. You wrote, confidentially:\r\n> Confidentially.",
                "",
            ]
        ).encode(),
    )
    return message_id


def check_settled() -> None:
    assert not examine(SHARING).flaws


def test_while_it_waits_nobody_else_knows_of_it(sending, anna, alice, bob, charlie, at):
    """S1, S76: not in the outbox, its counts, or as a warning that alice writes to the same contact."""
    email = write(sending)
    assert encounters(bob, [ANNA], at=at) == ()
    sending.queue(email)
    assert encounters(bob, [ANNA], at=sending.clock()) == ()
    assert outbox_counts(bob).queued == 0
    assert emails_for(bob, EmailFilter()).count() == 0
    for other in (bob, charlie):
        assert seen_by(other) == (0, 0, 0, 0, 0, 0)
    assert [one.access for one in OutgoingEmail.objects.visible_to(alice)] == [FULL]


def test_what_failed_is_as_private_as_what_waits(alice, bob, mailbox, at):
    email = a_failed_email(alice, mailbox, at=at)
    assert seen_by(bob)[:2] == (1, 1)
    keep_private(alice, email, is_private=True, at=at)
    assert seen_by(bob)[:2] == (0, 0)
    assert seen_by(alice)[:2] == (1, 1)


def test_once_sent_its_copy_is_private_in_every_list(sending, anna, alice, bob, charlie):
    """S63, S76, S84: the timeline, the conversation, the search."""
    send(sending, write(sending))
    check_settled()
    assert seen_by(alice) == (1, 0, 1, 1, 1, 1)
    for other in (bob, charlie):
        assert seen_by(other) == (0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("first", ["filed", "retrieved"])
def test_the_copy_that_retrieval_brings_is_private_whoever_comes_first(
    sending, anna, alice, bob, first, monkeypatch
):
    """S40: it is never seen in between, for its key says what it is."""
    if first == "retrieved":
        monkeypatch.setattr("letterbook.outgoing.delivery.file_copies", lambda *_, **__: None)
        monkeypatch.setattr("letterbook.outgoing.working_off.file_copies", lambda *_, **__: None)
    email = write(sending)
    sending.queue(email)
    sending.attempt(email)
    assert (email.status, email.message_id is None) == ("sent", first == "retrieved")
    read_mailbox(sending)
    check_settled()
    assert Message.objects.count() == 1
    assert seen_by(bob) == (0, 0, 0, 0, 0, 0)
    monkeypatch.undo()
    sending.work()
    assert seen_by(bob) == (0, 0, 0, 0, 0, 0)
    assert seen_by(alice)[2] == 1


def test_in_another_mailbox_of_ones_own_it_is_private_too(sending, anna, alice, bob):
    """Written to oneself at another address: that copy is as private."""
    other = sending.connect(alice, "alice.second@haldenrowe.example")
    send(sending, write(sending, to=f"{ANNA}, {other.address}"))
    sending.mailbox = other
    read_mailbox(sending)
    check_settled()
    assert MailboxMessage.objects.filter(message__isnull=False).count() == 2
    assert seen_by(bob) == (0, 0, 0, 0, 0, 0)


def test_a_team_mate_who_gets_it_reads_it(sending, anna, alice, bob):
    """Their copy is theirs: whoever is written to reads it, shared as their own mailbox is."""
    bobs = sending.connect(bob, "bob@haldenrowe.example")
    Mailbox.objects.filter(pk=bobs.pk).update(sharing=PRIVATE)
    send(sending, write(sending, to=f"{ANNA}, {bobs.address}"))
    sending.mailbox = bobs
    read_mailbox(sending)
    check_settled()
    assert seen_by(bob)[2] == 1


def test_what_answers_it_quotes_it_and_is_private_too(sending, anna, alice, bob):
    """Also the answer to the answer, and what alice answers; the conversation it stands in stays shared."""
    shared = send(sending, write(sending, is_private=False, subject="Open"))
    private = send(sending, write(sending, answers=shared.message))
    first = answer(sending, private, 1)
    read_mailbox(sending)
    answer(sending, private, 2, answers=first)
    read_mailbox(sending)
    check_settled()
    assert Message.objects.count() == 4
    assert [one.subject for one in Message.objects.visible_to(bob)] == ["Open"]
    reply = write(
        sending, is_private=False, answers=Message.objects.get(message_id=first), subject="More"
    )
    sending.queue(reply)
    assert seen_by(bob)[0] == 1
    sending.work()
    assert [one.subject for one in Message.objects.visible_to(bob)] == ["Open"]
    assert Message.objects.visible_to(alice).count() == 5


@pytest.mark.parametrize("naming", [("In-Reply-To",), ("References",)])
def test_an_answer_that_names_it_in_one_header_alone_is_private_too(sending, anna, bob, naming):
    """Some programs write References and no In-Reply-To."""
    private = send(sending, write(sending))
    answer(sending, private, 1, naming=naming)
    read_mailbox(sending)
    check_settled()
    assert Message.objects.count() == 2
    assert seen_by(bob) == (0, 0, 0, 0, 0, 0)


def test_answers_that_were_stored_first_follow_when_it_is_made_private(sending, anna, alice, bob):
    """And all of it is shared again when its author says so."""
    email = send(sending, write(sending, is_private=False))
    first = answer(sending, email, 1)
    read_mailbox(sending)
    answer(sending, email, 2, answers=first)
    read_mailbox(sending)
    before = seen_by(bob)
    assert before[2] == 3
    keep_private(alice, email, is_private=True, at=sending.clock())
    check_settled()
    assert seen_by(bob) == (0, 0, 0, 0, 0, 0)
    keep_private(alice, email, is_private=False, at=sending.clock())
    check_settled()
    assert seen_by(bob) == before
    assert not PrivateEmail.objects.exists()
    noted = AuditEntry.objects.filter(what="sharing of an email changed")
    assert [one.details for one in noted.order_by("at", "pk")] == [
        {"new": "private"},
        {"new": "as the mailbox"},
    ]


def test_an_email_held_back_stays_private_under_its_new_key(sending, anna, bob):
    """Dated anew it travels under another key, and retrieval knows that one, too."""
    email = write(sending)
    sending.queue(email)
    sending.gmail.fail("drafts.send", "refuse:429")
    sending.attempt(email)
    sending.clock.pass_time(hours=3)
    sending.work()
    email.refresh_from_db()
    assert email.status == "sent"
    assert email.frozen.get().send_key in PrivateEmail.objects.get().send_keys
    check_settled()
    assert seen_by(bob) == (0, 0, 0, 0, 0, 0)


def test_it_is_chosen_and_taken_back_while_it_waits(sending, anna, alice, bob):
    email = write(sending, is_private=False)
    sending.queue(email)
    assert seen_by(bob)[0] == 1
    keep_private(alice, email, is_private=True, at=sending.clock())
    assert seen_by(bob)[0] == 0
    cancel(email, by=Actor.person(alice), member=alice, at=sending.clock())
    edit_draft(
        alice, email, text=DraftText(to=ANNA, is_private=False), version=1, at=sending.clock()
    )
    send(sending, email)
    check_settled()
    assert seen_by(bob)[:3] == (1, 0, 1)


def test_an_edit_that_does_not_ask_leaves_it_private_and_so_does_a_copy(sending, alice):
    email = write(sending)
    edit_draft(alice, email, text=DraftText(to=ANNA), version=1, at=sending.clock())
    assert duplicate(alice, email, at=sending.clock()).is_private


def test_a_stranger_who_sends_under_its_key_hides_nothing_else(sending, anna, bob):
    """Whoever got it knows the key: what they send is theirs, and shared as the mailbox is."""
    email = send(sending, write(sending))
    sending.gmail.inject(
        sending.mailbox.address,
        f"From: {ANNA}\r\nTo: {sending.mailbox.address}\r\nSubject: Another\r\nMessage-ID: <x@y.example>\r\n"
        f"X-Letterbook-Send-Key: {email.frozen.get().send_key}\r\n\r\nHello.\r\n".encode(),
    )
    read_mailbox(sending)
    assert [one.subject for one in Message.objects.visible_to(bob)] == ["Another"]


def test_only_the_owner_of_the_mailbox_chooses(sending, anna, alice, bob, charlie):
    email = send(sending, write(sending, is_private=False))
    for other in (bob, charlie):
        with pytest.raises(Refused):
            keep_private(other, email, is_private=True, at=sending.clock())
    assert seen_by(bob)[0] == 1


class TestWhatQuotesWhatIsPrivate:
    """Its text leaves in another email: that one is no more for the team than what it quotes."""

    @pytest.mark.parametrize(
        ("hide", "answer_is_private"),
        [
            ("a label", True),
            ("a choice for the conversation", False),
            ("a choice for the contact", False),
            ("a smaller choice for the conversation", False),
        ],
    )
    def test_passed_on_it_begins_as_private_and_answered_where_nothing_else_keeps_it(
        self, alice, mailbox, at, hide, answer_is_private
    ):
        """A choice holds for the answer too, and is taken back for both; a label hides one email alone."""
        anna = a_contact(alice, "Anna Lind", ANNA)
        message = a_message(mailbox, anna)
        assert not draft_forward(alice, message, at=at).is_private
        if hide == "a label":
            hide_labels(alice, mailbox, labels=["L1"], at=at)
            MailboxMessage.objects.update(labels=["L1"])
            settle_labels(mailbox)
        elif hide == "a choice for the contact":
            share_contact_and_unsent(alice, anna, level=PRIVATE, at=at)
        else:
            level = METADATA if "smaller" in hide else PRIVATE
            share_thread(alice, message.thread_id, level=level, at=at)
        assert draft_forward(alice, message, at=at).is_private
        assert draft_reply(alice, message, to_all=False, at=at).is_private == answer_is_private

    def test_what_a_private_email_became_is_passed_on_as_private(self, sending, anna, alice, bob):
        private = send(sending, write(sending))
        at = sending.clock()
        forward = draft_forward(alice, private.message, at=at)
        assert forward.is_private
        text = DraftText(to="ben@elsewhere.example", html=forward.html)
        edit_draft(alice, forward, text=text, version=1, at=at)
        send(sending, forward)
        assert seen_by(bob) == (0, 0, 0, 0, 0, 0)
        # Its author may say otherwise.
        keep_private(alice, forward, is_private=False, at=sending.clock())
        assert seen_by(bob)[0] == 1

    def test_from_a_private_mailbox_nothing_has_to_be_kept(self, alice, at):
        """Nor where a team-mate passes on what is shared with them."""
        box = a_mailbox(alice, sharing=PRIVATE)
        message = a_message(box, a_contact(alice, "Anna Lind", ANNA))
        assert not draft_forward(alice, message, at=at).is_private
        assert not draft_reply(alice, message, to_all=False, at=at).is_private

    def test_what_a_team_mate_passes_on_is_shared_as_their_mailbox(self, alice, bob, mailbox, at):
        message = a_message(mailbox, a_contact(alice, "Anna Lind", ANNA))
        assert not draft_forward(bob, message, mailbox=a_mailbox(bob), at=at).is_private


class TestWhatIsNotSentYetToSomebodyPrivate:
    """An owner who keeps mail with a contact to themselves need not wait for it to be sent."""

    @pytest.mark.parametrize("level", [PRIVATE, METADATA, SUBJECT])
    def test_it_is_shared_no_further_than_mail_with_the_contact(
        self, alice, bob, mailbox, at, level
    ):
        anna = a_contact(alice, "Anna Lind", ANNA)
        share_contact_and_unsent(alice, anna, level=level, at=at)
        queued(alice, mailbox, at)
        assert [one.access for one in OutgoingEmail.objects.visible_to(bob)] == (
            [level] if level else []
        )
        share_contact_and_unsent(alice, anna, level=None, at=at)
        assert [one.access for one in OutgoingEmail.objects.visible_to(bob)] == [FULL]

    def test_what_waits_already_follows(self, alice, bob, mailbox, at):
        anna = a_contact(alice, "Anna Lind", ANNA)
        queued(alice, mailbox, at)
        share_contact_and_unsent(alice, anna, level=PRIVATE, at=at)
        assert seen_by(bob)[0] == 0

    def test_a_choice_never_shows_more_than_the_mailbox(self, alice, bob, at):
        box = a_mailbox(alice, sharing=METADATA, address="alice@haldenrowe.example")
        anna = a_contact(alice, "Anna Lind", ANNA)
        share_contact_and_unsent(alice, anna, level=FULL, at=at)
        queued(alice, box, at)
        assert [one.access for one in OutgoingEmail.objects.visible_to(bob)] == [METADATA]

    def test_nobody_is_told_that_a_team_mate_writes_to_them(self, alice, bob, mailbox, at):
        anna = a_contact(alice, "Anna Lind", ANNA)
        create_draft(alice, mailbox=mailbox, text=DraftText(to=ANNA), at=at)
        OutgoingEmail.objects.update(updated_at=at)
        assert len(encounters(bob, [ANNA], at=at)) == 1
        share_contact_and_unsent(alice, anna, level=PRIVATE, at=at)
        assert encounters(bob, [ANNA], at=at) == ()


def queued(member, mailbox, at):
    text = DraftText(to=ANNA, subject="Hi", html="<p>x</p>")
    draft = create_draft(member, mailbox=mailbox, text=text, at=at)
    queue_email(draft, by=Actor.person(member), member=member, at=at, send_at=at + timedelta(1))


def test_who_listens_to_the_database_hears_of_it_only_as_its_author(
    alice, mailbox, at, monkeypatch
):
    """S16: that something happened to it is nobody else's to know."""
    heard = []
    monkeypatch.setattr(
        "letterbook.outgoing.models.announce", lambda topic, **whom: heard.append(whom)
    )
    draft = create_draft(alice, mailbox=mailbox, text=DraftText(to=ANNA, is_private=True), at=at)
    queue_email(draft, by=Actor.person(alice), member=alice, at=at)
    assert [one.get("user_id") for one in heard] == [alice.user_id]
    assert all("mailbox_id" not in one for one in heard)
