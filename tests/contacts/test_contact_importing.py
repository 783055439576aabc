"""Importing contacts from the files that other programs export."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letterbook.contacts import importing
from letterbook.contacts.csv_rows import read_csv
from letterbook.contacts.decoding import decode_text
from letterbook.contacts.imported import MAX_BYTES, ImportRow, RefusedRow
from letterbook.contacts.importing import import_contacts
from letterbook.contacts.models import Contact, ContactAddress
from letterbook.contacts.reading import list_contacts, look_up
from letterbook.contacts.vcards import read_vcards
from letterbook.kit.refusals import Invalid
from letterbook.teams.models import AuditEntry

TABLE = (
    "Name,E-mail,Company,Job title,Phone,Notes\n"
    "Cora Client,cora@client.example,Client Ltd,Buyer,+44 1,met in May\n"
    "Dan Döner,dan@client.example; dd@private.example,,,,\n"
    "No Address,,Ltd,,,\n"
)


@pytest.fixture
def take(alice, at):
    """Import a file for alice's team."""

    def go(content, *, filename="contacts.csv", member=alice):
        content = content.encode() if isinstance(content, str) else content
        return import_contacts(member, content, filename=filename, at=at)

    return go


def table_of(*rows, delimiter=","):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def stored():
    contacts = Contact.objects.order_by("name").values_list("name", "company")
    return list(contacts), set(ContactAddress.objects.values_list("address", flat=True))


def test_a_table_becomes_contacts(take, alice):
    outcome = take(TABLE)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (3, 0, 0)
    assert outcome.refused == ()
    cora = look_up(alice, "cora")[0].contact
    assert (cora.company, cora.job_title, cora.phone, cora.note) == (
        "Client Ltd",
        "Buyer",
        "+44 1",
        "met in May",
    )
    dan = look_up(alice, "doner")[0].contact
    assert [one.address for one in dan.addresses.order_by("-is_primary")] == [
        "dan@client.example",
        "dd@private.example",
    ]


def test_the_same_file_again_changes_nothing(take):
    """S57: an import can be repeated."""
    take(TABLE)
    before = stored()
    outcome = take(TABLE)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 0, 3)
    assert stored() == before


def test_what_is_known_is_filled_in_and_never_overwritten(take, make_contact, alice):
    make_contact("Ms Client", "CORA@client.example", company="Old Ltd")
    outcome = take("Name,Email,Company,Phone\nCora,cora@client.example;new@client.example,New,1\n")
    assert (outcome.created, outcome.updated) == (0, 1)
    contact = Contact.objects.get()
    assert (contact.name, contact.company, contact.phone) == ("Ms Client", "Old Ltd", "1")
    assert contact.addresses.get(is_primary=True).address == "CORA@client.example"
    assert look_up(alice, "new@client.example")[0].contact == contact


def test_it_is_told_whose_stored_mail_must_be_linked(take, make_contact):
    """S67: those who got an address, and nobody else."""
    known = make_contact("Known", "known@x.example")
    make_contact("Same", "same@x.example")
    outcome = take(
        "Name,Email,Company\n,known@x.example;more@x.example,\nNew,new@x.example,\n"
        "Same,same@x.example,Filled Ltd\nNo address,,\n"
    )
    assert set(outcome.gained) == {known.pk, Contact.objects.get(name="New").pk}
    assert take("Name,Email\nNew,new@x.example\n").gained == ()


def test_one_person_on_several_lines_is_one_contact(take):
    outcome = take("Name,Email\nCora,c@x.example\n,C@X.example\nCora,c@x.example;d@x.example\n")
    assert (outcome.created, outcome.updated, outcome.unchanged) == (1, 1, 1)
    assert ContactAddress.objects.count() == 2


