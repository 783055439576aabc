"""Creating, editing and deleting contacts; one address, one contact."""

from __future__ import annotations

import pytest

from letterbook.contacts.addressing import AddressTaken
from letterbook.contacts.keeping import (
    add_address,
    assign_contact,
    create_contact,
    delete_contact,
    edit_contact,
    make_primary,
    remove_address,
)
from letterbook.contacts.matching import match_contacts
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.contacts.reading import look_up
from letterbook.kit.refusals import Conflict, Invalid, NotFound
from letterbook.mime.addresses import address_key
from letterbook.teams.models import AuditEntry

VERBS = {
    "edit": lambda member, contact, at: edit_contact(member, contact, name="Taken", at=at),
    "assign": lambda member, contact, at: assign_contact(member, contact, to=member, at=at),
    "add": lambda member, contact, at: add_address(member, contact, address="n@w.example", at=at),
    "remove": lambda member, contact, at: remove_address(
        member, contact, address="cora@client.example", at=at
    ),
    "primary": lambda member, contact, at: make_primary(
        member, contact, address="cc@client.example", at=at
    ),
    "delete": lambda member, contact, at: delete_contact(member, contact, at=at),
}


@pytest.fixture
def cora(make_contact):
    return make_contact("Cora Client", "cora@client.example", "cc@client.example")


def everything():
    contacts = Contact.objects.order_by("pk").values_list("pk", "name", "owner", "updated_at")
    addresses = ContactAddress.objects.order_by("pk").values_list("contact", "key", "is_primary")
    return list(contacts), list(addresses), AuditEntry.objects.count()


def primary_of(contact):
    return contact.addresses.get(is_primary=True).address


@pytest.mark.parametrize("verb", list(VERBS))
def test_a_team_mate_may_do_everything_to_a_contact(cora, bob, verb, at):
    before = everything()
    VERBS[verb](bob, cora, at)
    assert everything() != before


@pytest.mark.parametrize("verb", list(VERBS))
def test_a_stranger_is_told_that_there_is_no_such_contact(cora, charlie, verb, at):
    before = everything()
    with pytest.raises(NotFound):
        VERBS[verb](charlie, cora, at)
    assert everything() == before


def test_a_contact_is_created_with_its_first_address_primary(cora, alice, at):
    assert (cora.team_id, cora.created_by, cora.created_at) == (alice.team_id, alice.user, at)
    assert primary_of(cora) == "cora@client.example"


def test_a_typed_name_beside_the_address_names_the_contact(alice, at):
    contact = create_contact(alice, name="", addresses=['"Client, Cora" <c@c.example>'], at=at)
    assert contact.name == "Client, Cora"


def test_an_address_given_twice_is_kept_once(alice, at):
    contact = create_contact(alice, name="C", addresses=["c@c.example", "C@C.example"], at=at)
    assert contact.addresses.count() == 1


def test_a_contact_needs_a_name_or_an_address(alice, at):
    with pytest.raises(Invalid) as refused:
        create_contact(alice, name=" ", addresses=[], at=at)
    assert refused.value.field == "name"
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "x" * 201}, "name"),
        ({"company": "x" * 201}, "company"),
        ({"phone": "1" * 61}, "phone"),
        ({"note": "x" * 20_001}, "note"),
        ({"addresses": ["no address"]}, "addresses"),
        ({"addresses": ["a@x.example\r\nBcc: b@x.example"]}, "addresses"),
    ],
)
def test_a_refusal_names_the_field(alice, given, field, at):
    with pytest.raises(Invalid) as refused:
        create_contact(alice, **{"name": "C", "addresses": [], "at": at} | given)
    assert refused.value.field == field
    assert not Contact.objects.exists()


def test_no_line_break_or_control_character_gets_into_a_name(alice, at):
    contact = create_contact(alice, name="Cora\r\nBcc: x\x00\x1b Client", addresses=[], at=at)
    assert contact.name == "Cora Bcc: x Client"


def test_a_note_keeps_its_lines(alice, at):
    contact = create_contact(alice, name="C", addresses=[], note=" one\ntwo\x00 ", at=at)
    assert contact.note == "one\ntwo"


