"""Which company a contact works for: as typed, else by the domain of their address."""

from __future__ import annotations

import pytest

from letterbook.contacts.creating import create_contacts
from letterbook.contacts.importing import import_contacts
from letterbook.contacts.keeping import add_address, edit_contact, remove_address
from letterbook.contacts.models import Company, Contact
from letterbook.mime.addresses import Address


def employer_of(contact):
    found = Contact.objects.select_related("employer").get(pk=contact.pk)
    return str(found.employer) if found.employer else ""


@pytest.mark.parametrize(
    ("address", "company"),
    [
        ("anna@lund.example", "lund.example"),
        ("anna@mail.lund.co.uk", "lund.co.uk"),
        ("anna@gmail.com", ""),
        ("anna@web.de", ""),
    ],
)
def test_the_domain_tells_the_company_unless_anybody_can_have_it(make_contact, address, company):
    assert employer_of(make_contact("Anna", address)) == company


def test_a_name_that_was_typed_is_the_company_of_its_domain_from_then_on(make_contact, alice, at):
    before = make_contact("Anna", "anna@lund.example")
    named = make_contact("Bert", "bert@eu.lund.example", company="Lund AB")
    after = make_contact("Cora", "cora@gmail.com", "cora@lund.example")
    assert [employer_of(one) for one in (before, named, after)] == ["Lund AB"] * 3
    assert [str(one) for one in Company.objects.all()] == ["Lund AB"]
    edit_contact(alice, named, company="lund ab", at=at)
    assert employer_of(named) == "Lund AB"


def test_another_name_at_a_named_domain_is_a_company_of_its_own(make_contact):
    first = make_contact("Anna", "anna@lund.example", company="Lund AB")
    guest = make_contact("Bert", "bert@lund.example", company="Freelance Bert")
    assert [employer_of(first), employer_of(guest)] == ["Lund AB", "Freelance Bert"]
    assert employer_of(make_contact("Cora", "cora@lund.example")) == "Lund AB"


def test_the_company_follows_the_addresses_and_one_without_people_or_name_goes(
    make_contact, alice, at
):
    contact = make_contact("Anna", "anna@lund.example")
    add_address(alice, contact, address="anna@nord.example", at=at)
    assert employer_of(contact) == "lund.example"
    remove_address(alice, contact, address="anna@lund.example", at=at)
    assert employer_of(contact) == "nord.example"
    assert [str(one) for one in Company.objects.all()] == ["nord.example"]


def test_mail_and_files_bring_companies_too_and_each_team_has_its_own(alice, charlie, at):
    addresses = [Address("", f"p{number}@firm{number % 3}.example") for number in range(9)]
    for member in (alice, charlie):
        create_contacts(member.team_id, {one.key: one for one in addresses}, at=at)
    assert Company.objects.visible_to(alice).count() == Company.objects.visible_to(charlie).count()
    content = b"name,email,company\nDora,dora@firm1.example,Firm One\nEmil,emil@firm1.example,\n"
    import_contacts(alice, content, filename="people.csv", at=at)
    people = Contact.objects.visible_to(alice).filter(employer__name="Firm One")
    assert people.count() == 5
    assert not Company.objects.visible_to(charlie).filter(name="Firm One").exists()