def test_a_bad_row_is_reported_with_its_line_and_the_good_ones_are_kept(take, make_contact):
    make_contact("First", "first@x.example")
    make_contact("Second", "second@x.example")
    outcome = take(
        "Name,Email,Company\n"
        '"Two\nlines",good@x.example,\n'
        "Broken,not an address,\n"
        "Both,first@x.example; second@x.example,\n"
        f"Long,long@x.example,{'x' * 201}\n"
        ",,only a company\n"
        "Last,last@x.example,\n"
    )
    assert outcome.created == 2
    assert [one.line for one in outcome.refused] == [4, 5, 6, 7]
    reasons = [one.reason for one in outcome.refused]
    assert "has no @" in reasons[0]
    assert "First and Second" in reasons[1]
    assert "longer than 200" in reasons[2]
    assert "neither a name nor an address" in reasons[3]
    assert Contact.objects.filter(name="Two lines").exists()


def test_an_import_reaches_its_own_team_only(take, charlie, make_contact, alice):
    make_contact("Theirs", "cora@client.example", member=charlie)
    assert take(TABLE).created == 3
    assert [str(one) for one in list_contacts(charlie).contacts] == ["Theirs"]


def test_an_import_is_in_the_audit_log(take, alice):
    take(TABLE)
    entry = AuditEntry.objects.get(what="contacts imported")
    assert entry.user == alice.user
    assert entry.details["created"] == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(take, delimiter):
    rows = [("Name", "E-Mail"), ("Müller, Jörg; | Dr.", "j@x.example")]
    assert take(table_of(*rows, delimiter=delimiter)).created == 1
    assert Contact.objects.get().name == "Müller, Jörg; | Dr."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_found(take, encoding):
    assert take("Name;Email\nJörg Müller;j@x.example\n".encode(encoding)).created == 1
    assert Contact.objects.get().name == "Jörg Müller"


@pytest.mark.parametrize(
    "heading",
    [
        "First Name,Last Name,E-mail Address,Company",
        "Given Name,Family Name,E-mail 1 - Value,Organization Name",
        "given_name,surname,primaryEmail,organisation",
        "Vorname,Nachname,E-Mail-Adresse,Firma",
        "PRÉNOM,NOM,Courriel,Société",
        "Nombre,Apellidos,Correo electrónico,Empresa",
    ],
)
def test_columns_are_known_by_many_names(take, heading):
    take(f"{heading}\nCora,Client,c@x.example,Ltd\n")
    assert stored() == ([("Cora Client", "Ltd")], {"c@x.example"})


def test_gmails_and_outlooks_several_addresses_are_all_taken(take):
    take(
        "Name,E-mail 1 - Type,E-mail 1 - Value,E-mail 2 - Value\n"
        "Cora,Work,a@x.example ::: b@x.example,c@x.example\n"
    )
    assert stored()[1] == {"a@x.example", "b@x.example", "c@x.example"}


def test_excels_first_line_is_no_row(take):
    assert take("sep=;\nName;Email\nCora, Client;c@x.example\n").created == 1


def test_a_table_without_headings_is_understood_by_its_addresses(take):
    assert take("c@x.example,Cora\nd@x.example,Dan\n").created == 2
    assert stored()[0] == [("Cora", ""), ("Dan", "")]


@pytest.mark.parametrize(
    "content", ["", "  \n", "a,b\n1,2\n", b"\xff\xfe", b"\x89PNG\r\n\x1a\n\x00\x00"]
)
def test_a_file_that_is_no_table_of_contacts_is_refused(take, content):
    with pytest.raises(Invalid) as refused:
        take(content)
    assert refused.value.field == "file"
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR, an @ among its bytes",
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00xl/workbook.xml",
        b"%PDF-1.7\nName,Email\n",
    ],
    ids=["picture", "spreadsheet", "pdf"],
)
def test_a_file_that_is_no_text_is_told_so_and_not_that_it_lacks_columns(take, content):
    """S57: whoever chose the wrong file hears that, and what to choose instead."""
    with pytest.raises(Invalid, match="no CSV file and no vCard") as refused:
        take(content)
    assert "saved as CSV" in refused.value.way_out


