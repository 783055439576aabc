"""Tags, fields of a team's own, and the time zone of a contact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.contacts.defining import add_field, change_field, drop_field
from letterbook.contacts.filtering import ContactFilter, narrowed
from letterbook.contacts.keeping import edit_contact
from letterbook.contacts.models import Contact, CustomField, Tag
from letterbook.contacts.own_fields import FieldKind
from letterbook.contacts.own_values import check_value
from letterbook.contacts.tagging import change_tag, delete_tag, tags_by_contact
from letterbook.kit.refusals import Conflict, Invalid, NotFound


@pytest.fixture
def anna(make_contact):
    return make_contact("Anna", "anna@lund.example")


def tags_of(member, contact):
    fresh = Contact.objects.get(pk=contact.pk)
    return [str(tag) for tag in tags_by_contact(member, [fresh])[fresh.pk]]


def test_a_tag_is_made_by_its_name_whatever_its_spelling(anna, make_contact, alice, bob, at):
    edit_contact(alice, anna, tags=["Key account", "press"], at=at)
    other = make_contact("Bert", "bert@nord.example")
    edit_contact(bob, other, tags=["KEY  account", ""], at=at)
    assert tags_of(bob, anna) == ["Key account", "press"]
    assert tags_of(alice, other) == ["Key account"]
    edit_contact(alice, anna, name="Anna Lund", at=at)
    assert tags_of(alice, anna) == ["Key account", "press"]


def test_a_tag_is_renamed_coloured_and_deleted_for_the_whole_team_only(anna, alice, charlie, at):
    edit_contact(alice, anna, tags=["press", "vip"], at=at)
    press = Tag.objects.get(key="press")
    with pytest.raises(NotFound):
        change_tag(charlie, press, name="mine", colour="red")
    with pytest.raises(Conflict):
        change_tag(alice, press, name="VIP", colour="red")
    change_tag(alice, press, name="Journalists", colour="red")
    assert tags_of(alice, anna) == ["Journalists", "vip"]
    with pytest.raises(NotFound):
        delete_tag(charlie, press, at=at)
    delete_tag(alice, press, at=at)
    assert tags_of(alice, anna) == ["vip"]
    assert len(Contact.objects.get(pk=anna.pk).tag_ids) == 1


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", "  K  17 ", "K 17"),
        ("number", "1 250,50", "1250.5"),
        ("number", "100", "100"),
        ("number", "-0", "0"),
        ("date", "2026-02-28", "2026-02-28"),
        ("choice", "GOLD", "Gold"),
        ("link", "https://lund.example/a?b=c", "https://lund.example/a?b=c"),
        ("number", "", ""),
        ("number", "12 apples", None),
        ("number", "NaN", None),
        ("number", "1e99", None),
        ("date", "28.02.2026", None),
        ("date", "2026-02-30", None),
        ("choice", "Tin", None),
        ("link", "javascript:alert(1)", None),
        ("link", "https://[", None),
        ("text", "x" * 1001, None),
    ],
)
def test_a_value_is_kept_in_one_spelling_or_refused_at_its_field(kind, typed, kept):
    field = CustomField(name="Rank", kind=kind, choices=["Gold", "Silver"])
    if kept is not None:
        assert check_value(field, typed) == kept
        return
    with pytest.raises(Invalid) as refused:
        check_value(field, typed)
    assert refused.value.field == f"custom-{field.pk}"
    assert "Rank" in str(refused.value)


@given(st.sampled_from(FieldKind.values), st.text(max_size=40))
def test_any_text_is_a_value_that_stays_as_it_is_or_is_refused(kind, text):
    field = CustomField(name="Rank", kind=kind, choices=["Gold"])
    try:
        kept = check_value(field, text)
    except Invalid:
        return
    assert check_value(field, kept) == kept


def test_values_are_given_by_the_fields_name_and_go_with_the_field(anna, alice, charlie, at):
    rank = add_field(alice, name="Rank", kind="choice", choices=["Gold", "Silver", "gold"])
    assert rank.choices == ["Gold", "Silver"]
    since = add_field(alice, name="Client since", kind="date")
    with pytest.raises(Conflict):
        add_field(alice, name="RANK", kind="text")
    edit_contact(alice, anna, custom={"rank": "gold", str(since.pk): "2024-01-31"}, at=at)
    edit_contact(alice, anna, custom={"client since": ""}, at=at)
    anna.refresh_from_db()
    assert anna.custom == {str(rank.pk): "Gold"}
    with pytest.raises(Invalid):
        edit_contact(alice, anna, custom={"shoe size": "43"}, at=at)
    for act in (
        lambda: drop_field(charlie, rank, at=at),
        lambda: change_field(charlie, rank, name="x"),
    ):
        with pytest.raises(NotFound):
            act()
    change_field(alice, rank, name="Level", choices=["Gold"])
    drop_field(alice, rank, at=at)
    anna.refresh_from_db()
    assert anna.custom == {}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("europe/oslo", "Europe/Oslo"), (" ", ""), ("Mars/Base", None), ("../etc/passwd", None)],
)
def test_a_time_zone_is_one_there_is(anna, alice, at, typed, kept):
    if kept is None:
        with pytest.raises(Invalid, match="There is no time zone"):
            edit_contact(alice, anna, time_zone=typed, at=at)
    else:
        assert edit_contact(alice, anna, time_zone=typed, at=at).time_zone == kept


@pytest.mark.parametrize(
    ("field", "how", "value", "names"),
    [
        ("Seats", "from", "100", ["Bert", "Cora"]),
        ("Seats", "to", "100", ["Anna", "Bert"]),
        ("Seats", "is", "9,5", ["Anna"]),
        ("Since", "from", "2025-01-01", ["Bert"]),
        ("Since", "to", "2025-01-01", ["Anna"]),
        ("Plan", "holds", "OL", ["Anna", "Bert"]),
        ("Plan", "holds", "100%", []),
        ("Plan", "none", "", ["Cora", "Dora"]),
    ],
)
def test_a_field_of_ones_own_is_compared_as_its_kind_is(
    alice, make_contact, at, field, how, value, names
):
    fields = {
        name: add_field(alice, name=name, kind=kind, choices=choices)
        for name, kind, choices in (
            ("Seats", "number", []),
            ("Since", "date", []),
            ("Plan", "choice", ["Gold", "Old gold"]),
        )
    }
    for name, custom in (
        ("Anna", {"Seats": "9.5", "Since": "2024-12-31", "Plan": "Gold"}),
        ("Bert", {"Seats": "100", "Since": "2025-01-02", "Plan": "Old gold"}),
        ("Cora", {"Seats": "1000"}),
        ("Dora", {}),
    ):
        edit_contact(alice, make_contact(name), custom=custom, at=at)
    asked = ContactFilter(field=fields[field].pk, value=value, how=how)
    assert [str(one) for one in narrowed(alice, asked).order_by("sort_key")] == names


def test_only_numbers_and_dates_have_more_and_less(alice, bob, charlie, make_contact):
    field = add_field(alice, name="Plan", kind="text", choices=[])
    with pytest.raises(Invalid):
        narrowed(bob, ContactFilter(field=field.pk, value="x", how="from"))
    with pytest.raises(NotFound):
        narrowed(charlie, ContactFilter(field=field.pk, value="x", how="none"))