@pytest.mark.parametrize(
    "spelling",
    ["cora@client.example", "CORA@Client.Example", "Cora <cora@client.example>"],
)
def test_an_address_that_somebody_has_names_that_contact(cora, alice, spelling, at):
    """S62: case-insensitive, unique within the team."""
    with pytest.raises(AddressTaken, match="already belongs to Cora Client") as refused:
        create_contact(alice, name="Another", addresses=["new@x.example", spelling], at=at)
    assert refused.value.contact_id == cora.pk
    assert Contact.objects.count() == 1
    assert ContactAddress.objects.count() == 2


def test_two_spellings_of_an_international_domain_are_one_address(alice, make_contact, at):
    """S62: IDN."""
    contact = make_contact("Jörg", "joerg@bücher.example")
    with pytest.raises(AddressTaken):
        make_contact("Other", "JOERG@xn--bcher-kva.example")
    keys = [address_key("joerg@BÜCHER.example")]
    assert match_contacts(alice.team_id, keys) == {keys[0]: contact.pk}


def test_two_teams_may_know_the_same_person(cora, charlie, alice, make_contact):
    theirs = make_contact("Cora", "cora@client.example", member=charlie)
    assert match_contacts(alice.team_id, ["cora@client.example"]) == {
        "cora@client.example": cora.pk
    }
    assert theirs.team_id == charlie.team_id


def test_editing_changes_what_is_given_and_nothing_else(cora, bob, at):
    edit_contact(bob, cora, job_title="Buyer", company="Client Ltd", at=at)
    edited = edit_contact(bob, cora, job_title="", at=at)
    assert (edited.name, edited.job_title, edited.company) == ("Cora Client", "", "Client Ltd")


def test_a_contact_without_an_address_keeps_a_name(alice, make_contact, at):
    nameless = make_contact("Only a name")
    with pytest.raises(Invalid):
        edit_contact(alice, nameless, name="", at=at)
    with_address = make_contact("", "a@x.example")
    with pytest.raises(Conflict, match="all that is known"):
        remove_address(alice, with_address, address="a@x.example", at=at)


def test_only_a_team_mate_can_look_after_a_contact(cora, alice, bob, charlie, at):
    assert assign_contact(alice, cora, to=bob, at=at).owner == bob.user
    with pytest.raises(NotFound):
        assign_contact(alice, cora, to=charlie, at=at)
    assert assign_contact(alice, cora, to=None, at=at).owner is None


def test_adding_an_address_twice_adds_it_once(cora, alice, at):
    first = add_address(alice, cora, address="third@client.example", at=at)
    again = add_address(alice, cora, address="THIRD@client.example", at=at)
    assert first == again
    assert cora.addresses.count() == 3


def test_the_first_address_of_a_contact_without_one_becomes_primary(alice, make_contact, at):
    contact = make_contact("No address yet")
    add_address(alice, contact, address="a@x.example", at=at)
    assert primary_of(contact) == "a@x.example"


def test_when_the_primary_address_goes_another_one_is_written_to(cora, alice, at):
    remove_address(alice, cora, address="Cora@client.example", at=at)
    assert primary_of(cora) == "cc@client.example"
    with pytest.raises(NotFound, match="does not have this address"):
        remove_address(alice, cora, address="cora@client.example", at=at)


def test_another_address_can_be_made_primary(cora, alice, at):
    make_primary(alice, cora, address="cc@client.example", at=at)
    assert primary_of(cora) == "cc@client.example"
    assert cora.addresses.filter(is_primary=True).count() == 1


def test_a_deleted_contact_frees_its_addresses_and_leaves_a_trace(cora, alice, make_contact, at):
    delete_contact(alice, cora, at=at)
    make_contact("Somebody else", "cora@client.example")
    assert AuditEntry.objects.get(what="contact deleted").details == {"name": "Cora Client"}
    with pytest.raises(NotFound):
        delete_contact(alice, cora, at=at)


def test_what_changed_is_found_and_what_is_gone_is_not(cora, alice, at):
    edit_contact(alice, cora, name="Dora Kunde", at=at)
    add_address(alice, cora, address="dora@kunde.example", at=at)
    remove_address(alice, cora, address="cc@client.example", at=at)
    assert [look_up(alice, text) != () for text in ("dora", "kunde.ex", "cora kunde")] == [True] * 3
    assert look_up(alice, "cc@") == ()