def test_a_file_too_large_is_refused_before_anything_is_stored(take, monkeypatch):
    """F7."""
    with pytest.raises(Invalid, match="more than 32 MB"):
        take(b"x" * (MAX_BYTES + 1))
    monkeypatch.setattr(importing, "MAX_ROWS", 2)
    with pytest.raises(Invalid, match="more than 2 contacts"):
        take(TABLE)
    assert not Contact.objects.exists()


def test_a_quote_that_is_never_closed_takes_no_good_row_with_it_unsaid(take):
    outcome = take('Name,Email\nCora,c@x.example\n"Open,' + "x" * 200_000 + "\nLast,l@x.example\n")
    assert outcome.created >= 1
    assert 3 in [one.line for one in outcome.refused]


CARDS = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Cora Client\r\nN:Client;Cora;;;\r\nORG:Client\\, Ltd;Sales\r\n"
    "TITLE:Buyer\r\nTEL;TYPE=work:+44 1\r\nEMAIL;TYPE=work:cora@client.example\r\n"
    "item1.EMAIL:cc@client.example\r\nNOTE:met\\nin May\r\n"
    "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n SkZJRgABAQ\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nthis is broken\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\nVERSION:4.0\nFN:Dan\nEMAIL:mailto:dan@client.example\n"
    "TEL;VALUE=uri:tel:+1-555\nEND:VCARD\n"
)


def test_vcards_become_contacts_and_a_broken_one_is_reported(take, alice):
    outcome = take(CARDS, filename="contacts.vcf")
    assert outcome.created == 2
    assert outcome.refused == (RefusedRow(14, "This card cannot be read."),)
    cora = look_up(alice, "cora")[0].contact
    assert (cora.company, cora.job_title, cora.phone, cora.note) == (
        "Client, Ltd",
        "Buyer",
        "+44 1",
        "met\nin May",
    )
    assert cora.addresses.count() == 2
    dan = look_up(alice, "dan")[0]
    assert (dan.address, dan.contact.phone) == ("dan@client.example", "+1-555")


def test_vcards_are_known_by_what_is_in_them(take):
    take(CARDS, filename="whatever.csv")
    assert take(CARDS, filename="").unchanged == 2


def test_html_in_a_card_stays_text(take, alice):
    """F12."""
    take("BEGIN:VCARD\nVERSION:3.0\nFN:<script>alert(1)</script>\nEND:VCARD\n")
    assert str(list_contacts(alice).contacts[0]) == "<script>alert(1)</script>"


CELL = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30
)


@given(
    cells=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
)
def test_every_cell_that_a_program_wrote_is_read_back(cells, delimiter):
    rows = [("name", "company"), *cells]
    kept = [pair for pair in cells if any(cell.strip() for cell in pair)]
    read = list(read_csv(table_of(*rows, delimiter=delimiter)))
    assert all(isinstance(row, ImportRow) for row in read)
    assert [(row.fields["name"], row.fields["company"]) for row in read] == [
        (name.strip(), company.strip()) for name, company in kept
    ]


@given(st.text(max_size=300))
def test_no_text_breaks_the_readers(text):
    for read in (read_csv, read_vcards):
        try:
            rows = list(read(text))
        except Invalid:
            continue
        assert all(row.line >= 1 for row in rows)


@given(st.lists(st.sampled_from([*CARDS.splitlines(), "N:;;", "EMAIL;X=", ":", ";;", "=\n "])))
def test_no_card_breaks_the_reader(lines):
    assert all(row.line >= 1 for row in read_vcards("\n".join(lines)))


@given(st.binary(max_size=300))
def test_any_bytes_become_text_that_can_be_stored(content):
    text = decode_text(content)
    assert "\x00" not in text
    text.encode()


@given(st.binary(max_size=200))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_file_breaks_an_import(alice, at, content):
    try:
        import_contacts(alice, b"name,email\n" + content, filename="x", at=at)
    except Invalid:
        return
    assert not Contact.objects.filter(addresses=None, name="").exists()
