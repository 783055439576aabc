"""Many contacts changed at once, and that taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from letterbook.contacts.bulk import (
    BulkChange,
    change_contacts,
    delete_chosen,
    undo_bulk_edit,
    waiting_deletions,
)
from letterbook.contacts.keeping import edit_contact
from letterbook.contacts.models import Contact
from letterbook.contacts.tagging import tags_by_contact
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.teams.models import AuditEntry


@pytest.fixture
def three(make_contact, alice, at):
    anna = make_contact("Anna", "anna@lund.example", company="Lund AB")
    bert = make_contact("Bert", "bert@nord.example")
    cora = make_contact("Cora", "cora@nord.example")
    edit_contact(alice, cora, tags=["vip", "press"], at=at)
    return [anna, bert, cora]


def state(member):
    contacts = list(Contact.objects.visible_to(member).select_related("employer").order_by("name"))
    tags = tags_by_contact(member, contacts)
    return [
        (str(one), one.owner_id, str(one.employer), one.company, [str(tag) for tag in tags[one.pk]])
        for one in contacts
    ]


@pytest.mark.parametrize("what", ["owner", "tag", "untag", "company"])
def test_what_is_done_to_many_is_done_and_taken_back(three, alice, bob, charlie, at, what):
    before = state(alice)
    value = {"owner": str(bob.user_id), "company": "Nord AS"}.get(what, "VIP")
    edit = change_contacts(bob, [one.pk for one in three], BulkChange(what, value), at=at)
    after = state(alice)
    column = {
        "owner": [row[1] == bob.user_id for row in after],
        "company": [row[2] == "Nord AS" for row in after],
        "tag": ["vip" in map(str.casefold, row[4]) for row in after],
        "untag": ["vip" not in row[4] for row in after],
    }[what]
    assert all(column)
    assert edit.contacts == {"tag": 2, "untag": 1}.get(what, 3)
    with pytest.raises(NotFound):
        undo_bulk_edit(charlie, edit, at=at)
    undo_bulk_edit(alice, edit, at=at)
    assert state(alice) == before
    with pytest.raises(Conflict):
        undo_bulk_edit(alice, edit, at=at)
    done = [entry.what for entry in AuditEntry.objects.order_by("id")][-2:]
    assert done == ["contacts changed", "change of contacts undone"]


def test_undoing_leaves_what_somebody_changed_since(three, alice, at):
    ids = [one.pk for one in three]
    edit = change_contacts(alice, ids, BulkChange("company", "Nord AS"), at=at)
    edit_contact(alice, three[0], company="Elsewhere", at=at)
    undo_bulk_edit(alice, edit, at=at)
    assert [row[2] for row in state(alice)] == ["Elsewhere", "nord.example", "nord.example"]
    edit = change_contacts(alice, ids, BulkChange("tag", "x"), at=at)
    with pytest.raises(Conflict, match="30 days"):
        undo_bulk_edit(alice, edit, at=at + timedelta(days=31))


def test_strangers_contacts_stay_as_they_are(three, charlie, bob, at):
    ids = [one.pk for one in three]
    edit = change_contacts(charlie, ids, BulkChange("company", "Mine"), at=at)
    assert edit.contacts == 0
    assert not Contact.objects.filter(company="Mine").exists()
    with pytest.raises(NotFound):
        change_contacts(charlie, ids, BulkChange("owner", str(bob.user_id)), at=at)
    for chosen, change in (([], BulkChange("tag", "x")), (ids, BulkChange("tag", " "))):
        with pytest.raises(Invalid):
            change_contacts(bob, chosen, change, at=at)


def test_a_deletion_waits_an_hour_and_can_be_called_off(three, alice, bob, charlie, at):
    edit = change_contacts(bob, [one.pk for one in three[:2]], BulkChange("delete"), at=at)
    assert edit.due_at == at + timedelta(hours=1)
    assert [one.pk for one in waiting_deletions(alice)] == [edit.pk]
    assert waiting_deletions(charlie) == []
    undo_bulk_edit(alice, edit, at=at)
    assert delete_chosen(edit.pk, at=edit.due_at) == 0
    edit = change_contacts(bob, [one.pk for one in three[:2]], BulkChange("delete"), at=at)
    assert Contact.objects.visible_to(alice).count() == 3
    assert delete_chosen(edit.pk, at=edit.due_at) == 2
    assert delete_chosen(edit.pk, at=edit.due_at) == 0
    assert [row[0] for row in state(alice)] == ["Cora"]
    assert waiting_deletions(alice) == []
    with pytest.raises(Conflict):
        undo_bulk_edit(alice, edit, at=at)


def test_who_has_left_the_team_deletes_nothing_there(three, alice, bob, at):
    edit = change_contacts(bob, [one.pk for one in three], BulkChange("delete"), at=at)
    bob.delete()
    assert delete_chosen(edit.pk, at=edit.due_at) == 0
    assert Contact.objects.visible_to(alice).count() == 3
