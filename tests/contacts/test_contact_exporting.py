"""Contacts out as a file, and in again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.contacts.csv_rows import read_csv
from letterbook.contacts.defining import add_field
from letterbook.contacts.exporting import ExportedContact, csv_lines, vcards
from letterbook.contacts.importing import import_contacts
from letterbook.contacts.keeping import edit_contact
from letterbook.contacts.models import Contact, CustomField
from letterbook.contacts.own_values import fields_of_team
from letterbook.contacts.tagging import tags_by_contact
from letterbook.contacts.vcards import read_vcards

KNOWN = ("name", "job_title", "company", "phone", "note", "time_zone")


def exported(member):
    contacts = list(Contact.objects.visible_to(member).order_by("sort_key", "id"))
    tags = tags_by_contact(member, contacts)
    return [ExportedContact(one, tags[one.pk]) for one in contacts]


def told(member):
    """All that is known of a team's contacts, without ids."""
    names = {str(field.pk): field.name for field in fields_of_team(member.team_id)}
    return [
        (
            [getattr(one.contact, name) for name in KNOWN],
            one.addresses,
            [tag.name for tag in one.tags],
            {names[key]: text for key, text in one.contact.custom.items()},
        )
        for one in exported(member)
    ]


@pytest.mark.parametrize("written", [csv_lines, vcards])
def test_what_goes_out_comes_in_again(written, make_contact, alice, charlie, at):
    for member in (alice, charlie):
        add_field(member, name="Client since", kind="date")
        add_field(member, name="Rank, or so", kind="choice", choices=["Gold; pure", "Tin"])
    anna = make_contact(
        'Anna "Åse" Lund, MD', "anna@lund.example", "a.lund@gmail.com",
        company="Lund, Hall & Sønner", job_title="=HYPERLINK(1)", phone="+47 22 33 44 55",
        note="First line,\nsecond; line",
    )  # fmt: skip
    edit_contact(
        alice, anna, tags=["Key account", "press"], time_zone="Europe/Oslo",
        custom={"Client since": "2024-01-31", "Rank, or so": "Gold; pure"}, at=at,
    )  # fmt: skip
    make_contact("Bert")
    content = "".join(written(exported(alice), fields=fields_of_team(alice.team_id)))
    outcome = import_contacts(charlie, content.encode(), filename="people", at=at)
    assert (outcome.created, outcome.refused) == (2, ())
    assert told(charlie) == told(alice)
    again = import_contacts(charlie, content.encode(), filename="people", at=at)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)


def test_a_spreadsheet_takes_no_cell_for_a_formula(make_contact, alice):
    make_contact("=1+1", "x@lund.example", job_title="@SUM(A1)", phone="+47 22 33", company="-x")
    line = list(csv_lines(exported(alice), fields=()))[1]
    assert line.startswith("'=1+1,'@SUM(A1),'-x,+47 22 33,x@lund.example,")


lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(
    lambda text: " ".join(text.split())
)


@given(name=lines.filter(bool), company=lines, value=lines)
def test_any_text_survives_the_way_out_and_in(name, company, value):
    field = CustomField(name="Own", kind="text")
    contact = Contact(name=name, company=company, custom={str(field.pk): value})
    contact._prefetched_objects_cache = {"addresses": ()}
    row = ExportedContact(contact, ())
    for text, read in (
        ("".join(csv_lines([row], fields=[field])).removeprefix("\ufeff"), read_csv),
        ("".join(vcards([row], fields=[field])), read_vcards),
    ):
        (back,) = read(text)
        assert (back.fields["name"], back.fields["company"]) == (name, company)
        assert back.others.get("Own", "") == value


@pytest.mark.parametrize("written", [csv_lines, vcards])
def test_an_owner_comes_in_again_by_the_address_they_sign_in_with(
    written, make_contact, alice, bob, charlie, at
):
    """Nobody who has one gets another, and whom the team does not know is told."""
    anna, bert = make_contact("Anna", "anna@x.example"), make_contact("Bert", "bert@x.example")
    Contact.objects.update(owner=bob.user)
    content = "".join(written(exported(alice), fields=())).replace("bob@", "BOB@", 1).encode()
    Contact.objects.filter(pk=anna.pk).update(owner=None)
    Contact.objects.filter(pk=bert.pk).update(owner=alice.user)
    outcome = import_contacts(alice, content, filename="people", at=at)
    assert (outcome.updated, outcome.unchanged, outcome.unknown_owners) == (1, 1, ())
    owners = Contact.objects.order_by("sort_key").values_list("owner_id", flat=True)
    assert list(owners) == [bob.user_id, alice.user_id]
    elsewhere = import_contacts(charlie, content, filename="people", at=at)
    assert elsewhere.unknown_owners == ("bob@haldenrowe.example",)
    assert not Contact.objects.filter(team=charlie.team, owner__isnull=False).exists()
