"""The list of contacts with its filters, as each viewer may know it; and the history of a company."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import a_contact, a_mailbox, a_message, a_note
from letterbook.contacts import reading
from letterbook.contacts.defining import add_field
from letterbook.contacts.filtering import ContactFilter
from letterbook.contacts.keeping import assign_contact, edit_contact
from letterbook.contacts.models import Contact, Tag
from letterbook.correspondence.facts import FactKind, LaterFact
from letterbook.correspondence.models import Direction
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.mailboxes.models import Sharing
from letterbook.timeline.company_history import read_company_history
from letterbook.timeline.contact_list import filtered, list_filtered

OUT = Direction.OUTGOING


def names(member, at, **asked):
    wanted = ContactFilter(**asked)
    page = list_filtered(member, wanted, at=at)
    found = [str(one) for one in page.contacts]
    assert sorted(found) == sorted(str(one) for one in filtered(member, wanted, at=at))
    return found


def test_the_list_is_narrowed_by_owner_tag_company_and_own_field(
    make_contact, alice, bob, charlie, at
):
    anna = make_contact("Anna", "anna@lund.example")
    bert = make_contact("Bert", "bert@lund.example")
    make_contact("Cora", "cora@nord.example")
    make_contact("Stranger", "s@lund.example", member=charlie)
    rank = add_field(alice, name="Rank", kind="number")
    edit_contact(alice, anna, tags=["press"], custom={"rank": "1.0"}, at=at)
    assign_contact(alice, bert, to=bob, at=at)
    company = Contact.objects.get(pk=anna.pk).employer_id
    tag = Tag.objects.get().pk
    for member in (alice, bob):
        assert names(member, at, tag=tag) == ["Anna"]
        assert names(member, at, company=company) == ["Anna", "Bert"]
        assert names(member, at, field=rank.pk, value="1") == ["Anna"]
        assert names(member, at, owner=str(bob.user_id)) == ["Bert"]
        assert names(member, at, owner="nobody", query="co") == ["Cora"]
    assert names(bob, at, owner="me") == ["Bert"]
    assert names(alice, at, owner="me") == []
    assert names(charlie, at, tag=tag) == names(charlie, at, company=company) == []
    with pytest.raises(NotFound):
        names(charlie, at, field=rank.pk, value="1")
    with pytest.raises(NotFound):
        names(alice, at, owner="bob")
    with pytest.raises(Invalid):
        names(alice, at, field=rank.pk, value="many")


def test_last_added_come_first_in_that_order_page_by_page(alice, at):
    for number in range(7):
        a_contact(alice, f"P{number}")
    seen, cursor = [], ""
    while True:
        page = list_filtered(alice, ContactFilter(order="added"), cursor=cursor, limit=3, at=at)
        seen += [str(one) for one in page.contacts]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == [f"P{number}" for number in reversed(range(7))]


@pytest.fixture
def written(alice, bob, at):
    """Old: long ago. Ours: never answered. Theirs: waiting for us. Both; and one with whom only bob writes."""
    shared, hidden = a_mailbox(alice), a_mailbox(bob, sharing=Sharing.PRIVATE)
    people = {
        name: a_contact(alice, name)
        for name in ("Both", "Hidden", "Never", "Old", "Ours", "Theirs")
    }
    a_message(shared, people["Old"], at=at - timedelta(days=400))
    a_message(shared, people["Old"], direction=OUT, at=at - timedelta(days=399))
    a_message(shared, people["Ours"], direction=OUT, at=at - timedelta(days=3))
    a_message(shared, people["Theirs"], at=at - timedelta(days=2))
    a_message(shared, people["Both"], at=at - timedelta(days=2))
    a_message(shared, people["Both"], direction=OUT, at=at - timedelta(days=1))
    a_message(hidden, people["Hidden"], at=at - timedelta(days=1))
    return people


def test_what_asks_about_mail_counts_only_what_the_viewer_may_know_of(
    written, alice, bob, charlie, at
):
    """S71, S76: a last contact in a private mailbox is one for its owner alone."""
    assert names(alice, at, quiet_days=30) == ["Hidden", "Never", "Old"]
    assert names(bob, at, quiet_days=30) == ["Never", "Old"]
    assert names(alice, at, answered="never-by-them") == ["Ours"]
    assert names(alice, at, answered="never-by-us") == ["Theirs"]
    assert names(bob, at, answered="never-by-us") == ["Hidden", "Theirs"]
    assert names(charlie, at, quiet_days=30) == names(charlie, at, answered="never-by-us") == []


def test_a_contact_in_a_bcc_that_is_not_told_was_not_written_to(alice, bob, at):
    blind, openly = a_contact(alice, "Blind"), a_contact(alice, "Openly")
    also = a_mailbox(bob)
    a_message(
        a_mailbox(alice, sharing=Sharing.METADATA), openly,
        direction=OUT, bcc=(blind,), also_in=(also,), at=at - timedelta(days=1),
    )  # fmt: skip
    assert names(alice, at, quiet_days=30) == []
    assert names(bob, at, quiet_days=30) == ["Blind"]


def test_who_bounced_is_told_to_those_who_may_know_of_it(alice, bob, charlie, at):
    gone = a_contact(alice, "Gone", "gone@lund.example")
    box = a_mailbox(alice, sharing=Sharing.PRIVATE)
    sent = a_message(box, gone, direction=OUT)
    LaterFact.objects.create(
        team=alice.team, message=sent, evidence=a_message(box), kind=FactKind.BOUNCE,
        recipient="gone@lund.example", is_hard=True, at=at,
    )  # fmt: skip
    assert names(alice, at, has_bounced=True) == ["Gone"]
    assert names(bob, at, has_bounced=True) == names(charlie, at, has_bounced=True) == []


def test_a_page_that_asks_about_mail_looks_at_so_many_and_says_how_far(
    written, alice, at, monkeypatch
):
    monkeypatch.setattr(reading, "MOST_LOOKED_AT", 2)
    asked, seen, cursor, looked = ContactFilter(quiet_days=30), [], "", []
    while True:
        page = list_filtered(alice, asked, cursor=cursor, at=at)
        seen += [str(one) for one in page.contacts]
        looked.append(page.looked_up_to)
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == ["Hidden", "Never", "Old"]
    assert looked == ["Hidden", "Old", "Theirs", ""]


def test_a_company_has_the_history_of_all_its_people_each_email_once(alice, bob, charlie, at):
    """S75: everything said with a company in one place, as far as each may see it."""
    shared, hidden = a_mailbox(alice), a_mailbox(bob, sharing=Sharing.PRIVATE)
    anna = a_contact(alice, "Anna", "anna@lund.example")
    bert = a_contact(alice, "Bert", "bert@lund.example")
    other = a_contact(alice, "Cora", "cora@nord.example")
    both = [a_message(shared, anna, bert, other, subject=f"To both {n}") for n in range(5)]
    same = [a_message(shared, bert, anna, at=at, subject=f"At once {n}") for n in range(4)]
    a_message(shared, other, subject="Not theirs")
    secret = a_message(hidden, anna, subject="Bob's own")
    note = a_note(alice, bert, text="Prefers calls.")
    company = Contact.objects.get(pk=anna.pk).employer

    def history(member, limit):
        lines, cursor = [], ""
        while True:
            page = read_company_history(member, company, cursor=cursor, limit=limit)
            told = [one.line for one in page.lines]
            lines += [line.email.id if line.email else line.id for line in told]
            cursor = page.next_cursor
            if not cursor:
                return lines

    whole = history(alice, 50)
    assert sorted(whole, key=str) == sorted([*(one.pk for one in [*both, *same]), note.pk], key=str)
    for limit in (1, 2, 3):
        assert history(alice, limit) == whole
        assert history(bob, limit) == history(bob, 50)
    assert set(history(bob, 50)) == {*whole, secret.pk}
    with pytest.raises(NotFound):
        history(charlie, 50)
