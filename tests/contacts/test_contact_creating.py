"""Contacts for the addresses that mail brings."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from letterbook.contacts.creating import create_contacts
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.contacts.reading import look_up
from letterbook.mime.addresses import Address

CORA, DAN = Address("Cora Client", "cora@client.example"), Address("", "dan@client.example")


def create(member, *addresses, at):
    with transaction.atomic():
        return create_contacts(member.team_id, {one.key: one for one in addresses}, at=at)


def test_a_new_address_makes_a_contact_with_the_name_shown_beside_it(alice, at):
    found = create(alice, CORA, DAN, at=at)
    assert Contact.objects.get(pk=found[CORA.key]).name == "Cora Client"
    assert str(Contact.objects.get(pk=found[DAN.key])) == "dan@client.example"
    assert ContactAddress.objects.filter(is_primary=True).count() == 2
    assert [one.contact.pk for one in look_up(alice, "cora")] == [found[CORA.key]]


def test_a_known_address_is_found_and_its_name_left_alone(alice, make_contact, at):
    contact = make_contact("Ms Client", "CORA@client.example")
    assert create(alice, CORA, at=at) == {CORA.key: contact.pk}
    contact.refresh_from_db()
    assert contact.name == "Ms Client"


def test_a_hostile_name_is_cut_and_flattened(alice, at):
    create(alice, Address("A\x00\r\nBcc: " + "x" * 300, "a@x.example"), at=at)
    name = Contact.objects.get().name
    assert name.startswith("A Bcc: xxx")
    assert len(name) == 200


@pytest.mark.parametrize("count", [1, 500])
def test_the_number_of_queries_does_not_grow_with_the_addresses(
    alice, django_assert_max_num_queries, count, at
):
    addresses = [Address(f"Person {n}", f"p{n}@x.example") for n in range(count)]
    with django_assert_max_num_queries(14):  # two of them are the savepoint
        assert len(create(alice, *addresses, at=at)) == count
    with django_assert_max_num_queries(4):
        create(alice, *addresses, at=at)


@pytest.mark.django_db(transaction=True)
def test_many_writers_of_the_same_addresses_make_each_contact_once(transactional_db, alice, at):
    """They even meet them in different orders."""
    addresses = [Address(f"Person {n}", f"p{n}@x.example") for n in range(40)]
    start = threading.Barrier(6)

    def work(number):
        try:
            start.wait(timeout=10)
            return create(alice, *addresses[:: -1 if number % 2 else 1], at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(work, range(6)))
    assert all(one == found[0] for one in found)
    assert Contact.objects.count() == ContactAddress.objects.count() == 40
    assert set(Contact.objects.values_list("pk", flat=True)) == set(found[0].values())


@pytest.mark.django_db(transaction=True)
def test_what_a_writer_took_back_another_one_creates(transactional_db, alice, at):
    taken = threading.Event()

    def wait_and_create():
        try:
            taken.wait(timeout=10)
            return create(alice, CORA, at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_and_create)
        with transaction.atomic():
            create(alice, CORA, at=at)
            taken.set()
            transaction.set_rollback(True)
        found = waiting.result(timeout=10)
    assert found == {CORA.key: Contact.objects.get().pk}
