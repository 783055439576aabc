from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.addresses import (
    Address,
    BadAddress,
    address_key,
    check_address,
    check_addresses,
    read_addresses,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann@Example.com", "ann@example.COM"),
        (" ann@example.com ", "ann@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "ann@bücher.example"),
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
        ("ann@example.com.", "ann@example.com"),
    ],
)
def test_two_spellings_of_one_address_have_one_key(one, other):
    """S62: case, IDN, accents."""
    assert address_key(one) == address_key(other) == Address("", one).key


@pytest.mark.parametrize("other", ["ann+shop@example.com", "a.nn@example.com", "ann@example.org"])
def test_tags_dots_and_domains_keep_addresses_apart(other):
    """S62: what may be one person is proposed as a duplicate, and not taken for one."""
    assert address_key(other) != address_key("ann@example.com")


@given(st.text(max_size=80))
def test_a_key_is_its_own_key(text):
    assert address_key(address_key(text)) == address_key(text)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("ann@example.com", [("", "ann@example.com")]),
        (
            "Ann Lee <ann@example.com>, bob@example.com",
            [("Ann Lee", "ann@example.com"), ("", "bob@example.com")],
        ),
        ('"Lee, Ann" <ann@example.com>', [("Lee, Ann", "ann@example.com")]),
        ("Lee, Ann <ann@example.com>", [("Lee, Ann", "ann@example.com")]),
        ('"Ann \\"The\\" Lee" <ann@example.com>', [('Ann "The" Lee', "ann@example.com")]),
        ("ann@example.com (Ann Lee)", [("Ann Lee", "ann@example.com")]),
        ("=?utf-8?q?Ren=C3=A9?= <r@example.com>", [("René", "r@example.com")]),
        (
            "Friends: ann@example.com, Bob <bob@example.com>;",
            [("", "ann@example.com"), ("Bob", "bob@example.com")],
        ),
        ("undisclosed-recipients:;", []),
        ("nobody, at all", []),
        (
            '"never closed <ann@example.com>, bob@example.com',
            [("never closed", "ann@example.com"), ("", "bob@example.com")],
        ),
        ("ann@example.com; bob@example.com", [("", "ann@example.com"), ("", "bob@example.com")]),
        ("'ann@example.com' <ann@example.com>", [("", "ann@example.com")]),
        ("<mailto:ann@example.com>", [("", "ann@example.com")]),
        ('"john doe"@example.com', [("", '"john doe"@example.com')]),
        ("A\x00nn\r\n <ann@exa\x00mple.com>", [("Ann", "ann@example.com")]),
        ("<@relay.example:ann@example.com>", [("", "ann@example.com")]),
    ],
)
def test_incoming_addresses_are_read_whatever_a_sender_made_of_them(header, expected):
    assert [(found.name, found.email) for found in read_addresses(header)] == expected


def test_a_decoded_comma_or_bracket_does_not_become_a_second_address():
    """B7: an encoded name cannot name another sender."""
    found = read_addresses("=?utf-8?q?ceo=40corp=2Ecom=3E=2C_x?= <mallory@evil.example>")
    assert [each.email for each in found] == ["mallory@evil.example"]


def test_reordering_characters_are_taken_out_of_a_name():
    """A27: a name cannot turn around the address that stands beside it."""
    assert read_addresses("Ann\u202e\u2066 <ann@example.com>")[0].name == "Ann"


@given(st.text())
def test_any_header_text_is_read_without_an_error(text):
    for address in read_addresses(text):
        assert "@" in address.email
        assert "\0" not in address.name + address.email
        assert "\n" not in address.name + address.email


@pytest.mark.parametrize(
    ("typed", "name", "email"),
    [
        ("ann@example.com", "", "ann@example.com"),
        (" Ann Lee <ann@example.com> ", "Ann Lee", "ann@example.com"),
        ('"Lee, Ann" <ann+x@example.com>', "Lee, Ann", "ann+x@example.com"),
        ("<ann@example.com>", "", "ann@example.com"),
        ('"Lee <Ann>" <ann@example.com>', "Lee <Ann>", "ann@example.com"),
        ("ann@bücher.example", "", "ann@bücher.example"),
        ("o'neil@example.com", "", "o'neil@example.com"),
        ('"john doe"@example.com', "", '"john doe"@example.com'),
        ('"john.doe"@example.com', "", "john.doe@example.com"),
        ('Ann <"a@b, \\"c"@example.com>', "Ann", '"a@b, \\"c"@example.com'),
    ],
)
def test_a_typed_address_is_accepted(typed, name, email):
    assert check_address(typed) == Address(name, email)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", "no address"),
        ("ann", "no @"),
        ("@example.com", "nothing before the @"),
        ("user@localhost", "needs a dot, as in example.com"),
        ("ann@example.com.", "ends with a dot"),
        ("a@[127.0.0.1]", "by number"),
        ("a@127.0.0.1", "by number"),
        ('"a\r\nb"@x.example', "line breaks"),
        ("a\u2028b@x.example", "line breaks"),
        ('"a b"c@x.example', "space, quote or sign"),
        (f'"{"a b" * 30}"@x.example', "longer than 64"),
        ('""@x.example', "space, quote or sign"),
        ("a b@x.example", "space, quote or sign"),
        ("a..b@x.example", "space, quote or sign"),
        ("a@b@x.example", "more than one @"),
        ("a@exa mple.com", "not a domain"),
        ("a@-x.example", "not a domain"),
        ("josé@пример.рф", "SMTPUTF8"),
        ("a@" + "b" * 250 + ".com", "longer than 254"),
        ("a" * 65 + "@example.com", "longer than 64"),
        ("Ann\nBcc: x <ann@example.com>", "line breaks"),
        ("a@b.example> <c@d.example>", "holds < or >"),
    ],
)
def test_an_address_that_cannot_be_sent_to_is_refused_with_the_way_out(typed, fault):
    """C4, C5: refused clearly, never mangled."""
    with pytest.raises(BadAddress, match=fault):
        check_address(typed)


