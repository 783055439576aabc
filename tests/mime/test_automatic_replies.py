"""Automatic replies, and when their writers say to be back."""

from __future__ import annotations

from datetime import date

import pytest
from corpora import mbox_sample
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.automatic_replies import read_auto_reply
from letterbook.mime.back_on import find_back_on
from letterbook.mime.parsing import Unparsable, parse_message
from reported import away, head

WRITTEN = date(2026, 11, 23)  # a Monday
ID = "17@haldenrowe.example"


def read(raw: bytes):
    return read_auto_reply(raw, parse_message(raw))


def test_an_automatic_reply_tells_what_it_answers_and_when_its_writer_is_back():
    """S34, S94."""
    found = read(away(ID))
    assert (found.message_ids, found.back_on) == ((ID,), date(2026, 11, 20))


@pytest.mark.parametrize(
    "header",
    [
        "X-Autoreply: yes",
        "Precedence: auto_reply",
        "X-Autorespond: vacation",
        "Auto-Submitted: auto-replied (vacation)",
    ],
)
def test_a_header_says_that_a_machine_answered(header):
    raw = f"{head(header, sender='a@b.example', subject='Thanks')}\n\nI am away.".encode()
    assert read(raw) is not None


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: The proof", "Out of Office: The proof", "Automatische Antwort: The proof",
        "Abwesenheitsnotiz: The proof", "Réponse automatique : The proof", "Respuesta automática: The proof",
        "Risposta automatica: The proof", "Resposta automática: The proof", "Automatisch antwoord: The proof",
        "Autosvar: The proof", "Odpowiedź automatyczna: The proof", "Автоответ: The proof", "自動返信: The proof",
    ],
)  # fmt: skip
def test_exchange_says_so_in_the_subject_in_every_language(subject):
    raw = f"{head('Return-Path: <>', sender='a@b.example', subject=subject)}\n\nAway.".encode()
    assert read(raw) is not None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(f"{head(sender='a@b.example', subject='Vacation plans')}\n\nHi".encode(), id="a subject alone"),
        pytest.param(
            f"{head(sender='a@b.example', subject='Re: The proof')}\n\nI am away.".encode(), id="a person's answer"
        ),
        pytest.param(away(ID, "Away", "List-Id: <a.example>"), id="on a mailing list"),
        pytest.param(away(ID, "Away", "List-Unsubscribe: <mailto:a@b.example>"), id="a newsletter"),
        pytest.param(
            f"{head('Auto-Submitted: auto-generated', sender='a@b.example', subject='Your invoice')}\n\nHi".encode(),
            id="sent by a machine of its own accord",
        ),
    ],
)  # fmt: skip
def test_other_mail_is_no_automatic_reply(raw):
    assert read(raw) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("I am away until 5 December and back on Monday, 7 December 2026.", (2026, 12, 7)),
        ("Ich bin bis 5.12.2026 nicht im Büro.", (2026, 12, 5)),
        ("Ich bin vom 24.11. bis einschließlich 27.11. im Urlaub.", (2026, 11, 27)),
        ("Ab dem 1. Dezember bin ich wieder da", (2026, 12, 1)),
        ("Je suis absent jusqu'au vendredi 27 novembre inclus.", (2026, 11, 27)),
        ("Je serai de retour le 1er décembre", (2026, 12, 1)),
        ("Estaré fuera hasta el 30 de noviembre.", (2026, 11, 30)),
        ("Sarò assente fino al 4 dicembre", (2026, 12, 4)),
        ("Estarei ausente até 2 de dezembro.", (2026, 12, 2)),
        ("Ik ben terug op 3 december", (2026, 12, 3)),
        ("Jag är tillbaka den 2 december", (2026, 12, 2)),
        ("Я вернусь 30 ноября", (2026, 11, 30)),
        ("12月1日まで不在です", (2026, 12, 1)),
        ("I will be out of the office from 11/24 to 11/30.", (2026, 11, 30)),
        ("away 2026-11-24 - 2026-11-30", (2026, 11, 30)),
        ("Back in the office Jan 4", (2027, 1, 4)),
        ("I'll be back tomorrow.", (2026, 11, 24)),
        ("I return on Monday.", (2026, 11, 30)),
    ],
)
def test_the_day_of_return_is_read_in_many_languages(text, day):
    """S34."""
    assert find_back_on(text, written_on=WRITTEN) == date(*day)


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for your email of 23 November.",
        "I am on leave. Please call 555-12-34.",
        "I was away until 5 November 2026.",
        "I am back on 1/12.",  # the first of December here, the twelfth of January there
        "I will answer soon.",
    ],
)
def test_a_day_that_is_not_clearly_told_is_not_guessed(text):
    assert find_back_on(text, written_on=WRITTEN) is None


@given(text=st.text(max_size=500), raw=st.binary(max_size=1_000))
def test_nothing_is_too_strange_to_read(text, raw):
    found = find_back_on(f"back on {text} until {text}", written_on=WRITTEN)
    assert found is None or found >= WRITTEN
    try:
        read(b"Auto-Submitted: auto-replied\nSubject: away\n" + raw)
    except Unparsable:
        return


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["openbmc", "usrp-users", "spamassassin"])
def test_no_ordinary_mail_is_taken_for_an_automatic_reply(name):
    for raw in mbox_sample(name, every=5):
        assert read(raw) is None
