"""Templates: whose they are, and what becomes of their fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import a_contact, a_member
from letterbook.kit.refusals import Conflict, Invalid, NotAllowed, NotFound
from letterbook.outgoing.merge_fields import fields_in, merge_html, merge_text
from letterbook.outgoing.templates import (
    EmailTemplate,
    create_template,
    delete_template,
    edit_template,
    fill_template,
    find_template,
    merge_fields,
)


@pytest.fixture
def make(alice, at):
    """Make a template of alice's; any field may be given."""

    def make_one(member=alice, **fields):
        given = {"name": "Hello", "subject": "", "html": "", "is_team": False, **fields}
        return create_template(member, **given, at=at)

    return make_one


def test_a_template_is_filled_with_what_is_known_of_contact_writer_and_team(alice, make):
    """S92."""
    anna = a_contact(alice, "Dr. Anna Lind", "anna@lindwerk.example")
    anna.company = "Lindwerk"
    html = (
        "<p>Dear {{ contact.first_name }},</p><p>{{contact.name}}, {{&nbsp;contact.company&nbsp;}}: "
        "{{ CONTACT.EMAIL }} from {{ me.name }} ({{ me.email }}) of {{ team.name }}</p>"
    )
    template = make(subject="For {{ contact.company }}", html=html)
    filled = fill_template(template, member=alice, contact=anna)
    assert filled.subject == "For Lindwerk"
    assert filled.html == (
        "<p>Dear Anna,</p><p>Dr. Anna Lind, Lindwerk: anna@lindwerk.example"
        " from Alice Halden (alice@haldenrowe.example) of Halden &amp; Rowe</p>"
    )
    assert filled.missing == ()


def test_what_is_not_known_stays_visible_and_is_named_unless_there_are_words_for_it(alice, make):
    html = 'Hi {{ contact.first_name | "there" }}, {{ contact.company }} {{ contact.shoe_size }}'
    template = make(subject="{{ contact.company }}", html=html)
    for contact in (None, a_contact(alice, "")):
        filled = fill_template(template, member=alice, contact=contact)
        assert filled.html == "Hi there, {{ contact.company }} {{ contact.shoe_size }}"
        assert filled.missing == ("contact.company", "contact.shoe_size")


def test_every_field_that_is_offered_can_be_filled(alice, make):
    anna = a_contact(alice, "Anna Lind")
    anna.company = "Lindwerk"
    html = " ".join(f"{{{{ {field.name} }}}}" for field in merge_fields())
    assert fill_template(make(html=html), member=alice, contact=anna).missing == ()


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Anna Lind", "Anna"),
        ("Lind, Anna", "Anna"),
        ("Prof. Dr. Anna Lind", "Anna"),
        ("Anna", "Anna"),
    ],
)
def test_a_first_name_is_found_in_any_way_of_writing_a_name(alice, make, name, first):
    template = make(subject="{{ contact.first_name }}")
    assert fill_template(template, member=alice, contact=a_contact(alice, name)).subject == first


def test_a_value_is_text_whatever_it_looks_like(alice, make):
    """C8: no markup, no second field and no new line comes in by a contact's name."""
    evil = a_contact(alice, "<img src=x>{{ me.email }}\r\nBcc: x@evil.example")
    template = make(subject="{{ contact.name }}", html="<p>{{ contact.name }}</p>")
    filled = fill_template(template, member=alice, contact=evil)
    assert "&lt;img src=x&gt;{{ me.email }}" in filled.html
    assert "\n" not in filled.subject
    assert "\r" not in filled.subject
    assert filled.subject.startswith("<img src=x>{{ me.email }} Bcc:")


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "{% include x %}", "{{ request }}", "{{ a.b.c }}"])
def test_what_is_no_field_is_left_alone(text):
    """C8."""
    assert merge_html(text, {"a.b": "x"}).text == text
    assert merge_html(text, {}).missing == ()


