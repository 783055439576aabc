"""Packing a parsed email for the tables: its people and their keys, what ties it to others, its row and its source.

Knows no Django, so that an import can do it in processes of their own.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

import zstandard

from letterbook.correspondence import columns
from letterbook.correspondence.indexing import index_entry
from letterbook.correspondence.ties import message_keys
from letterbook.correspondence.words import folded_words
from letterbook.kit.pickling import Compact
from letterbook.mime.addresses import address_key
from letterbook.mime.attachments import AttachmentPart
from letterbook.mime.news import News, read_news
from letterbook.mime.parsing import PARSER_VERSION, ParsedMessage, parse_message

_LONGEST_ADDRESS = 320
_of_thread = threading.local()
_MOST_PEOPLE_INDEXED = 500
# The columns of a message that its content decides, in the order in which `_row` writes them.
CONTENT_COLUMNS = (
    "identity", "date_header", "message_id", "in_reply_to", "subject", "from_name", "from_address", "participants",
    "address_keys", "bcc_keys", "snippet", "text", "attachments", "has_attachments", "has_html", "is_automatic",
    "size", "parser_version", "search",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person(Compact):
    """Somebody on an email, in one of its roles; `key` is empty where the address cannot be anybody's."""

    role: str
    name: str
    email: str
    key: str


@dataclass(frozen=True, slots=True)
class Packed(Compact):
    """What is decided by and stored of an email.

    `people` are all on it, `bcc` those who are not openly on it, and `bcc_keys` theirs among the `address_keys`. `row`
    has the `CONTENT_COLUMNS`, encoded. `is_bulk`: a mailing list or a machine sent it. `send_key`: it says that it was
    written here.
    """

    identity: bytes
    author_key: str
    people: tuple[Person, ...]
    address_keys: tuple[str, ...]
    bcc_keys: tuple[str, ...]
    bcc: tuple[dict[str, str], ...]
    thread_keys: frozenset[bytes]
    row: bytes
    raw_zstd: bytes
    sha256: bytes
    is_bulk: bool
    send_key: UUID | None = None


class Email:
    """An email parsed and packed. From another process it comes packed only: few are asked for more.

    `news` is what it tells of an email that was sent.
    """

    __slots__ = ("_parsed", "news", "packed")

    def __init__(self, parsed: ParsedMessage | None, packed: Packed, news: News | None) -> None:
        self._parsed = parsed
        self.packed = packed
        self.news = news

    @property
    def parsed(self) -> ParsedMessage:
        """Everything the parser says of it."""
        if self._parsed is None:
            self._parsed = parse_message(unpack_source(self.packed.raw_zstd))
        return self._parsed

    def __reduce__(self) -> tuple[type[Email], tuple[None, Packed, News | None]]:
        return Email, (None, self.packed, self.news)


def pack_message(raw: bytes, parsed: ParsedMessage) -> Email:
    """Return a parsed email packed."""
    people = tuple(_people_on(parsed))
    # Who was in Bcc is for those who may read the copy that tells it; a search would tell everyone.
    openly = [each for each in people if each.role != "bcc"]
    blindly = [each for each in people if each.role == "bcc"]
    open_keys = {each.key for each in openly}
    address_keys = tuple(dict.fromkeys(each.key for each in people if each.key))
    bcc_keys = tuple({each.key: None for each in blindly if each.key not in open_keys | {""}})
    row = _row(parsed, openly, address_keys, bcc_keys, size=len(raw))
    return Email(
        parsed,
        Packed(
            identity=parsed.digest,
            author_key=parsed.from_.key,
            people=people,
            address_keys=address_keys,
            bcc_keys=bcc_keys,
            bcc=tuple(_blind(each) for each in blindly),
            thread_keys=message_keys(parsed),
            row=row,
            raw_zstd=pack_source(raw),
            sha256=sha256(raw).digest(),
            is_bulk=parsed.is_automatic or bool(parsed.list_id),
            send_key=parsed.send_key,
        ),
        read_news(raw, parsed),
    )


def pack_source(raw: bytes) -> bytes:
    """Return the bytes compressed for storing."""
    return _compressor().compress(raw)


def unpack_source(packed: bytes | memoryview) -> bytes:
    """Return what `pack_source` was given."""
    return zstandard.decompress(bytes(packed))


def unpack_beginning(packed: bytes | memoryview, *, size: int) -> bytes:
    """Return the first `size` bytes of what `pack_source` was given, without unpacking the rest."""
    with zstandard.ZstdDecompressor().stream_reader(bytes(packed)) as reader:
        return reader.read(size)


def _compressor() -> zstandard.ZstdCompressor:
    # Making one takes longer than compressing an ordinary email with it, and threads cannot share one. Level 1 takes
    # two thirds of the time of level 3, and two in a hundred bytes more.
    if not hasattr(_of_thread, "compressor"):
        _of_thread.compressor = zstandard.ZstdCompressor(level=1)
    compressor: zstandard.ZstdCompressor = _of_thread.compressor
    return compressor


def _row(
    parsed: ParsedMessage,
    openly: list[Person],
    address_keys: tuple[str, ...],
    bcc_keys: tuple[str, ...],
    *,
    size: int,
) -> bytes:
    seen = openly[:_MOST_PEOPLE_INDEXED]
    files = [each.filename for each in parsed.attachments if not each.is_inline]
    search = index_entry(
        folded_words(parsed.subject),
        folded_words(" ".join([f"{each.name} {each.email}" for each in seen])),
        folded_words(" ".join(files)),
        folded_words(parsed.own_text),
    )
    return b"".join(
        (
            columns.from_bytes(parsed.digest),
            columns.from_time(parsed.date),
            columns.from_text(parsed.message_id),
            columns.from_text(parsed.answered_id),
            columns.from_text(parsed.subject),
            columns.from_text(parsed.from_.name),
            columns.from_text(parsed.from_.email),
            columns.from_json(f"[{', '.join([_participant(each) for each in openly])}]"),
            columns.from_texts(address_keys),
            columns.from_texts(bcc_keys),
            columns.from_text(parsed.snippet),
            columns.from_text(parsed.text),
            columns.from_json(json.dumps([_attached(each) for each in parsed.attachments])),
            columns.from_boolean(any(not each.is_inline for each in parsed.attachments)),
            columns.from_boolean(parsed.has_html),
            columns.from_boolean(parsed.is_automatic),
            columns.from_integer(size),
            columns.from_short(PARSER_VERSION),
            columns.from_bytes(search),
        )
    )


def _people_on(parsed: ParsedMessage) -> list[Person]:
    roles = (
        ("from", (parsed.from_,)),
        ("to", parsed.to),
        ("cc", parsed.cc),
        ("bcc", parsed.bcc),
        ("reply_to", parsed.reply_to),
    )
    return [_person(role, each.name, each.email) for role, addresses in roles for each in addresses]


@lru_cache(maxsize=4096)
def _participant(person: Person) -> str:
    return json.dumps({"role": person.role, "name": person.name, "address": person.email})


def _attached(file: AttachmentPart) -> dict[str, str | int | bool]:
    return {name: getattr(file, name) for name in file.__slots__}


def _blind(person: Person) -> dict[str, str]:
    return {"name": person.name, "address": person.email, "key": person.key}


@lru_cache(maxsize=4096)
def _person(role: str, name: str, email: str) -> Person:
    """The same people write to the same people, and travel between processes once for a whole batch."""
    key = address_key(email)
    return Person(role, name, email, key if len(key) <= _LONGEST_ADDRESS else "")
