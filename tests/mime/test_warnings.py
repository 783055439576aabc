"""What a careful reader notices in a text and in an address: promised files, look-alike domains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.attachments import may_run
from letterbook.mime.look_alikes import is_one_edit_away, look_alike
from letterbook.mime.promised_files import promised_file


@pytest.mark.parametrize(
    "text",
    [
        "Please find attached the offer.",
        "I'm attaching two files.",
        "See the attachment!",
        "Please find enclosed our offer.",
        "Anbei das Angebot.",
        "Das Angebot finden Sie im Anhang.",
        "Die Datei ist beigefügt.",
        "Unterlagen in der Anlage",
        "Veuillez trouver ci-joint le devis",
        "Le devis est en pièce jointe.",
        "Je vous joins le devis.",
        "Adjunto la factura.",
        "Los archivos adjuntos",
        "In allegato l'offerta",
        "Zie de bijlage.",
        "De factuur is bijgevoegd.",
        "Segue em anexo a fatura.",
        "Faktura w załączniku.",
        "Jag bifogar fakturan.",
        "Se vedhæftet fil",
        "Счёт во вложении.",
        "資料を添付します。",
        "请见附件。",
    ],
)
def test_a_promised_file_is_noticed_in_many_languages(text):
    assert promised_file(text)


@pytest.mark.parametrize(
    "text",
    [
        "There is no attachment this time.",
        "Ohne Anhang, wie besprochen.",
        "Sans pièce jointe.",
        "Die Anlage läuft seit Montag.",
        "We met at the reattachment site",
        "Thank you, see you on Monday.",
        "",
    ],
)
def test_other_words_promise_nothing(text):
    assert promised_file(text) == ""


KNOWN = ("lindwerk.example", "müller.example", "northern-trading.example")


@pytest.mark.parametrize(
    ("domain", "known"),
    [
        ("lindwrk.example", "lindwerk.example"),
        ("lindwekr.example", "lindwerk.example"),
        ("lindwerkk.example", "lindwerk.example"),
        ("lindvverk.example", "lindwerk.example"),
        ("l1ndwerk.example", "lindwerk.example"),
        ("northem-trading.example", "northern-trading.example"),
        ("gmial.com", "gmail.com"),
        ("muller.example", "müller.example"),
        ("lindwerk.example", ""),
        ("mail.com", ""),
        ("ymail.com", ""),
        ("elsewhere.example", ""),
        ("ab.ex", ""),
    ],
)
def test_a_domain_that_looks_like_a_known_one_is_noticed(domain, known):
    assert look_alike(domain, KNOWN) == known


def test_letters_of_another_script_are_seen_through():
    """B8: as people see it, and as it travels."""
    cyrillic = "lindw\u0435rk.example"
    assert look_alike(cyrillic, KNOWN) == "lindwerk.example"
    assert look_alike("xn--lindwrk-chg.example", KNOWN) == look_alike(cyrillic, KNOWN)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_edit_is_what_it_says(one, other):
    swapped = {one[:n] + one[n + 1] + one[n] + one[n + 2 :] for n in range(len(one) - 1)}
    left_out = {one[:n] + one[n + 1 :] for n in range(len(one))}
    changed = {one[:n] + letter + one[n + 1 :] for n in range(len(one)) for letter in "abc"}
    added = {one[:n] + letter + one[n:] for n in range(len(one) + 1) for letter in "abc"}
    near = (swapped | left_out | changed | added) - {one}
    assert is_one_edit_away(one, other) is (other in near)
    assert is_one_edit_away(one, other) is is_one_edit_away(other, one)


@pytest.mark.parametrize(
    ("name", "is_so"),
    [
        ("setup.exe", True),
        ("Invoice.pdf.SCR", True),
        ("list.xlsm", True),
        ("page.js. ", True),
        ("link.url", True),
        ("invoice.pdf", False),
        ("letter.docx", False),
        ("exe", False),
        ("pictures.zip", False),
    ],
)
def test_what_runs_when_it_is_opened_is_known_by_its_name(name, is_so):
    """B19: nothing is unpacked or run here; on the reader's machine a double click is enough."""
    assert may_run(name) is is_so
