"""Cautions before sending: each is said once, at its field, and nothing is said that the writer may not know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factories import a_contact, a_mailbox, a_message
from letterbook.correspondence.models import Direction
from letterbook.kit.refusals import NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.attaching import attach_file, attach_picture
from letterbook.outgoing.cautions import cautions_of
from letterbook.outgoing.drafts import DraftText, create_draft
from letterbook.outgoing.models import Actor, OutgoingEmail
from letterbook.outgoing.queueing import queue_email
from letterbook.outgoing.replying import draft_forward, draft_reply

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def cautions(alice, write, at):
    """What is said of a draft with this text, as (code, field)."""

    def say(**fields):
        found = cautions_of(write(**fields), member=alice, at=at)
        return [(one.code, one.field) for one in found]

    return say


def test_an_ordinary_email_gives_no_cause_for_caution(cautions):
    assert cautions() == []


def test_what_is_missing_is_said_at_its_field(cautions):
    """S4: an empty subject is allowed, with a warning."""
    assert cautions(subject="", html="<div><br></div>") == [
        ("empty_subject", "subject"),
        ("empty_text", "html"),
    ]


def test_a_field_of_a_template_that_was_not_filled_is_said(cautions):
    found = cautions(
        subject="For {{ contact.company }}", html="<p>Dear {{ contact.first_name }}, {{ 7*7 }}</p>"
    )
    assert found == [("unfilled_field", "subject"), ("unfilled_field", "html")]


def test_a_promised_file_is_missed_until_there_is_one(alice, write, at):
    email = write(html="<p>Please find attached our offer.</p>")
    (caution,) = cautions_of(email, member=alice, at=at)
    assert (caution.code, caution.field) == ("forgotten_file", "file")
    assert "“attached”" in caution.words
    attach_picture(alice, email, filename="logo.png", content=PNG, at=at)
    assert cautions_of(email, member=alice, at=at) == (caution,)
    attach_file(alice, email, filename="a.pdf", content_type="", content=b"%PDF", at=at)
    assert cautions_of(email, member=alice, at=at) == ()


def test_what_is_only_quoted_is_not_ones_own_promise(alice, mailbox, at):
    message = a_message(mailbox, a_contact(alice), text="I have attached {{ me.name }} for you.")
    reply = draft_reply(alice, message, to_all=False, at=at)
    assert [one.code for one in cautions_of(reply, member=alice, at=at)] == ["empty_text"]
    forward = draft_forward(alice, message, at=at)
    assert cautions_of(forward, member=alice, at=at) == ()


def test_a_large_email_is_said_to_be(alice, write, at):
    email = write()
    attach_file(alice, email, filename="a", content_type="", content=bytes(8_000_000), at=at)
    (caution,) = cautions_of(email, member=alice, at=at)
    assert (caution.code, caution.field) == ("very_large", "file")
    assert "about 11 MB" in caution.words


def test_many_strangers_in_to_are_better_kept_apart(cautions):
    people = ", ".join(f"p@company{n}.example" for n in range(6))
    assert ("many_recipients", "to") in cautions(to=people)
    assert cautions(to="anna@lindwerk.example", bcc=people) == []
    colleagues = ", ".join(f"p{n}@lindwerk.example" for n in range(6))
    assert cautions(to=colleagues) == []


def test_an_address_that_is_nearly_a_known_one_is_said(alice, charlie, write, at):
    """B8: like a contact's domain, or like the team's own; what is another team's tells nothing."""
    a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    a_contact(charlie, "Other", "x@northern-trading.example")
    email = write(
        to="anna@lindwrek.example, bob@lindwerk.example",
        cc="x@haldenr0we.example, y@northem-trading.example",
    )
    found = cautions_of(email, member=alice, at=at)
    assert [(one.code, one.field, one.address) for one in found] == [
        ("look_alike", "to", "anna@lindwrek.example"),
        ("look_alike", "cc", "x@haldenr0we.example"),
    ]
    assert "at lindwerk.example, but" in found[0].words


