"""What is written for PostgreSQL's binary COPY is what PostgreSQL reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letterbook.correspondence import columns
from letterbook.correspondence.indexing import LAST_POSITION, MOST_POSITIONS, index_entry
from letterbook.correspondence.words import fold_words

pytestmark = pytest.mark.django_db
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
TIMES = st.integers(-(10**15), 10**16).map(
    lambda microseconds: EPOCH + timedelta(microseconds=microseconds)
)


def through_postgres(types: list[str], values: list[bytes]) -> tuple[object, ...]:
    """What PostgreSQL makes of one row that was written by us."""
    names = ", ".join(f"c{number} {kind}" for number, kind in enumerate(types))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE written ({names})")
        with cursor.copy("COPY written FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(columns.HEADER + columns.row_of(len(types), values) + columns.TRAILER)
        cursor.execute("SELECT * FROM written")
        row: tuple[object, ...] = cursor.fetchone()
        cursor.execute("DROP TABLE written")
        return row


def entry(*parts: str) -> str:
    found = index_entry(*[part.encode().split() for part in parts])
    return str(through_postgres(["tsvector"], [columns.from_bytes(found)])[0])


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    TEXTS,
    st.lists(TEXTS, max_size=4),
    st.binary(),
    TIMES,
    st.uuids(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**15), 2**15 - 1),
)
def test_every_kind_of_value_arrives_as_it_was(text, texts, raw, time, uuid, flag, number, short):
    told = through_postgres(
        ["text", "text[]", "bytea", "timestamptz", "uuid", "bool", "int4", "int2", "jsonb"],
        [
            columns.from_text(text),
            columns.from_texts(texts),
            columns.from_bytes(raw),
            columns.from_time(time),
            columns.from_id(uuid),
            columns.from_boolean(flag),
            columns.from_integer(number),
            columns.from_short(short),
            columns.from_json(json.dumps({"name": text})),
        ],
    )
    as_stored = (text, texts, memoryview(raw), time, uuid, flag, number, short)
    assert told[:8] == as_stored
    document = told[8] if isinstance(told[8], dict) else json.loads(str(told[8]))
    assert document == {"name": text}


def test_nothing_arrives_as_null():
    assert through_postgres(
        ["uuid", "timestamptz"], [columns.from_id(None), columns.from_time(None)]
    ) == (None, None)


def test_a_time_before_2000_and_its_microseconds_are_kept():
    time = datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    later = time + timedelta(microseconds=2)
    told = through_postgres(
        ["timestamptz"] * 2, [columns.from_time(time), columns.from_time(later)]
    )
    assert told == (time, later)
    assert through_postgres(["uuid"], [columns.from_id(UUID(int=7))]) == (UUID(int=7),)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text("abcäπ日 ", max_size=30), min_size=4, max_size=4))
def test_letters_are_indexed_as_postgresql_would_itself(parts):
    folded = [fold_words(part) for part in parts]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setweight(to_tsvector('simple', %s), 'A') || setweight(to_tsvector('simple', %s), 'B')"
            " || setweight(to_tsvector('simple', %s), 'C') || setweight(to_tsvector('simple', %s), 'D')",
            folded,
        )
        assert entry(*folded) == cursor.fetchone()[0]


def test_a_word_of_letters_and_digits_stays_one_word():
    assert entry("", "", "", "commit 9e539b00") == "'9e539b00':2 'commit':1"


def test_a_word_said_too_often_and_a_text_too_long_are_indexed_as_far_as_they_can_be():
    assert entry("", "", "", "again " * 300).count(",") == MOST_POSITIONS - 1
    many = [f"w{number}" for number in range(LAST_POSITION + 10)]
    told = entry("first", "", "", " ".join(["first", *many]))
    assert f"'w{LAST_POSITION - 2}':{LAST_POSITION}" in told
    assert f"'w{LAST_POSITION - 1}'" not in told
    assert "'first':1A " in told
