"""Contacts that may be one person are proposed with the reason, until somebody says that they are two."""

from __future__ import annotations

import pytest

from letterbook.contacts.duplicates import (
    list_duplicates,
    say_not_the_same,
    take_back_not_the_same,
)
from letterbook.contacts.models import Contact, NotTheSame
from letterbook.kit.refusals import Invalid, NotFound
from letterbook.outgoing.merging import merge_contacts
from letterbook.teams.models import AuditEntry
from letterbook.teams.second_wall import seen_by


def pairs(member, **asked) -> list[tuple[str, str, tuple[str, ...]]]:
    page = list_duplicates(member, **asked)
    return [(str(pair.one), str(pair.other), pair.reasons) for pair in page.pairs]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (("Zoë Ünal", "zoe@x.example"), ("zoe unal", "z.unal@x.example"), "name"),
        (("A", "a@gmail.com"), ("B", "a+shop@googlemail.com"), "address"),
        (("A", "a.b.c@gmail.com"), ("B", "abc@gmail.com"), "address"),
        (("A", "a+1@x.example"), ("B", "a@x.example"), "address"),
        (("Zoë", "zoe@x.example"), ("Zoë", "zoe@y.example"), ""),
        (("A", "a.b@x.example"), ("B", "ab@x.example"), ""),
        (("", "a@x.example"), ("", "b@x.example"), ""),
    ],
    ids=[
        "same folded name and domain",
        "plus and the other name of Gmail",
        "dots at Gmail",
        "plus elsewhere",
        "same name at another domain",
        "dots elsewhere are two people",
        "nameless at one domain",
    ],
)
def test_a_pair_is_proposed_with_its_reason(alice, make_contact, one, other, reason):
    first, second = make_contact(*one), make_contact(*other)
    expected = [(str(first), str(second), (reason,))] if reason else []
    assert pairs(alice) == expected


def test_the_same_number_however_it_is_written_but_not_a_switchboards(alice, make_contact):
    make_contact("A", phone="+47 22 33 44 55")
    make_contact("B", phone="0047 (22) 334455")
    make_contact("C", phone="12")
    make_contact("D", phone="12")
    for name in "EFGH":
        make_contact(name, phone="99 88 77 66")
    assert pairs(alice) == [("A", "B", ("phone",))]


def test_people_at_one_domain_who_share_no_name_share_their_switchboard(alice, make_contact):
    make_contact("Marcus Frey", "marcus@brew.example", phone="0113 496 0144")
    make_contact("Claire Fontaine", "claire@brew.example", phone="0113 496 0144")
    assert pairs(alice) == []
    make_contact("Claire F. Weg", "claire@weg.example", phone="0113 496 0144")
    assert ("Claire Fontaine", "Claire F. Weg", ("phone",)) in pairs(alice)


def test_pages_of_pairs_skip_and_repeat_nothing(alice, bob, charlie, make_contact):
    """And a stranger's team has none of them."""
    for place in range(3):
        make_contact("Ann Lee", f"ann{place}@x.example", phone="1234567")
    make_contact("Ann Lee", "ann@x.example", member=charlie)
    whole = pairs(alice)
    assert [reasons for _, _, reasons in whole] == [("name", "phone")] * 3
    found, cursor = [], ""
    with seen_by(bob):
        while True:
            page = list_duplicates(bob, cursor=cursor, limit=1)
            found += [(pair.one.pk, pair.other.pk) for pair in page.pairs]
            cursor = page.next_cursor
            if not cursor:
                break
    assert len(found) == len(set(found)) == 3
    assert pairs(charlie) == []
    for wrong in ("x", "z" * 64):
        with pytest.raises(Invalid):
            list_duplicates(alice, cursor=wrong)


def test_who_is_said_to_be_two_people_is_not_proposed_again(alice, bob, charlie, make_contact, at):
    one = make_contact("Ann Lee", "ann@x.example")
    other = make_contact("Ann Lee", "lee@x.example")
    with pytest.raises(NotFound):
        say_not_the_same(charlie, one, other, at=at)
    with pytest.raises(Invalid):
        say_not_the_same(bob, one, one, at=at)
    for _ in range(2):
        say_not_the_same(bob, other, one, at=at)
    assert pairs(alice) == []
    assert AuditEntry.objects.filter(what="contacts said not to be the same").count() == 1
    take_back_not_the_same(alice, one, other, at=at)
    assert len(pairs(alice)) == 1
    say_not_the_same(bob, one, other, at=at)
    merge_contacts(alice, one, gone=other, at=at)
    assert not NotTheSame.objects.exists()
    assert Contact.objects.filter(team_id=alice.team_id).count() == 1
