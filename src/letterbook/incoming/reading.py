"""Reading raw messages apart from everything else: in the worker, or in processes of their own during an import.

Knows no Django, so that such a process starts in a moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from letterbook.correspondence.packing import Email, pack_message
from letterbook.incoming.bounds import bounded_time
from letterbook.kit.pickling import Compact
from letterbook.mime.dates import read_date
from letterbook.mime.parsing import Unparsable, parse_message

_RECEIVED = b"\nreceived:"
_VALUE = re.compile(rb"[^\n]*+(?:\n[ \t][^\n]*+)*+")
_ENVELOPE_DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .*")
_EARLIEST_YEAR = 1980
# An mbox that was made later says the same day of all its messages; one that a mail server wrote agrees with Date.
_AGREES = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Source(Compact):
    """One message of an archive, and what its file says of when it arrived."""

    provider_id: str
    raw: bytes
    envelope: str
    file_at: datetime


@dataclass(frozen=True, slots=True)
class ReadSource(Compact):
    """What was made of a source: its content, or the error that says what is the matter with it."""

    content: Email | None
    error: str
    received_at: datetime


def read_sources(sources: Sequence[Source], *, at: datetime) -> list[ReadSource]:
    """Return what can be made of each source; whatever is wrong with one stays its own."""
    return [_read_source(source, at=at) for source in sources]


def read_or_tell(raw: bytes) -> Email | str:
    """Return the content of an email, or what is the matter with it."""
    try:
        with bounded_time():
            return pack_message(raw, parse_message(raw))
    except Unparsable as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the edge between one message from outside and all the others
        return f"The parser failed: {type(error).__name__}: {error}"


def _read_source(source: Source, *, at: datetime) -> ReadSource:
    content = read_or_tell(source.raw)
    if isinstance(content, str):
        return ReadSource(None, content, _find_received_at(source, date=None, at=at))
    return ReadSource(content, "", _find_received_at(source, date=content.parsed.date, at=at))


def _find_received_at(source: Source, *, date: datetime | None, at: datetime) -> datetime:
    """The best of what a message says of its arrival itself, and never a time to come."""
    for candidate in _arrival_times(source.raw, envelope=source.envelope, date=date):
        if candidate.year >= _EARLIEST_YEAR and candidate <= at:
            return candidate
    return min(source.file_at, at)


def _arrival_times(raw: bytes, *, envelope: str, date: datetime | None) -> Iterator[datetime]:
    if newest := _newest_received(raw):
        yield newest
    found = _ENVELOPE_DATE.search(envelope)
    enveloped = read_date(" ".join(found[0].split())) if found else None
    if enveloped and date and abs(enveloped - date) <= _AGREES:
        yield enveloped
    if date:
        yield date
    if enveloped:
        yield enveloped


def _newest_received(raw: bytes) -> datetime | None:
    """The date of the first Received with one: the last server on the way put it there."""
    head = b"\n" + raw[: _end_of_head(raw)]
    # In lower case it is found without looking at each letter in two.
    lowered = head.lower()
    at = -1
    while (at := lowered.find(_RECEIVED, at + 1)) >= 0:
        found = _VALUE.match(head, at + len(_RECEIVED))
        value = found[0] if found else b""
        _, semicolon, date = value.rstrip(b";").rpartition(b";")
        if semicolon and date:
            return read_date(" ".join(date.decode("ascii", "replace").split()))
    return None


def _end_of_head(raw: bytes) -> int:
    """Where the headers end. The other ending is looked for among them only, and not through all the files."""
    end = raw.find(b"\n\n")
    end = len(raw) if end < 0 else end
    other = raw.find(b"\r\n\r\n", 0, end + 1)
    return end if other < 0 else other
