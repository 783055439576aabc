"""A contact's history: complete, in order, and no more of it than the viewer may see."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection

from factories import START, a_contact, a_mailbox, a_member, a_message, a_note, a_thread, hold
from letterbook.contacts.models import Contact
from letterbook.correspondence.models import Direction
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.timeline.models import Activity
from letterbook.timeline.narrowing import TimelineFilter
from letterbook.timeline.reading import read_timeline
from letterbook.timeline.relationship import relationship_with
from letterbook.timeline.seeing import counted_activities, seen_activities

FILL = """
    WITH threads AS (
        INSERT INTO correspondence_thread (id, team_id, created_at)
        SELECT gen_random_uuid(), %(team)s, now() FROM generate_series(1, %(count)s) RETURNING id
    ), numbered AS (SELECT id, row_number() OVER () AS n FROM threads
    ), messages AS (
        INSERT INTO correspondence_message
            (id, team_id, thread_id, identity, message_id, in_reply_to, direction, occurred_at, subject, from_name,
             from_address, participants, address_keys, bcc_keys, snippet, text, attachments, has_attachments,
             has_html, is_automatic, size, parser_version, stored_at)
        SELECT gen_random_uuid(), %(team)s, id, decode(md5(id::text), 'hex'), '', '', 'in',
               timestamptz '2020-01-01 00:00Z' + n * interval '1 minute', 'Subject ' || n, 'A', 'a@b.example',
               '[]', '{}', '{}', '', repeat('word ', 50), '[]', false, false, false, 1, 1, now()
        FROM numbered RETURNING id, occurred_at
    ), copies AS (
        INSERT INTO correspondence_mailboxmessage
            (mailbox_id, team_id, provider_id, provider_thread_id, state, reason, error, attempts, message_id, labels,
             listed_at, is_removed_at_source)
        SELECT %(mailbox)s, %(team)s, id::text, '', 'stored', '', '', 0, id, '{}', occurred_at, false FROM messages
    )
    INSERT INTO timeline_activity
        (id, team_id, contact_id, type, message_id, direction, occurred_at, text, created_at, updated_at)
    SELECT gen_random_uuid(), %(team)s, %(contact)s, 'email', id, 'in', occurred_at, '', now(), now() FROM messages