@given(st.text(), st.text(), st.text())
def test_any_text_around_a_field_stays_and_any_value_is_escaped(before, after, value):
    before, after = before.replace("{", "("), after.replace("}", ")")
    merged = merge_html(f"{before}{{{{ contact.name }}}}{after}", {"contact.name": value})
    if value:
        inside = merged.text[len(before) : len(merged.text) - len(after)]
        assert "<" not in inside
        assert '"' not in inside
    assert merged.text.startswith(before)
    assert merged.text.endswith(after)
    assert merge_text("{{ contact.name }}", {"contact.name": value}).text.count("\n") == 0


def test_default_words_may_be_quoted_as_an_editor_quotes_them():
    for quoted in ('"you"', "'you'", "&quot;you&quot;", "\u201cyou\u201d", "\u201eyou\u201c"):
        assert merge_html(f"{{{{ contact.name | {quoted} }}}}", {}).text == "you"
    assert merge_html('{{ contact.name | "l\'ami" }}', {}).text == "l&#x27;ami"
    assert merge_html('{{ contact.name | "" }}', {}).missing == ()
    assert fields_in("{{ me.name }} {{ me.name | 'x' }} {{ team.name }}") == (
        "me.name",
        "team.name",
    )


def test_what_another_program_calls_a_field_is_found_before_a_customer_finds_it():
    text = "Dear {{first_name}} of {{ Company Name | fallback: 'you' }}, {{ 7*7 }} {{ Vorname }}"
    assert fields_in(text) == ("first_name", "Company Name", "Vorname")


def test_own_templates_are_ones_own_and_the_teams_are_everybodys(alice, bob, charlie, make):
    """D1."""
    own, shared = make(), make(name="Ours", is_team=True)
    assert set(EmailTemplate.objects.visible_to(alice)) == {own, shared}
    assert set(EmailTemplate.objects.visible_to(bob)) == {shared}
    assert not EmailTemplate.objects.visible_to(charlie).exists()
    with pytest.raises(NotFound):
        find_template(bob, own.pk)
    with pytest.raises(NotFound):
        find_template(charlie, shared.pk)


def test_the_teams_are_changed_by_who_made_them_or_administers_the_team(alice, bob, make, at):
    carol = a_member(alice, "Carol")
    shared = make(member=bob, name="Bob's", is_team=True)
    with pytest.raises(NotAllowed):
        edit_template(carol, shared, name="Mine now", at=at)
    with pytest.raises(NotAllowed):
        delete_template(carol, shared)
    assert edit_template(bob, shared, html="<p>New</p>", at=at).html == "<p>New</p>"
    assert edit_template(alice, shared, subject="S", at=at).name == "Bob's"
    delete_template(alice, shared)
    assert not EmailTemplate.objects.exists()


def test_nobody_changes_what_they_cannot_see(alice, bob, charlie, make, at):
    """D1."""
    own = make()
    for member in (bob, charlie):
        with pytest.raises(NotFound):
            edit_template(member, own, name="x", at=at)
        with pytest.raises(NotFound):
            delete_template(member, own)


def test_a_template_can_be_given_to_the_team_and_taken_back(alice, bob, make, at):
    own = make()
    assert edit_template(alice, own, is_team=True, at=at).is_team
    assert EmailTemplate.objects.visible_to(bob).exists()
    assert not edit_template(alice, own, is_team=False, at=at).is_team
    assert not EmailTemplate.objects.visible_to(bob).exists()


def test_two_of_one_name_are_refused_among_ones_own_and_among_the_teams(alice, bob, make):
    make()
    make(is_team=True)
    make(member=bob)
    for fields in ({}, {"is_team": True}):
        with pytest.raises(Conflict, match="already"):
            make(**fields)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"subject": "a\r\nBcc: b@evil.example"}, "subject"),
        ({"html": "x" * 500_001}, "html"),
    ],
)
def test_what_no_template_can_be_is_refused(make, fields, field):
    """C1."""
    with pytest.raises(Invalid) as refused:
        make(**fields)
    assert refused.value.field == field


def test_a_template_holds_nothing_that_an_email_may_not(make):
    """C9."""
    html = make(html="<b>Hi</b><script>x()</script><img src='https://evil.example/1.gif'>").html
    assert html.startswith("<b>Hi</b>")
    assert "script" not in html
    assert "evil" not in html
