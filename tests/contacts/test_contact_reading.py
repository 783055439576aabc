"""The list of contacts, its search box, and the composer's type-ahead."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letterbook.contacts.creating import create_contacts
from letterbook.contacts.keeping import create_contact
from letterbook.contacts.models import Contact
from letterbook.contacts.reading import list_contacts, look_up
from letterbook.contacts.words import fold
from letterbook.kit.refusals import Invalid
from letterbook.mime.addresses import Address


@pytest.fixture
def people(make_contact, charlie):
    make_contact("Zoë Ångström", "zoe@nord.example", company="Nordlicht GmbH")
    make_contact("anna O'Brien", "anna.brien@south.example", "ann@private.example")
    make_contact("Bernd Maier", "b.maier@nord.example", company="Łódź S.A.")
    make_contact("", "info@west.example")
    make_contact("No Address")
    make_contact("Anna Elsewhere", "anna@elsewhere.example", member=charlie)


def names(page):
    return [str(contact) for contact in page.contacts]


def test_contacts_are_listed_by_name_whatever_their_case_and_accents(people, alice):
    assert names(list_contacts(alice)) == [
        "anna O'Brien",
        "Bernd Maier",
        "info@west.example",
        "No Address",
        "Zoë Ångström",
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zoe", ["Zoë Ångström"]),
        ("ANGSTR", ["Zoë Ångström"]),
        ("ångström zoë", ["Zoë Ångström"]),
        ("o'br", ["anna O'Brien"]),
        ("obrien", []),
        ("brien", ["anna O'Brien"]),
        ("nord.ex", ["Bernd Maier", "Zoë Ångström"]),
        ("b.mai", ["Bernd Maier"]),
        ("b.maier@nord.example", ["Bernd Maier"]),
        ("nordlicht", ["Zoë Ångström"]),
        ("anna maier", []),
        ("ann@", ["anna O'Brien"]),
        ("elsewhere", []),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("' | 'anna", []),
        ("!anna:*", ["anna O'Brien"]),
    ],
)
def test_the_search_box_finds_beginnings_of_words(people, alice, query, found):
    """D5: and nothing of another team."""
    assert names(list_contacts(alice, query=query)) == found


@given(st.text(max_size=60) | st.sampled_from(["\ud800", "a\x00@", "@\udfff", "😀:*&"]))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_typed_is_only_looked_for(alice, text):
    assert look_up(alice, text) == ()
    assert list_contacts(alice, query=text).contacts == ()


@given(name=st.text(min_size=1, max_size=40))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_name_is_found_by_itself(alice, at, name):
    address = Address(name, f"{uuid.uuid4().hex}@x.example")
    [contact_id] = create_contacts(alice.team_id, {address.key: address}, at=at).values()
    contact = Contact.objects.get(pk=contact_id)
    if fold(contact.name):
        ids = {one.pk for one in list_contacts(alice, query=contact.name, limit=200).contacts}
        assert contact_id in ids


def test_pages_neither_skip_nor_repeat_while_contacts_come(alice, make_contact, at):
    expected = [make_contact("Same Name", f"s{n}@x.example") for n in range(7)]
    expected += [make_contact(f"Tess {n}", f"t{n}@x.example") for n in range(4)]
    seen, cursor = [], ""
    while True:
        page = list_contacts(alice, cursor=cursor, limit=3)
        seen += page.contacts
        make_contact("Aaron", f"aaron{len(seen)}@x.example")
        if not (cursor := page.next_cursor):
            break
    assert [one.pk for one in seen] == [one.pk for one in expected]


@pytest.mark.parametrize("cursor", ["x", "////", "W10", "WyJhIl0", "bnVsbA", "WzEsIDJd", "é"])
def test_a_cursor_that_is_not_ours_is_refused(alice, cursor):
    with pytest.raises(Invalid, match="not one of ours"):
        list_contacts(alice, cursor=cursor)


def test_a_page_is_never_larger_than_two_hundred(alice, at):
    addresses = [Address("", f"a{n}@x.example") for n in range(205)]
    create_contacts(alice.team_id, {one.key: one for one in addresses}, at=at)
    assert len(list_contacts(alice, limit=1_000_000).contacts) == 200
    assert len(list_contacts(alice, limit=-1).contacts) == 1


def test_the_type_ahead_offers_the_address_that_was_begun(people, alice):
    """S26."""
    assert [one.address for one in look_up(alice, "anna")] == ["anna.brien@south.example"]
    assert [one.address for one in look_up(alice, "private")] == ["ann@private.example"]
    assert [one.address for one in look_up(alice, "brien")] == ["anna.brien@south.example"]


def test_the_composer_is_offered_only_who_can_be_written_to(people, alice):
    assert [one.address for one in look_up(alice, "no")] == [
        "b.maier@nord.example",
        "",
        "zoe@nord.example",
    ]
    offered = look_up(alice, "no", only_with_address=True)
    assert [one.name for one in offered] == ["Bernd Maier", "Zoë Ångström"]


def test_a_whole_address_means_its_contact_alone(people, alice, make_contact):
    make_contact("Longer", "zoe@nord.example.org")
    assert [one.name for one in look_up(alice, "ZOE@nord.example")] == ["Zoë Ångström"]


def test_the_type_ahead_shows_a_few(alice, at):
    for number in range(10):
        create_contact(alice, name=f"Tess {number}", addresses=[], at=at)
    assert [one.name for one in look_up(alice, "tess", limit=3)] == ["Tess 0", "Tess 1", "Tess 2"]


@pytest.mark.parametrize("ask", [list_contacts, look_up])
def test_a_stranger_finds_nothing(people, charlie, ask):
    found = look_up(charlie, "zoe") if ask is look_up else list_contacts(charlie).contacts
    assert [str(getattr(one, "contact", one)) for one in found] in ([], ["Anna Elsewhere"])


def test_few_queries_show_a_page(people, alice, django_assert_num_queries):
    # Which ones, by the index alone; then those, and their addresses.
    with django_assert_num_queries(3):
        names(list_contacts(alice))
    with django_assert_num_queries(3):
        look_up(alice, "anna")
