from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.quoting import split_quoted


@pytest.mark.parametrize(
    "intro",
    [
        "On Mon, 3 May 2021 at 12:00, Ann Lee <ann@example.com> wrote:",
        "On Mon, 3 May 2021 at 12:00, Ann Lee via Friends <\nfriends@example.com> wrote:",
        "Am 03.05.21 um 12:00 schrieb Ann Lee:",
        "Le 3 mai 2021 à 12:00, Ann Lee a écrit :",
        "El lun, 3 may 2021, Ann Lee escribió:",
        "Il giorno 3 mag 2021 Ann Lee ha scritto:",
        "Op 3 mei 2021 schreef Ann Lee:",
        "W dniu 03.05.2021 Ann Lee napisał(a):",
        "Ann Lee <ann@example.com> 于2021年5月3日 12:00写道\uff1a",
        "3 мая 2021 \u0433. Ann Lee написал:",
    ],
)
def test_an_answer_above_its_quotation_is_own(intro):
    taken = split_quoted(f"Yes, do.\n\n{intro}\n\n> Shall I?\n>\n> Ann\n")
    assert taken.own == "Yes, do."
    assert taken.quoted.startswith(intro)
    assert taken.quoted.endswith("> Ann")


@pytest.mark.parametrize(
    "block",
    [
        "-----Original Message-----\nFrom: Ann\n\nold",
        "-----Ursprüngliche Nachricht-----\nVon: Ann\n\nalt",
        "________________________________\nFrom: Ann <a@example.com>\nSent: Monday\nTo: Bob\nSubject: Plan\n\nold",
        "From: Ann\nSent: Monday\nTo: Bob\nSubject: Plan\n\nold",
        "Von: Ann\nGesendet: Montag\nAn: Bob\nBetreff: Plan\n\nalt",
        "*From:* Ann\n*Date:* Monday\n*To:* Bob\n\nold",
        "De : Ann\nEnvoyé : lundi\nÀ : Bob\nObjet : Plan\n\nancien",
        "---------- Forwarded message ---------\nFrom: Ann\n\nold",
        "On Mon, 3 May 2021 12:00, Ann wrote:\nold without marks",
    ],
)
def test_everything_below_an_earlier_message_is_history(block):
    taken = split_quoted(f"New words.\n\n{block}")
    assert (taken.own, taken.quoted) == ("New words.", block)


def test_answers_between_quoted_lines_stay_own():
    taken = split_quoted("On 3 May 2021, Ann wrote:\n> One?\nYes.\n> Two?\n\nNo.\n-- \nBob")
    assert (taken.own, taken.signature) == ("Yes.\n\nNo.", "-- \nBob")
    assert taken.quoted == "On 3 May 2021, Ann wrote:\n> One?\n> Two?"


def test_a_mailing_list_footer_is_no_own_word():
    footer = "_______________________________________________\nFriends mailing list\nhttps://lists.example.com"
    assert split_quoted(f"Hi\n{footer}").signature == footer


@pytest.mark.parametrize(
    "text",
    [
        "Plain words.\n\nAnd more: a list\n- one\n--- two",
        "From: the top of the hill\nwe saw it.",
        "As Ann wrote:\nnothing is quoted here.",
        "$ cat x | grep y\n| a | b |",
    ],
)
def test_what_only_looks_like_a_quotation_is_own(text):
    assert split_quoted(text).own == text


@given(
    st.lists(
        st.sampled_from(
            ["> q", "x", "", "-- ", "On 3 May, A wrote:", "From: a", "To: b", "Sent: c"]
        )
    )
)
def test_no_line_is_lost_or_doubled(lines):
    taken = split_quoted("\n".join(lines))
    kept = f"{taken.own}\n{taken.quoted}\n{taken.signature}".split()
    assert sorted(kept) == sorted("\n".join(lines).split())


@pytest.mark.parametrize(
    "line", ["> x\n", "On 1 wrote:\n", "From: x\n", "_" * 40 + "\n", "x:\n> y\n", " \n"]
)
def test_splitting_is_linear(line):
    started = time.process_time()
    split_quoted(line * (250_000 // len(line)))
    assert time.process_time() - started < 1
