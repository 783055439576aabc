"""The order of work is chosen by how common the words are, and no question may take for ever."""

from __future__ import annotations

import pytest
from django.db import connection

from factories import a_contact, a_mailbox, a_message
from letterbook.kit.refusals import NotNow
from letterbook.search import finding, planning
from letterbook.search.finding import search
from letterbook.search.planning import is_common


def test_a_word_is_common_by_what_postgresql_knows_of_it(alice, monkeypatch):
    monkeypatch.setattr(planning, "FEW", 10)
    monkeypatch.setattr(planning, "COMMON", 0.2)
    contact, mailbox = a_contact(alice, "Anna"), a_mailbox(alice)
    for n in range(60):
        a_message(mailbox, contact, subject="offer", text=f"half{n % 2} sixtieth{n}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE correspondence_message")
    assert is_common("'offer'")
    assert is_common("'half1'")
    assert not is_common("'sixtieth7'")
    assert not is_common("'unheard'")
    assert not is_common("'half1' & 'sixtieth7'")


def test_a_question_that_takes_too_long_is_ended_with_a_way_out(alice, monkeypatch):
    """F9: bounded by the database, whatever is asked."""

    def sleep(*args, **options):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(10)")

    monkeypatch.setattr(finding, "_PATIENCE", "50ms")
    monkeypatch.setattr(finding, "newest_matches", sleep)
    with pytest.raises(NotNow, match="too long") as refused:
        search(alice, "anything")
    assert refused.value.way_out


def test_what_comes_after_a_search_has_all_the_time_it_needs(alice, monkeypatch):
    monkeypatch.setattr(finding, "_PATIENCE", "2s")
    search(alice, "anything")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