def test_a_contact_whose_domain_looks_like_anothers_is_known(alice, cautions):
    a_contact(alice, "Anna Lind", "anna@lindwerk.example")
    a_contact(alice, "Anne Lint", "anne@lindwerg.example")
    assert cautions(to="anne@lindwerg.example") == []


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.mark.parametrize(
    ("sharing", "is_said"),
    [
        (Sharing.FULL, True),
        (Sharing.SUBJECT, True),
        (Sharing.METADATA, True),
        (Sharing.PRIVATE, False),
    ],
)
@pytest.mark.parametrize("doing", ["wrote", "queued", "writing"])
def test_a_colleague_at_the_same_contact_is_said_as_far_as_they_share_it(
    alice, bob, anna, write, at, doing, sharing, is_said
):
    """Rule 3: nothing is said of a private mailbox."""
    box = a_mailbox(bob, sharing=sharing)
    _let(bob, box, anna, doing, at)
    found = cautions_of(write(), member=alice, at=at)
    assert [one.code for one in found] == ([f"colleague_{doing}"] if is_said else [])
    if is_said:
        assert found[0].words.startswith("Bob Rowe ")
        assert (found[0].field, found[0].address) == ("to", "anna@lindwerk.example")
        assert "secret" not in found[0].words


def _let(member, box, contact, doing, at):
    if doing == "wrote":
        earlier = at - timedelta(hours=2)
        return a_message(box, contact, direction=Direction.OUTGOING, subject="secret", at=earlier)
    text = DraftText(to="ANNA@lindwerk.example", subject="secret", html="x")
    draft = create_draft(member, mailbox=box, text=text, at=at)
    OutgoingEmail.objects.filter(pk=draft.pk).update(updated_at=at)
    if doing == "queued":
        queue_email(draft, by=Actor.person(member), member=member, at=at)
    return draft


def test_another_address_of_the_same_contact_counts_as_the_contact(alice, bob, anna, write, at):
    anna.addresses.create(team=alice.team, address="anna@home.example", key="anna@home.example")
    _let(bob, a_mailbox(bob), anna, "writing", at)
    (caution,) = cautions_of(write(to="anna@home.example"), member=alice, at=at)
    assert caution.words == "Bob Rowe is writing to anna@home.example too."


@pytest.mark.parametrize("doing", ["queued", "writing"])
def test_a_blind_copy_is_not_betrayed_by_a_caution(alice, bob, anna, write, at, doing):
    """S3."""
    box = a_mailbox(bob, sharing=Sharing.SUBJECT)
    text = DraftText(to="other@x.example", bcc="anna@lindwerk.example", html="x")
    draft = create_draft(bob, mailbox=box, text=text, at=at)
    OutgoingEmail.objects.filter(pk=draft.pk).update(updated_at=at)
    if doing == "queued":
        queue_email(draft, by=Actor.person(bob), member=bob, at=at)
    assert cautions_of(write(), member=alice, at=at) == ()


def test_a_sent_blind_copy_is_not_betrayed_either(alice, bob, anna, write, at):
    """S3."""
    box = a_mailbox(bob, sharing=Sharing.SUBJECT)
    other = a_contact(alice, "Other", "other@x.example")
    earlier = at - timedelta(hours=1)
    a_message(box, other, direction=Direction.OUTGOING, bcc=(anna,), at=earlier)
    assert cautions_of(write(), member=alice, at=at) == ()


def test_what_was_long_ago_and_what_one_did_oneself_is_not_said(
    alice, bob, anna, mailbox, write, at
):
    a_message(mailbox, anna, direction=Direction.OUTGOING, at=at - timedelta(hours=1))
    long_ago = at - timedelta(hours=5)
    a_message(a_mailbox(bob), anna, direction=Direction.OUTGOING, at=long_ago)
    old = _let(bob, a_mailbox(bob), anna, "writing", at)
    OutgoingEmail.objects.filter(pk=old.pk).update(updated_at=at - timedelta(hours=1))
    write()
    assert cautions_of(write(), member=alice, at=at) == ()


def test_cautions_are_for_whoever_may_write_the_email(bob, charlie, draft, at):
    """D1."""
    for member in (bob, charlie):
        with pytest.raises(NotFound):
            cautions_of(draft, member=member, at=at)


def test_more_recipients_take_no_more_queries(alice, bob, write, at):
    few = write(to="a@unknown.example")
    many = write(to=", ".join(f"p{n}@unknown{n}.example" for n in range(90)))
    for n in range(30):
        a_contact(alice, f"P {n}", f"p{n}@known{n}.example")
    _let(bob, a_mailbox(bob), None, "writing", at)
    counts = []
    for email in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            cautions_of(email, member=alice, at=at)
        counts.append(len(captured))
    assert counts[1] <= counts[0] + 2
    assert counts[1] <= 20