def test_a_field_takes_commas_semicolons_and_lines_and_drops_repeats():
    """C3: several addresses in one field."""
    found = check_addresses(
        'ann@example.com, "Lee, Bob" <bob@example.com>;\nANN@example.com\r\ncy@example.com'
    )
    assert [each.email for each in found] == [
        "ann@example.com",
        "bob@example.com",
        "cy@example.com",
    ]
    assert found[1].name == "Lee, Bob"


@pytest.mark.parametrize(
    ("pasted", "found"),
    [
        ("Lind, Anna <a@x.example>; Rowe, Bob <b@x.example>", "Lind, Anna|a Rowe, Bob|b"),
        ("Lind, Anna <a@x.example>", "Lind, Anna|a"),
        ('Friends: a@x.example, "Lee, B" <b@x.example>;', "|a Lee, B|b"),
        ("undisclosed-recipients:;", ""),
        ("a@x.example b@x.example\n\nc@x.example", "|a |b |c"),
        ("Ann <a@x.example> Bob <b@x.example>", "Ann|a Bob|b"),
        ("- a@x.example\n* b@x.example\n3) c@x.example", "|a |b |c"),
        ("mailto:a@x.example?subject=x, <mailto:b@x.example>", "|a |b"),
        ("Ann Lee\ta@x.example\r\nBob\tb@x.example", "Ann Lee|a Bob|b"),
        ("Ann - Lee <a@x.example>", "Ann - Lee|a"),
        (" , ;\n", ""),
    ],
)
def test_a_pasted_list_is_understood(pasted, found):
    """S26, C3: groups, lists, columns and surnames first."""
    said = " ".join(f"{one.name}|{one.email.partition('@')[0]}" for one in check_addresses(pasted))
    assert said == found


@pytest.mark.parametrize(
    "typed", ["anna, Bob <b@x.example>", "Anna Lind, b@x.example", "a b@x.example"]
)
def test_what_may_be_a_slip_is_never_taken_for_a_name(typed):
    with pytest.raises(BadAddress):
        check_addresses(typed)


@pytest.mark.parametrize(
    "piece",
    ['"', "<", "a@b ", "<a@b>", "x: ", "- ", '"a', "Aa, ", "A", "A <a@b> ", " ", "\t", "A,"],
)
def test_taking_a_field_apart_is_linear(piece):
    started = time.process_time()
    refusal(piece * (200_000 // len(piece)))
    assert time.process_time() - started < 2


_ATOM = st.text("abcXYZ019!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=12)
_QUOTED = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=20
).map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
_DOMAIN = st.sampled_from(
    ["example.com", "bücher.example", "xn--bcher-kva.example", "a-1.b.museum"]
)
_NAME = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from('<>@",:;'),
    max_size=40,
)


@given(st.lists(st.tuples(_NAME, _ATOM | _QUOTED, _DOMAIN), max_size=6))
def test_any_addresses_written_into_a_field_are_read_back(people):
    """S26: quoted parts before the @, domains in other letters, any name."""
    wanted = {}
    for name, local, domain in people:
        name = " ".join(name.split())
        one = check_address(f"{local}@{domain}")
        wanted.setdefault(one.key, Address(name, one.email))
    typed = ", ".join(written(one) for one in wanted.values())
    assert check_addresses(typed) == tuple(wanted.values())


def written(address: Address) -> str:
    escaped = address.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address.email}>' if escaped else address.email


def test_the_bad_one_of_several_is_named():
    with pytest.raises(BadAddress, match="bobexample"):
        check_addresses("ann@example.com, bobexample.com")


@given(st.text())
def test_whatever_is_typed_is_accepted_or_refused_with_a_sentence(text):
    assert refusal(text).endswith(".")


def refusal(text: str) -> str:
    try:
        check_addresses(text)
    except BadAddress as refused:
        return str(refused)
    return "Accepted."