"""


def fill(mailbox: Mailbox, contact: Contact, *, count: int) -> None:
    values = {"team": mailbox.team_id, "mailbox": mailbox.pk, "contact": contact.pk, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(FILL, values)
        cursor.execute("ANALYZE")


def subjects(member, contact, **filters):
    page = read_timeline(member, contact, wanted=TimelineFilter(**filters))
    return [line.email.subject for line in page.lines]


def test_emails_of_both_directions_and_notes_stand_in_one_order(alice):
    """S59, S60, S68: emails among other activities, in time order."""
    contact, mailbox = a_contact(alice), a_mailbox(alice)
    a_message(mailbox, contact, at=START + timedelta(hours=1))
    a_message(mailbox, contact, direction=Direction.OUTGOING, at=START + timedelta(hours=3))
    a_note(alice, contact, at=START + timedelta(hours=2))
    lines = read_timeline(alice, contact).lines
    assert [(line.type, line.direction) for line in lines] == [
        ("email", "out"),
        ("note", ""),
        ("email", "in"),
    ]


def test_a_line_says_all_that_a_timeline_shows(alice):
    """S74: direction, subject, snippet, people, time, attachments, and the team-mate it went through."""
    contact, mailbox = a_contact(alice, "Anna Lind", "anna@lindwerk.example"), a_mailbox(alice)
    message = a_message(mailbox, contact, subject="Proof", text="Here it is.", files=("proof.pdf",))
    [line] = read_timeline(alice, contact).lines
    assert (line.direction, line.occurred_at, line.user) == ("in", message.occurred_at, alice.user)
    assert (line.email.subject, line.email.snippet, line.email.thread_id) == (
        "Proof",
        "Here it is.",
        message.thread_id,
    )
    assert [file.filename for file in line.email.files] == ["proof.pdf"]
    assert ("from", "anna@lindwerk.example") in {
        (one.role, one.address) for one in line.email.people
    }


@pytest.mark.parametrize(
    ("sharing", "shows"),
    [
        (Sharing.PRIVATE, []),
        (Sharing.METADATA, [("", "", 0)]),
        (Sharing.SUBJECT, [("Proof", "", 0)]),
        (Sharing.FULL, [("Proof", "Here it is.", 1)]),
    ],
)
def test_a_team_mate_sees_as_much_as_the_mailbox_is_shared(alice, bob, sharing, shows):
    """S76: what is hidden is not in the line at all, so no page can show it."""
    contact, mailbox = a_contact(alice), a_mailbox(alice, sharing=sharing)
    a_message(mailbox, contact, subject="Proof", text="Here it is.", files=("proof.pdf",))
    lines = read_timeline(bob, contact).lines
    assert [(one.email.subject, one.email.snippet, len(one.email.files)) for one in lines] == shows
    assert len(read_timeline(alice, contact).lines) == 1


def test_the_widest_copy_decides(alice, bob):
    contact = a_contact(alice)
    private, shared = (
        a_mailbox(alice, sharing=Sharing.PRIVATE),
        a_mailbox(alice, sharing=Sharing.SUBJECT),
    )
    message = a_message(private, contact, subject="Proof")
    assert subjects(bob, contact) == []
    hold(message, shared)
    assert subjects(bob, contact) == ["Proof"]


def test_another_teams_contact_does_not_exist(alice, charlie):
    """S71: someone else's contact is a 404."""
    contact = a_contact(alice)
    with pytest.raises(NotFound):
        read_timeline(charlie, contact)


