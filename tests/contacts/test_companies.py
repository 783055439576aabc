"""Naming companies, their domains, and the list of them."""

from __future__ import annotations

import pytest

from letterbook.contacts.company_keeping import (
    find_company,
    give_domain,
    rename_company,
    take_domain,
)
from letterbook.contacts.company_list import list_companies
from letterbook.contacts.models import Company, Contact
from letterbook.contacts.reading import list_contacts
from letterbook.kit.refusals import Conflict, Invalid, NotFound


def company_of(contact):
    return Contact.objects.select_related("employer").get(pk=contact.pk).employer


def test_a_company_that_is_named_is_called_so_on_the_cards_and_found_by_it(
    make_contact, alice, bob, charlie, at
):
    anna = make_contact("Anna", "anna@lund.example")
    lund = company_of(anna)
    with pytest.raises(NotFound):
        find_company(charlie, lund.pk)
    with pytest.raises(NotFound):
        rename_company(charlie, lund, name="Mine", at=at)
    rename_company(bob, find_company(bob, lund.pk), name=" Lund  AB ", at=at)
    bert = make_contact("Bert", "bert@lund.example", company="Lund ab")
    rename_company(alice, lund, name="Lund Group", at=at)
    bert.refresh_from_db()
    anna.refresh_from_db()
    assert (bert.company, anna.company, str(company_of(anna))) == ("Lund Group", "", "Lund Group")
    assert [str(one) for one in list_contacts(alice, query="group").contacts] == ["Anna", "Bert"]
    make_contact("Cora", "cora@nord.example", company="Nord AS")
    with pytest.raises(Conflict, match="There is a company Nord AS already"):
        rename_company(alice, lund, name="NORD AS", at=at)
    with pytest.raises(Invalid):
        rename_company(alice, lund, name=" ", at=at)


def test_a_domain_is_given_with_its_people_and_taken_again(make_contact, alice, charlie, at):
    anna = make_contact("Anna", "anna@lund.example", company="Lund AB")
    bert = make_contact("Bert", "bert@lund-group.example")
    lund = company_of(anna)
    for act in (give_domain, take_domain):
        with pytest.raises(NotFound):
            act(charlie, lund, domain="lund.example", at=at)
    give_domain(alice, lund, domain="www.lund-group.example", at=at)
    give_domain(alice, lund, domain="lund-group.example", at=at)
    assert company_of(bert) == lund
    assert [str(one.company) for one in list_companies(alice).lines] == ["Lund AB"]
    take_domain(alice, lund, domain="lund-group.example", at=at)
    assert str(company_of(bert)) == "lund-group.example"
    make_contact("Cora", "cora@nord.example", company="Nord AS")
    with pytest.raises(Conflict, match="belongs to Nord AS"):
        give_domain(alice, lund, domain="nord.example", at=at)


@pytest.mark.parametrize("domain", ["gmail.com", "localhost", "", "co.uk"])
def test_what_is_nobodys_domain_is_given_to_no_company(make_contact, alice, at, domain):
    lund = company_of(make_contact("Anna", "anna@lund.example"))
    with pytest.raises(Invalid):
        give_domain(alice, lund, domain=domain, at=at)


def test_companies_are_listed_by_name_page_by_page_within_the_team(make_contact, alice, charlie):
    for name in ("Åre", "Bergen", "Lund", "lundberg", "Zeta"):
        make_contact("P", f"p@{len(name)}{name.casefold()[-1]}.example", company=name)
    make_contact("Q", company="LUND")
    make_contact("R", "r@else.example", company="Else", member=charlie)
    seen, cursor = [], ""
    while True:
        page = list_companies(alice, cursor=cursor, limit=2)
        seen += [(str(line.company), line.people) for line in page.lines]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == [("Åre", 1), ("Bergen", 1), ("Lund", 2), ("lundberg", 1), ("Zeta", 1)]
    assert [str(line.company) for line in list_companies(alice, query="LUN").lines] == [
        "Lund",
        "lundberg",
    ]
    with pytest.raises(Invalid):
        list_companies(alice, cursor="gICA")
    assert Company.objects.visible_to(charlie).count() == 1
