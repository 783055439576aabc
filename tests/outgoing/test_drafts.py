"""Writing: what is kept of what was typed, what is refused, and who may do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from factories import a_contact, a_mailbox
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.outgoing.drafts import (
    DraftText,
    attach_file,
    create_draft,
    discard_draft,
    duplicate,
    edit_draft,
    remove_file,
)
from letterbook.outgoing.fitting import LARGEST_FILES
from letterbook.outgoing.models import Actor, Origin, OutgoingEmail
from letterbook.outgoing.queueing import cancel, queue_email
from sending import TEXT


@pytest.mark.parametrize("origin", list(Origin))
def test_every_new_email_is_a_draft_and_its_history_begins_with_that(alice, mailbox, at, origin):
    """S7, S11, S28: whatever it was written with."""
    email = create_draft(alice, mailbox=mailbox, text=TEXT, origin=origin, at=at)
    assert email.status == "draft"
    first = email.status_changes.get()
    assert (first.old, first.new, first.at, first.user) == ("", "draft", at, alice.user)


def test_recipients_are_one_row_each_with_name_kind_and_contact(alice, mailbox, at):
    """S3, S26: three kinds round-trip, and an address that belongs to a contact is matched."""
    anna = a_contact(alice, "Anna Lind", "Anna@Lindwerk.example")
    text = DraftText(
        to="Anna <anna@lindwerk.example>", cc="b@x.example; C <c@x.example>", bcc="d@x.example"
    )
    email = create_draft(alice, mailbox=mailbox, text=text, at=at)
    rows = list(
        email.recipients.order_by("position").values_list("kind", "name", "address", "contact_id")
    )
    assert rows == [
        ("to", "Anna", "anna@lindwerk.example", anna.pk),
        ("cc", "", "b@x.example", None),
        ("cc", "C", "c@x.example", None),
        ("bcc", "", "d@x.example", None),
    ]


def test_a_person_typed_twice_gets_it_once_and_to_comes_before_cc_and_bcc(write):
    """S26."""
    email = write(to="a@x.example, A@X.example", cc="a@x.example, b@x.example", bcc="B@x.example")
    assert list(email.recipients.order_by("position").values_list("kind", "key")) == [
        ("to", "a@x.example"),
        ("cc", "b@x.example"),
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"to": "anna"}, "to"),
        ({"cc": "user@localhost"}, "cc"),
        ({"bcc": "a@[127.0.0.1]"}, "bcc"),
        ({"to": "josé@пример.example"}, "to"),
        ({"to": f"{'x' * 260}@x.example"}, "to"),
        ({"to": ", ".join(f"p{n}@x.example" for n in range(2_001))}, "to"),
        ({"subject": "x\r\nBcc: a@evil.example"}, "subject"),
        ({"subject": "x\u2028y"}, "subject"),
        ({"from_address": "boss@haldenrowe.example"}, "from_address"),
        ({"from_address": "ceo@other.example"}, "from_address"),
        ({"html": "x" * 6_000_001}, "html"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_the_field_is_named(write, fields, field):
    """S4, S25, C1, C3, C4, C5, C12: and nothing is stored."""
    with pytest.raises(Invalid) as refused:
        write(**fields)
    assert refused.value.field == field
    assert not OutgoingEmail.objects.exists()


@pytest.mark.parametrize(
    "subject", ["", "Grüße aus Köln 🎉", "é" * 500, "{{ 7*7 }} {% include x %}"]
)
def test_a_subject_is_kept_exactly(write, subject):
    """S4, S22, C8: Unicode, emoji, long, empty, and what looks like a template."""
    assert write(subject=subject).subject == subject


def test_a_verified_alias_may_be_the_sender(write):
    """S25, C12."""
    email = write(from_address="Press@haldenrowe.example")
    assert (email.from_name, email.from_address) == ("Halden Press", "press@haldenrowe.example")


def test_scripts_and_remote_pictures_are_taken_out_of_what_will_be_sent(write):
    """C9."""
    html = write(html='<b>Hi</b><script>x()</script><img src="https://evil.example/1.gif">').html
    assert "<b>Hi</b>" in html
    assert "script" not in html
    assert "evil" not in html


def test_five_megabytes_of_rich_text_are_kept(write):
    """S21."""
    html = (
        "<table><tbody><tr><td>cell</td></tr></tbody></table>" + f"<p>{'word ' * 20}</p>" * 48_000
    )
    assert len(html) > 5_000_000
    assert write(html=html).html == html


def test_an_edit_replaces_the_text_and_counts_the_version(alice, draft, at):
    """S23, S27."""
    later = at + timedelta(minutes=1)
    edited = edit_draft(
        alice, draft, text=replace(TEXT, to="b@x.example", subject="New"), version=1, at=later
    )
    assert (edited.subject, edited.version, edited.updated_at) == ("New", 2, later)
    assert [one.address for one in edited.recipients.all()] == ["b@x.example"]


def test_an_edit_of_an_older_version_is_refused_and_nothing_is_lost(alice, draft, at):
    """S27: of two windows the second learns of it."""
    edit_draft(alice, draft, text=replace(TEXT, subject="First window"), version=1, at=at)
    with pytest.raises(Conflict) as refused:
        edit_draft(alice, draft, text=replace(TEXT, subject="Second window"), version=1, at=at)
    assert refused.value.code == "StaleVersion"
    draft.refresh_from_db()
    assert draft.subject == "First window"


def test_what_is_queued_can_no_longer_be_edited_or_thrown_away(alice, queued, at):
    """S24, C15."""
    for act in (
        lambda: edit_draft(alice, queued, text=TEXT, version=1, at=at),
        lambda: discard_draft(alice, queued, at=at),
        lambda: attach_file(alice, queued, filename="a", content_type="", content=b"", at=at),
    ):
        with pytest.raises(Conflict, match="Only a draft"):
            act()


def test_a_discarded_draft_is_gone_for_everyone(alice, draft, at):
    """S24."""
    discard_draft(alice, draft, at=at)
    assert not OutgoingEmail.objects.visible_to(alice).exists()
    with pytest.raises(NotFound):
        edit_draft(alice, draft, text=TEXT, version=1, at=at)


def test_a_draft_can_move_to_another_mailbox_of_ones_own(alice, bob, draft, at):
    """S25."""
    second = a_mailbox(alice, address="alice@second.example")
    edited = edit_draft(alice, draft, text=TEXT, version=1, mailbox=second, at=at)
    assert (edited.mailbox, edited.from_address) == (second, "alice@second.example")
    with pytest.raises(NotAllowed):
        edit_draft(alice, draft, text=TEXT, version=2, mailbox=a_mailbox(bob), at=at)


def test_files_are_kept_with_a_safe_name_and_a_known_type(alice, draft, at):
    """C7."""
    kept = attach_file(
        alice,
        draft,
        filename="../../a\r\nb.pdf",
        content_type="text/html\r\nX: y",
        content=b"%PDF",
        at=at,
    )
    assert "\n" not in kept.filename
    assert "/" not in kept.filename
    assert kept.content_type == "application/octet-stream"
    assert bytes(draft.attachments.get().content) == b"%PDF"
    remove_file(alice, draft, attachment_id=kept.pk, at=at)
    with pytest.raises(NotFound):
        remove_file(alice, draft, attachment_id=kept.pk, at=at)


def test_files_of_more_than_25_megabytes_together_are_refused(alice, draft, at):
    half = bytes(LARGEST_FILES // 2)
    attach_file(alice, draft, filename="a", content_type="", content=half, at=at)
    attach_file(alice, draft, filename="b", content_type="", content=half, at=at)
    with pytest.raises(Invalid, match=r"may have 25 MB; with c they have 25\.1 MB"):
        attach_file(alice, draft, filename="c", content_type="", content=b"x", at=at)
    assert draft.attachments.count() == 2


def test_a_copy_of_a_queued_email_is_a_draft_with_all_that_belongs_to_it(alice, write, at):
    """S24."""
    email = write(to="a@x.example", bcc="b@x.example")
    attach_file(
        alice, email, filename="a.pdf", content_type="application/pdf", content=b"%PDF", at=at
    )
    queue_email(email, by=Actor.person(alice), member=alice, at=at)
    copy = duplicate(alice, email, at=at)
    assert (copy.status, copy.subject, copy.html) == ("draft", email.subject, email.html)
    assert set(copy.recipients.values_list("kind", "key")) == {
        ("to", "a@x.example"),
        ("bcc", "b@x.example"),
    }
    assert bytes(copy.attachments.get().content) == b"%PDF"
    assert email.attachments.count() == 1


VERBS = {
    "edit": lambda member, email, at: edit_draft(member, email, text=TEXT, version=1, at=at),
    "discard": lambda member, email, at: discard_draft(member, email, at=at),
    "duplicate": lambda member, email, at: duplicate(member, email, at=at),
    "attach": lambda member, email, at: attach_file(
        member, email, filename="a", content_type="", content=b"", at=at
    ),
    "queue": lambda member, email, at: queue_email(
        email, by=Actor.person(member), member=member, at=at
    ),
    "cancel": lambda member, email, at: cancel(
        email, by=Actor.person(member), member=member, at=at
    ),
}


@pytest.mark.parametrize("verb", list(VERBS))
def test_nobody_else_can_touch_a_draft_or_learn_that_it_is_there(bob, charlie, draft, at, verb):
    """S1, D1: neither a team-mate nor a stranger."""
    for member in (bob, charlie):
        with pytest.raises(NotFound):
            VERBS[verb](member, draft, at)
    draft.refresh_from_db()
    assert (draft.status, draft.version) == ("draft", 1)


@pytest.mark.parametrize("verb", list(VERBS))
def test_a_team_mate_who_sees_a_queued_email_can_do_nothing_with_it(bob, charlie, queued, at, verb):
    with pytest.raises(NotAllowed):
        VERBS[verb](bob, queued, at)
    with pytest.raises(NotFound):
        VERBS[verb](charlie, queued, at)
    queued.refresh_from_db()
    assert queued.status == "queued"


def test_only_ones_own_mailboxes_can_be_written_from(bob, charlie, mailbox, at):
    """S2, S25."""
    with pytest.raises(NotAllowed):
        create_draft(bob, mailbox=mailbox, text=TEXT, at=at)
    with pytest.raises(NotFound):
        create_draft(charlie, mailbox=mailbox, text=TEXT, at=at)
    assert a_mailbox(bob, sharing=Sharing.PRIVATE).owner == bob.user