def test_pages_neither_skip_nor_repeat_while_mail_arrives(alice):
    """S64, S85: the same moment for several, new mail between two pages, old mail found late."""
    contact, mailbox = a_contact(alice), a_mailbox(alice)
    expected = [
        a_message(mailbox, contact, at=START + timedelta(minutes=n // 3)).pk for n in range(20)
    ]
    seen, cursor = [], ""
    while True:
        page = read_timeline(alice, contact, cursor=cursor, limit=3)
        seen += [line.email.id for line in page.lines]
        a_message(mailbox, contact, at=START + timedelta(days=1, minutes=len(seen)))
        if not (cursor := page.next_cursor):
            break
    assert len(seen) == len(set(seen))
    assert set(seen) == set(expected)


def test_a_last_page_that_is_exactly_full_has_no_next_one(alice):
    contact, mailbox = a_contact(alice), a_mailbox(alice)
    for _ in range(4):
        a_message(mailbox, contact)
    page = read_timeline(alice, contact, limit=2)
    assert read_timeline(alice, contact, limit=2, cursor=page.next_cursor).next_cursor == ""


def test_a_foreign_cursor_is_refused_with_its_name(alice):
    with pytest.raises(Invalid) as refused:
        read_timeline(alice, a_contact(alice), cursor="bm9uc2Vuc2U")
    assert refused.value.field == "cursor"


def test_a_timeline_can_be_narrowed_to_one_direction_or_type(alice):
    contact, mailbox = a_contact(alice), a_mailbox(alice)
    a_message(mailbox, contact, subject="theirs")
    a_message(mailbox, contact, subject="ours", direction=Direction.OUTGOING)
    a_note(alice, contact)
    assert subjects(alice, contact, direction="in") == ["theirs"]
    assert subjects(alice, contact, type="email") == ["ours", "theirs"]


def test_who_was_written_to_in_blind_copy_is_known_to_readers_only(alice, bob):
    """S3: a Bcc's own timeline would tell as much as the header."""
    mailbox = a_mailbox(alice, sharing=Sharing.SUBJECT)
    openly, blindly = a_contact(alice, "Anna"), a_contact(alice, "Boris")
    a_message(mailbox, openly, bcc=(blindly,), direction=Direction.OUTGOING, subject="Offer")
    assert subjects(bob, openly) == subjects(alice, blindly) == ["Offer"]
    assert subjects(bob, blindly) == []
    assert {one.role for line in read_timeline(bob, openly).lines for one in line.email.people} == {
        "from",
        "to",
    }
    assert relationship_with(bob, blindly).last_out is None


def test_a_line_never_names_a_team_mate_whose_private_mailbox_holds_the_mail(alice, bob):
    carol = a_member(alice, "Carol")
    contact = a_contact(alice)
    a_message(a_mailbox(alice, sharing=Sharing.PRIVATE), contact, also_in=(a_mailbox(bob),))
    [line] = read_timeline(carol, contact).lines
    assert line.user == bob.user
    assert [one.user for one in relationship_with(carol, contact).acquaintances] == [bob.user]
    assert {one.user for one in relationship_with(alice, contact).acquaintances} == {
        alice.user,
        bob.user,
    }


def test_when_a_contact_was_last_in_touch_and_how_fast_answers_were(alice):
    """S77, S86: first and last contact beside the timeline."""
    contact, mailbox, thread = a_contact(alice), a_mailbox(alice), a_thread(alice)
    for hours, direction in [(0, "in"), (1, "in"), (3, "out"), (8, "in")]:
        a_message(
            mailbox, contact, direction=direction, thread=thread, at=START + timedelta(hours=hours)
        )
    found = relationship_with(alice, contact)
    assert (found.first_at, found.last_in) == (START, START + timedelta(hours=8))
    assert found.last_out == START + timedelta(hours=3)
    assert found.answers.ours.median == timedelta(hours=3)
    assert found.answers.theirs.median == timedelta(hours=5)


def test_a_contact_nobody_wrote_with_has_no_relationship_with(alice):
    found = relationship_with(alice, a_contact(alice))
    assert (found.first_at, found.last_in, found.last_out, found.answers.ours.answers) == (
        None,
        None,
        None,
        0,
    )
    assert relationship_with(alice, a_contact(alice)).acquaintances == ()


def test_the_gate_of_a_page_is_the_gate_of_the_whole_list(alice, bob):
    contact = a_contact(alice)
    a_note(alice, contact)
    for sharing in Sharing:
        a_message(a_mailbox(alice, sharing=sharing), contact)
    for member in (alice, bob):
        listed = Activity.objects.visible_to(member).filter(contact=contact)
        paged = seen_activities(member, contact=contact)
        counted = counted_activities(member, contact=contact)
        assert {(one.pk, one.access) for one in listed} == {(one.pk, one.access) for one in paged}
        assert {one.pk for one in counted} == {one.pk for one in paged}


def test_a_page_asks_a_constant_number_of_questions(alice, django_assert_max_num_queries):
    contact, mailbox = a_contact(alice), a_mailbox(alice)
    for _ in range(30):
        a_message(mailbox, contact, files=("a.pdf",))
    with django_assert_max_num_queries(5):
        read_timeline(alice, contact, limit=30)


def test_a_page_costs_the_same_however_long_the_history(alice, bob):
    """S82: carried by the index activity_timeline, whatever else the team has."""
    contact, mailbox = a_contact(alice), a_mailbox(bob, sharing=Sharing.METADATA)
    fill(mailbox, contact, count=500)
    blocks_of_few = blocks_read(alice, contact)
    fill(mailbox, contact, count=15_000)
    assert "activity_timeline" in explained(alice, contact)
    assert blocks_read(alice, contact) < blocks_of_few * 1.5


def blocks_read(member, contact) -> int:
    plan = json.loads(explained(member, contact))[0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def explained(member, contact) -> str:
    page = seen_activities(member, contact=contact).select_related("message", "user")
    newest = page.order_by("-occurred_at", "-id")[:51]
    return newest.explain(format="json", analyze=True, buffers=True)
