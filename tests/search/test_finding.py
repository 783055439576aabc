"""Searching finds everything the viewer may see, newest first, and nothing else."""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta

import pytest

from factories import START, a_contact, a_mailbox, a_member, a_message, a_thread
from letterbook.correspondence.models import Direction, Message
from letterbook.correspondence.sharing.choosing import share_thread
from letterbook.correspondence.words import fold_words
from letterbook.kit.refusals import Invalid
from letterbook.mailboxes.models import Sharing
from letterbook.search import planning
from letterbook.search.finding import search


def found(member, text, **more):
    return [hit.email.id for hit in search(member, text, **more).hits]


@pytest.fixture(params=["from the text index", "in the order of time"])
def _either_plan(request, monkeypatch):
    """Every answer must be the same whichever way it is looked for."""
    if request.param == "in the order of time":
        monkeypatch.setattr(planning, "is_common", lambda words: True)


@pytest.mark.usefixtures("_either_plan")
@pytest.mark.parametrize(
    ("question", "is_found"),
    [
        ("catalogue", True),
        ("CATALÓGUE", True),
        ("cata*", True),
        ("cata", False),
        ('"spring catalogue"', True),
        ('"catalogue spring"', False),
        ("proof", True),
        ("kontor", True),
        ("anna", True),
        ("anna@lindwerk.example", True),
        ("from:anna", True),
        ("from:Lind", True),
        ('from:"anna lind"', True),
        ("from:ann", False),
        ("from:an*", True),
        ("from:anna@lindwerk.example", True),
        ("from:box@haldenrowe.example", False),
        ("from:jorg", False),
        ("to:jorg", True),
        ("to:Jörg", True),
        ("to:anna", False),
        ("to:box@haldenrowe.example", True),
        ("with:anna", True),
        ("with:anna@lindwerk.example", True),
        ("with:nobody@lindwerk.example", False),
        ("subject:spring", True),
        ("subject:proof", False),
        ("has:attachment", True),
        ("plan.pdf", True),
        ("mailbox:box", True),
        ("mailbox:box@haldenrowe.example catalogue", True),
        ("mailbox:bo", False),
        ("mailbox:anna", False),
        ("in:inbox catalogue", True),
        ("in:sent catalogue", False),
        ("after:2026-11-05", True),
        ("after:2026-11-06", False),
        ("before:2026-11-06", True),
        ("before:2026-11-05 catalogue", False),
        ("catalogue boats", False),
    ],
)
def test_each_word_of_the_language_finds_what_it_means(alice, question, is_found):
    """S84: subject, body, people, files, direction, date."""
    anna = a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    box = a_mailbox(alice, address="box@haldenrowe.example")
    message = a_message(
        box,
        anna,
        a_contact(alice, "Jörg Ågren", "ja@kontor.example"),
        subject="The spring catalogue",
        text="Here is the proof.",
        files=("plan.pdf",),
        at=START.replace(day=5),
    )
    assert found(alice, question) == ([message.pk] if is_found else [])


WHAT_IS_HIDDEN = [
    "subjectword",
    "bodyword",
    "subject:subjectword",
    "has:attachment",
    "secretfile",
    "to:boris",
]


@pytest.mark.usefixtures("_either_plan")
@pytest.mark.parametrize(
    ("sharing", "findable"),
    [
        (Sharing.PRIVATE, set()),
        (
            Sharing.METADATA,
            {"anna", "from:anna", "with:anna", "in:sent", "to:anna@lindwerk.example"},
        ),
        (
            Sharing.SUBJECT,
            {"anna", "from:anna", "with:anna", "in:sent", "to:anna@lindwerk.example"}
            | {"subjectword", "subject:subjectword", "subjectword anna"},
        ),
    ],
)
def test_what_is_not_shared_cannot_be_found(alice, bob, sharing, findable):
    """S84, D5: a word that matches only what is hidden finds nothing, so nobody can guess at it."""
    anna, boris = (a_contact(alice, name, f"{name}@lindwerk.example") for name in ("anna", "boris"))
    box = a_mailbox(alice, sharing=sharing, address="anna.desk@haldenrowe.example")
    message = a_message(
        box, anna, bcc=(boris,), direction=Direction.OUTGOING,
        subject="subjectword", text="bodyword", files=("secretfile.pdf",),
    )  # fmt: skip
    everything = {
        "anna", "from:anna", "with:anna", "in:sent", "to:anna@lindwerk.example", "subjectword",
        "subject:subjectword", "subjectword anna", "bodyword", "has:attachment", "secretfile",
        "to:boris@lindwerk.example", "with:boris@lindwerk.example", "anna bodyword", "subject:subjectword bodyword",
        "has:attachment anna", '"subjectword anna"', "body*",
    }  # fmt: skip
    assert {question for question in everything if found(bob, question)} == findable
    assert found(alice, "anna bodyword has:attachment with:boris@lindwerk.example") == [message.pk]


def test_a_copy_in_a_private_mailbox_is_not_found_by_that_mailbox(alice, bob):
    """S76, S84: what one may see in a shared mailbox tells nothing of who else has it."""
    private = a_mailbox(alice, sharing=Sharing.PRIVATE, address="alice@haldenrowe.example")
    shared = a_mailbox(alice, address="offers@haldenrowe.example")
    message = a_message(private, a_contact(alice), subject="proof", also_in=(shared,))
    assert found(bob, "proof mailbox:offers") == [message.pk]
    assert found(bob, "proof mailbox:alice") == found(bob, "mailbox:alice") == []
    assert found(alice, "mailbox:alice") == [message.pk]


