"""Two contacts become one, and two again: nobody's mail, note or address is lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import a_contact, a_mailbox, a_message, a_note
from letterbook.contacts.keeping import delete_contact, edit_contact, remove_address
from letterbook.contacts.models import Contact, ContactAddress, ContactMerge
from letterbook.contacts.reading import list_contacts
from letterbook.contacts.tagging import find_or_create_tags
from letterbook.incoming.storing import decide_and_store
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.mailboxes.models import Mailbox, Sharing
from letterbook.outgoing.merging import (
    find_merge,
    merge_contacts,
    merges_into,
    preview_merge,
    undo_merge,
)
from letterbook.outgoing.models import OutgoingEmail, Recipient, Regarding
from letterbook.providers.mail import ProviderMessage
from letterbook.teams.models import AuditEntry
from letterbook.timeline.models import Activity
from letters import a_letter


@pytest.fixture
def box(alice) -> Mailbox:
    return a_mailbox(alice, address="alice@haldenrowe.example")


@pytest.fixture
def anna(alice) -> Contact:
    return a_contact(alice, "Anna Lind", "anna@lindwerk.example")


@pytest.fixture
def twin(alice) -> Contact:
    """Anna again, under the address she has at home."""
    return a_contact(alice, "A. Lind", "lind@home.example")


def everything() -> dict[str, object]:
    """All that hangs on contacts, as rows that can be compared."""
    return {
        "contacts": set(
            Contact.objects.values_list(
                "id", "name", "phone", "note", "company", "owner", "created_at", "sort_key"
            )
        ),
        "addresses": set(ContactAddress.objects.values_list("id", "contact", "key", "is_primary")),
        "lines": set(Activity.objects.values_list("contact", "message", "text", "user")),
        "recipients": set(Recipient.objects.values_list("id", "contact")),
        "regarding": set(Regarding.objects.values_list("id", "subject_id")),
    }


def an_email_to(box: Mailbox, contact: Contact, at) -> OutgoingEmail:
    email = OutgoingEmail.objects.create(team=box.team, mailbox=box, author=box.owner)
    address = contact.addresses.get()
    Recipient.objects.create(
        email=email,
        team=box.team,
        kind="to",
        position=0,
        address=address.address,
        key=address.key,
        contact=contact,
    )
    Regarding.objects.create(
        email=email, team=box.team, subject_type="contact", subject_id=str(contact.pk), added_at=at
    )
    return email


@pytest.fixture
def history(alice, box, anna, twin, at) -> None:
    """Mail with each, mail with both, a note on each, and an email that is being written to the twin."""
    a_message(box, anna)
    a_message(box, twin)
    a_message(box, anna, twin)
    a_note(alice, anna)
    a_note(alice, twin, text="Moved house.")
    an_email_to(box, twin, at)
    Contact.objects.filter(pk=twin.pk).update(phone="+46 1", note="At home.", owner=alice.user)
    Contact.objects.filter(pk=anna.pk).update(note="At work.")


@pytest.mark.usefixtures("history")
def test_one_contact_has_all_that_two_had(alice, bob, anna, twin, at):
    """S49, S54, S57: addresses, mail, notes, and emails on their way; an email both were on is there once."""
    merge_contacts(bob, anna, gone=twin, at=at)
    assert not Contact.objects.filter(pk=twin.pk).exists()
    addresses = ContactAddress.objects.values_list("key", "contact", "is_primary")
    assert set(addresses) == {
        ("anna@lindwerk.example", anna.pk, True),
        ("lind@home.example", anna.pk, False),
    }
    assert Activity.objects.filter(contact=anna).count() == 5
    assert Recipient.objects.get().contact_id == anna.pk
    assert Regarding.objects.get().subject_id == str(anna.pk)
    anna.refresh_from_db()
    assert (anna.name, anna.phone, anna.owner) == ("Anna Lind", "+46 1", alice.user)
    assert anna.note == "At work.\n\nAt home."
    assert [one.pk for one in list_contacts(alice, query="lind@home").contacts] == [anna.pk]
    assert AuditEntry.objects.get(what="contacts merged").user == bob.user


@pytest.mark.usefixtures("history")
def test_undone_it_is_as_if_it_had_never_been(alice, anna, twin, at):
    """S57: every link goes back to where it was."""
    before = everything()
    merge = merge_contacts(alice, anna, gone=twin, at=at)
    assert everything() != before
    assert merges_into(alice, anna) == [merge]
    assert undo_merge(alice, merge, at=at + timedelta(days=30)) == twin
    assert everything() == before
    assert merges_into(alice, anna) == []
    assert [one.pk for one in list_contacts(alice, query="lind@home").contacts] == [twin.pk]


def test_tags_own_fields_and_the_time_zone_come_along_and_go_back(alice, anna, twin, at):
    press, friend = find_or_create_tags(alice.team_id, ["Press", "Friend"])
    Contact.objects.filter(pk=anna.pk).update(tag_ids=[press.pk], custom={"a": "hers"})
    Contact.objects.filter(pk=twin.pk).update(
        tag_ids=[friend.pk, press.pk], custom={"a": "other", "b": "new"}, time_zone="Europe/Oslo"
    )
    fills = preview_merge(alice, anna, gone=twin).fills
    assert {"tags", "own fields", "time zone"} <= set(fills)
    merge = merge_contacts(alice, anna, gone=twin, at=at)
    of_anna = Contact.objects.filter(pk=anna.pk).values_list("tag_ids", "custom", "time_zone")
    assert of_anna.get() == ([press.pk, friend.pk], {"a": "hers", "b": "new"}, "Europe/Oslo")
    undo_merge(alice, merge, at=at)
    assert of_anna.get() == ([press.pk], {"a": "hers"}, "")
    back = Contact.objects.get(pk=twin.pk)
    assert (back.tag_ids, back.custom["b"]) == ([friend.pk, press.pk], "new")
    assert back.time_zone == "Europe/Oslo"


@pytest.mark.usefixtures("history")
def test_what_is_shown_before_is_what_the_viewer_may_see_and_changes_nothing(
    alice, bob, anna, twin
):
    a_message(a_mailbox(bob, sharing=Sharing.PRIVATE), twin)
    before = everything()
    shown = preview_merge(alice, anna, gone=twin)
    assert (shown.emails, shown.notes, shown.outgoing) == (2, 1, 1)
    assert shown.addresses == ("lind@home.example",)
    assert shown.fills == ("phone", "owner", "note")
    assert preview_merge(bob, anna, gone=twin).emails == 3
    assert everything() == before


def test_mail_that_came_in_between_goes_to_whose_address_is_on_it(alice, box, anna, twin, at):
    """S38: while they are one, mail with either address is theirs; afterwards each has their own again."""
    merge = merge_contacts(alice, anna, gone=twin, at=at)
    letters = [
        a_letter(1, sender="lind@home.example"),
        a_letter(2, sender="anna@lindwerk.example"),
        a_letter(3, sender="lind@home.example", cc="anna@lindwerk.example"),
    ]
    fetched = [
        ProviderMessage(f"{number:016x}", f"t{number}", frozenset({"INBOX"}), at, raw)
        for number, raw in enumerate(letters, start=1)
    ]
    later = at + timedelta(days=1)
    decide_and_store(box, fetched, at=later)
    assert Activity.objects.filter(contact=anna).count() == 3
    undo_merge(alice, merge, at=later)
    subjects = Activity.objects.order_by("message__subject").values_list(
        "contact__name", "message__subject"
    )
    assert set(subjects) == {
        ("A. Lind", "Letter 1"),
        ("Anna Lind", "Letter 2"),
        ("A. Lind", "Letter 3"),
        ("Anna Lind", "Letter 3"),
    }


@pytest.mark.usefixtures("history")
def test_what_people_changed_in_between_stays_theirs(alice, anna, twin, at):
    merge = merge_contacts(alice, anna, gone=twin, at=at)
    edit_contact(alice, anna, phone="+46 2", at=at)
    remove_address(alice, anna, address="anna@lindwerk.example", at=at)
    other = a_contact(alice, "Bo", "bo@x.example")
    Activity.objects.filter(contact=anna, text="Moved house.").update(contact=other)
    undo_merge(alice, merge, at=at)
    anna.refresh_from_db()
    assert (anna.phone, anna.note, anna.addresses.count()) == ("+46 2", "At work.", 0)
    assert twin.addresses.get().is_primary
    assert Activity.objects.get(text="Moved house.").contact == other


def test_an_address_that_another_has_by_now_stays_there(alice, anna, twin, at):
    merge = merge_contacts(alice, anna, gone=twin, at=at)
    remove_address(alice, anna, address="lind@home.example", at=at)
    bo = a_contact(alice, "Bo", "lind@home.example")
    undo_merge(alice, merge, at=at)
    assert not twin.addresses.exists()
    assert bo.addresses.get().key == "lind@home.example"


def test_merges_of_merges_are_undone_in_turn(alice, box, anna, twin, at):
    """Whoever was kept may have been merged into a third since; that is undone first."""
    third = a_contact(alice, "Third", "third@x.example")
    for one in (anna, twin, third):
        a_message(box, one)
    before = everything()
    first = merge_contacts(alice, anna, gone=twin, at=at)
    second = merge_contacts(alice, third, gone=anna, at=at)
    assert Activity.objects.filter(contact=third).count() == 3
    with pytest.raises(Conflict, match="no longer there"):
        undo_merge(alice, first, at=at)
    undo_merge(alice, second, at=at)
    undo_merge(alice, first, at=at)
    assert everything() == before


def test_undoing_has_its_time_and_is_done_once(alice, anna, twin, at):
    merge = merge_contacts(alice, anna, gone=twin, at=at)
    with pytest.raises(Conflict, match="30 days"):
        undo_merge(alice, merge, at=at + timedelta(days=31))
    undo_merge(alice, merge, at=at)
    with pytest.raises(Conflict, match="undone already"):
        undo_merge(alice, merge, at=at)
    again = merge_contacts(alice, anna, gone=twin, at=at + timedelta(days=31))
    assert [one.pk for one in merges_into(alice, anna)] == [again.pk]
    assert ContactMerge.objects.exclude(fields={}).get() == again


def test_who_is_deleted_takes_along_whoever_was_merged_into_them(alice, anna, twin, at):
    """Nothing of a person who is deleted is left in a record of merging."""
    merge_contacts(alice, anna, gone=twin, at=at)
    delete_contact(alice, anna, at=at)
    assert not ContactMerge.objects.exists()


def test_a_stranger_can_neither_merge_nor_part_nor_know(alice, charlie, anna, twin, at):
    theirs = a_contact(charlie, "Theirs", "t@x.example")
    for kept, gone in ((anna, twin), (theirs, twin), (anna, theirs)):
        for act in (merge_contacts, preview_merge):
            more = {"at": at} if act is merge_contacts else {}
            with pytest.raises(NotFound):
                act(charlie, kept, gone=gone, **more)
    with pytest.raises(Invalid, match="another contact"):
        merge_contacts(alice, anna, gone=anna, at=at)
    merge = merge_contacts(alice, anna, gone=twin, at=at)
    with pytest.raises(NotFound):
        undo_merge(charlie, merge, at=at)
    with pytest.raises(NotFound):
        find_merge(charlie, merge.pk)
    assert merges_into(charlie, anna) == []
