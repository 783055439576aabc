"""Values as PostgreSQL's binary COPY takes them.

Knows no Django: a row is written where its email is parsed, which may be a process of its own, and the process that
holds the team's lock only passes it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from uuid import UUID

from letterbook.kit.ids import new_id_bytes

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COUNT = Struct(">h").pack
_LENGTH = Struct(">i").pack
_SHORT = Struct(">ih").pack
_INTEGER = Struct(">ii").pack
_TIME = Struct(">iq").pack
_ARRAY = Struct(">iiiii").pack
_TEXT_TYPE = 25
_NO_TEXTS = _LENGTH(12) + Struct(">iii").pack(0, 0, _TEXT_TYPE)
_ID_LENGTH = _LENGTH(16)
_BOOLEANS = {False: _LENGTH(1) + b"\0", True: _LENGTH(1) + b"\1"}


def row_of(number: int, columns: Iterable[bytes]) -> bytes:
    """Return a row of so many columns, each of them encoded; several may come in one piece."""
    return _COUNT(number) + b"".join(columns)


def from_bytes(value: bytes) -> bytes:
    """Return a bytea, or anything else that is encoded already."""
    return _LENGTH(len(value)) + value


def from_text(value: str) -> bytes:
    """Return a text."""
    encoded = value.encode()
    return _LENGTH(len(encoded)) + encoded


def from_texts(values: Sequence[str]) -> bytes:
    """Return an array of texts."""
    if not values:
        return _NO_TEXTS
    return from_bytes(_ARRAY(1, 0, _TEXT_TYPE, len(values), 1) + b"".join(map(from_text, values)))


def from_json(value: str) -> bytes:
    """Return a jsonb of what is JSON already."""
    return from_bytes(b"\1" + value.encode())


def from_id(value: UUID | None) -> bytes:
    """Return a uuid."""
    return NULL if value is None else _ID_LENGTH + value.bytes


def from_new_id() -> bytes:
    """Return the uuid of something new."""
    return _ID_LENGTH + new_id_bytes()


def from_time(value: datetime | None) -> bytes:
    """Return a timestamptz."""
    return NULL if value is None else _TIME(8, (value - _EPOCH) // _MICROSECOND)


def from_boolean(value: bool) -> bytes:
    """Return a boolean."""
    return _BOOLEANS[value]


def from_integer(value: int) -> bytes:
    """Return an integer."""
    return _INTEGER(4, value)


def from_short(value: int) -> bytes:
    """Return a smallint."""
    return _SHORT(2, value)