def test_what_is_shared_out_of_a_private_mailbox_is_found_by_that_mailbox(alice, bob, charlie, at):
    """S76, S84: what one may see of a mailbox that shares nothing is told by the copies themselves."""
    private = a_mailbox(alice, sharing=Sharing.PRIVATE, address="alice@haldenrowe.example")
    shared, _ = (a_message(private, a_contact(alice), thread=a_thread(alice)) for _ in range(2))
    share_thread(alice, shared.thread_id, level=Sharing.METADATA, at=at)
    assert found(bob, "mailbox:alice") == [shared.pk]
    assert found(charlie, "mailbox:alice") == []


def test_another_teams_mail_and_people_are_never_found(alice, charlie):
    a_message(a_mailbox(alice), a_contact(alice, "Anna Lind"))
    results = search(charlie, "anna")
    assert (results.hits, results.people) == ((), ())


def test_a_team_mate_finds_a_shared_conversation(alice, bob):
    """S88."""
    message = a_message(a_mailbox(alice), a_contact(alice), text="the Rotterdam shipment")
    [hit] = search(bob, "rotterdam").hits
    assert hit.email.id == message.pk
    assert [one.text for one in hit.excerpt if one.is_mark] == ["Rotterdam"]


def test_nothing_hidden_is_in_a_hit(alice, bob):
    a_message(
        a_mailbox(alice, sharing=Sharing.METADATA),
        a_contact(alice, "Anna"),
        subject="Anna",
        text="Anna",
    )
    [hit] = search(bob, "anna").hits
    assert (hit.subject, hit.excerpt, hit.email.subject, hit.email.snippet) == ((), (), "", "")


@pytest.mark.usefixtures("_either_plan")
def test_pages_hold_everything_once_newest_first(alice):
    contact, mailbox = a_contact(alice), a_mailbox(alice)
    made = [a_message(mailbox, contact, at=START + timedelta(minutes=n // 2)) for n in range(9)]
    seen, cursor = [], ""
    while True:
        page = search(alice, "catalogue", cursor=cursor, limit=2)
        seen += [hit.email.id for hit in page.hits]
        if not (cursor := page.next_cursor):
            break
    assert seen == [
        one.pk for one in sorted(made, key=lambda one: (one.occurred_at, one.pk), reverse=True)
    ]


def test_a_common_word_is_found_even_when_the_newest_emails_lack_it(alice, monkeypatch):
    monkeypatch.setattr(planning, "is_common", lambda words: True)
    monkeypatch.setattr(planning, "NEWEST", 3)
    contact, mailbox = a_contact(alice), a_mailbox(alice)
    old = a_message(mailbox, contact, text="rotterdam", at=START)
    for _ in range(5):
        a_message(mailbox, contact)
    assert found(alice, "rotterdam") == [old.pk]


def test_people_are_found_by_name_and_address_whatever_the_accents(alice):
    a_contact(alice, "José Müller", "jm@kontor.example")
    a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    for question in ("jose", "JOSÉ", "mull*", "jose müller", "jm@kontor.example"):
        assert [one.contact.name for one in search(alice, question).people] == ["José Müller"], (
            question
        )
    assert search(alice, "from:jose").people == ()
    [person] = search(alice, "mull*").people
    assert [one.text for one in person.name if one.is_mark] == ["Müller"]


def test_bad_syntax_names_the_part(alice):
    with pytest.raises(Invalid, match="form:"):
        search(alice, "form:anna")


@pytest.mark.parametrize(
    "question", ["%_%", "'", "\\", "a'b:*", "((((", ".*.*.*=.*", "\x00", "anna & !boris | (x)"]
)
def test_no_sign_of_the_querys_own_language_gets_through(alice, question):
    """F9."""
    a_message(a_mailbox(alice), a_contact(alice), subject="unrelated", text="unrelated")
    with contextlib.suppress(Invalid):
        assert found(alice, question) == []


def test_searching_agrees_with_reading_everything(alice, bob):
    """Random mail, random sharing, random words: what is found is what a reader with the same rights would pick out."""
    chance = random.Random(7)
    carol = a_member(alice, "Carol")
    boxes = [a_mailbox(owner, sharing=sharing) for owner in (alice, bob) for sharing in Sharing]
    words = ["alpha", "beta", "gamma", "delta"]
    contacts = [a_contact(alice, name, f"{name}@lind.example") for name in words]
    for _ in range(40):
        held = chance.sample(boxes, chance.choice([1, 1, 2]))
        a_message(
            held[0], *chance.sample(contacts, 2), also_in=tuple(held[1:]),
            subject=" ".join(chance.sample(words, 2)), text=" ".join(chance.sample(words, 2)),
        )  # fmt: skip
    for member in (alice, bob, carol):
        for question in [*words, "alpha beta", "gamma delta"]:
            assert set(found(member, question, limit=50)) == expected(member, question.split())


def expected(member, words):
    return {
        message.pk
        for message in Message.objects.visible_to(member)
        if set(words) <= readable_words(message)
    }


def readable_words(message) -> set[str]:
    people = [one for one in message.participants if one["role"] != "bcc"]
    text = " ".join(f"{one['name']} {one['address']}" for one in people)
    if message.may_read_subject:
        text += " " + message.subject
    if message.may_read_content:
        text += " " + message.text
    return set(fold_words(text).split())
