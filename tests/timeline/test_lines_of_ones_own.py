"""S73: who sees what somebody wrote, and whose history it stands in, can be changed; each change is kept."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from factories import START, a_contact, a_mailbox, a_message, a_note
from letterbook.contacts.holding import hold_contact
from letterbook.contacts.models import Company
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.outgoing.leaving import leave_team, preview_leaving
from letterbook.outgoing.merging import merge_contacts, preview_merge
from letterbook.teams.models import AuditEntry
from letterbook.teams.second_wall import seen_by
from letterbook.timeline.changes import changes_of
from letterbook.timeline.company_history import read_company_history
from letterbook.timeline.deleting import delete_activity, deleted_activities, restore_activity
from letterbook.timeline.keeping import pin_activity, rewrite_activity, write_activity
from letterbook.timeline.models import Activity, ActivityChange
from letterbook.timeline.reading import read_line, read_pinned, read_timeline
from letterbook.timeline.seeing import counted_activities
from letterbook.timeline.to_do import open_tasks


@pytest.fixture
def anna(alice):
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.fixture
def own(bob, anna, at):
    """What bob, who does not administer the team, wrote for himself."""
    return write_activity(bob, anna, type="note", text="Hesitates.", is_private=True, at=at)


def ids(member, contact):
    return [line.id for line in read_timeline(member, contact).lines]


def test_a_private_note_is_its_writers_alone(alice, bob, charlie, anna, own, at):
    """S73, S76: not even an owner of the team sees that it is there, in no list and no count."""
    pin_activity(bob, own.pk, is_pinned=True, at=at)
    assert ids(bob, anna) == [own.pk] == [one.id for one in read_pinned(bob, anna)]
    assert read_line(bob, anna, own.pk).is_private
    for other in (alice, charlie):
        assert not Activity.objects.visible_to(other).filter(pk=own.pk).exists()
    assert ids(alice, anna) == [] == list(read_pinned(alice, anna))
    assert not counted_activities(alice, contact=anna).exists()
    for act in (
        lambda: read_line(alice, anna, own.pk),
        lambda: rewrite_activity(alice, own.pk, text="Mine.", at=at),
        lambda: pin_activity(alice, own.pk, is_pinned=False, at=at),
        lambda: delete_activity(alice, own.pk, at=at),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_private_task_and_a_companys_history_keep_it_to_its_writer(alice, bob, at):
    company = Company.objects.create(team=alice.team, name="Lindwerk", key="lindwerk")
    anna = a_contact(alice)
    anna.employer = company
    anna.save()
    task = write_activity(bob, anna, type="task", text="Ask again", is_private=True, at=at)
    assert [one.pk for one in open_tasks(bob, anna)] == [task.pk]
    assert open_tasks(alice, anna) == []
    assert len(read_company_history(bob, company).lines) == 1
    assert read_company_history(alice, company).lines == ()


def test_postgresql_keeps_it_too(alice, bob, own, at):
    """S76: behind `visible_to` stands the second wall."""
    rewrite_activity(bob, own.pk, text="Hesitates no longer.", at=at)
    with seen_by(alice):
        assert not Activity.with_deleted.filter(pk=own.pk).exists()
        assert not ActivityChange.objects.filter(activity_id=own.pk).exists()
    with seen_by(bob):
        assert Activity.with_deleted.filter(pk=own.pk).exists()
        assert ActivityChange.objects.filter(activity_id=own.pk).exists()


def test_an_email_is_as_private_as_its_copies_say_and_never_by_itself(alice, anna):
    line = a_message(a_mailbox(alice), anna).activities.get()
    with (
        pytest.raises(IntegrityError, match="activity_email_is_seen_as_its_copies"),
        transaction.atomic(),
    ):
        Activity.objects.filter(pk=line.pk).update(is_private=True)


def test_what_it_was_while_it_was_private_stays_its_writers(alice, bob, anna, own, at):
    rewrite_activity(bob, own.pk, text="Wants a discount.", at=at)
    rewrite_activity(bob, own.pk, is_private=False, at=at)
    rewrite_activity(bob, own.pk, text="Wants an offer.", at=at)
    assert ids(alice, anna) == [own.pk]
    assert [one.was for one in changes_of(alice, [own.pk])[own.pk]] == [
        {"text": "Wants a discount."}
    ]
    with seen_by(alice):
        assert ActivityChange.objects.filter(activity_id=own.pk).count() == 1
    assert len(changes_of(bob, [own.pk])[own.pk]) == 3


def test_only_who_wrote_it_says_who_sees_it(alice, bob, anna, at):
    note = a_note(bob, anna, at=at)
    with pytest.raises(NotAllowed):
        rewrite_activity(alice, note.pk, is_private=True, at=at)
    assert rewrite_activity(alice, note.pk, is_private=False, text="As it was.", at=at)
    rewrite_activity(bob, note.pk, is_private=True, at=at)
    assert ids(alice, anna) == []
    assert AuditEntry.objects.get(what="note made private").user == bob.user


def test_what_only_one_sees_is_for_nobody_else_to_do(alice, bob, anna, at):
    given = {"type": "task", "text": "Call", "is_private": True}
    with pytest.raises(Invalid) as refused:
        write_activity(bob, anna, **given, assignee_id=alice.user_id, at=at)
    assert refused.value.field == "is_private"
    own = write_activity(bob, anna, **given, assignee_id=bob.user_id, at=at)
    with pytest.raises(Invalid):
        rewrite_activity(bob, own.pk, assignee_id=alice.user_id, at=at)
    shared = rewrite_activity(bob, own.pk, assignee_id=alice.user_id, is_private=False, at=at)
    assert (shared.assignee_id, shared.is_private) == (alice.user_id, False)


def test_deleting_what_is_private_leaves_nothing_in_the_teams_log(alice, bob, anna, own, at):
    delete_activity(bob, own.pk, at=at)
    assert deleted_activities(alice, anna) == []
    assert [one.pk for one in deleted_activities(bob, anna)] == [own.pk]
    restore_activity(bob, own.pk, at=at)
    assert ids(bob, anna) == [own.pk]
    assert not AuditEntry.objects.filter(what__startswith="note").exists()


def test_a_merging_takes_private_notes_along_unseen(alice, bob, anna, own, at):
    """S57."""
    kept = a_contact(alice, "Anna L.")
    assert preview_merge(alice, kept, gone=anna).notes == 0
    assert preview_merge(bob, kept, gone=anna).notes == 1
    merge_contacts(alice, kept, gone=anna, at=at)
    assert ids(bob, kept) == [own.pk]
    assert ids(alice, kept) == []


def test_who_leaves_is_told_what_nobody_sees_any_more(alice, bob, anna, own, at):
    write_activity(
        bob, anna, type="task", text="Mine", is_private=True, assignee_id=bob.user_id, at=at
    )
    assert (preview_leaving(bob, bob).private_lines, preview_leaving(bob, bob).tasks) == (2, 0)
    assert preview_leaving(alice, bob).private_lines == 0
    leave_team(bob, bob, successor_id=alice.pk, at=at)
    assert ids(alice, anna) == []


def test_a_note_that_is_moved_leaves_the_first_history(alice, bob, anna, at):
    """S57, S73: with its text and its changes, and nothing of it stays behind."""
    otto = a_contact(alice, "Otto")
    note = write_activity(bob, anna, type="note", text="Prefers calls.", at=at)
    moved = rewrite_activity(bob, note.pk, contact_id=otto.pk, at=at)
    assert moved.contact_id == otto.pk
    assert (ids(alice, anna), ids(alice, otto)) == ([], [note.pk])
    assert not counted_activities(alice, contact=anna).exists()
    assert [one.was for one in changes_of(alice, [note.pk])[note.pk]] == [
        {"contact_id": str(anna.pk)}
    ]
    assert rewrite_activity(alice, note.pk, contact_id=anna.pk, at=at).contact_id == anna.pk


def test_where_it_cannot_go_it_stays(alice, bob, charlie, anna, at):
    note, elsewhere = a_note(alice, anna, at=START), a_contact(charlie)
    with pytest.raises(Invalid) as refused:
        rewrite_activity(alice, note.pk, contact_id=elsewhere.pk, at=at)
    assert refused.value.field == "contact_id"
    otto, email = a_contact(alice, "Otto"), a_message(a_mailbox(alice), anna).activities.get()
    with pytest.raises(NotAllowed):
        rewrite_activity(bob, note.pk, contact_id=otto.pk, at=at)
    with pytest.raises(Conflict):
        rewrite_activity(alice, email.pk, contact_id=otto.pk, at=at)
    hold_contact(alice, anna, reason="A claim", at=at)
    with pytest.raises(Conflict):
        rewrite_activity(alice, note.pk, contact_id=otto.pk, at=at)
    assert set(ids(alice, anna)) == {note.pk, email.pk}
