"""What the headers of an incoming email say: sender, recipients, date, whether a machine wrote it."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from letterbook.mime.addresses import Address, read_addresses
from letterbook.mime.characters import single_line
from letterbook.mime.dates import read_date
from letterbook.mime.encoded_words import decode_words, decoded_header, header_text
from letterbook.mime.parts import Part

MAX_SUBJECT = 4_000
MAX_DATE = 200
NOBODY = Address(name="", email="")

_BULK = re.compile(r"\b(?:bulk|junk|auto_reply)\b")
_MACHINES = frozenset({"mailer-daemon", "postmaster"})
_ADDRESS_IN_NAME = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_YEAR_ZERO = re.compile(r"\b0000\s+\d\d?:")
_BRACKETS = re.compile(r"<[^<>]*>")
_LIST_ID = re.compile(r"<([^<>]+)>")


class Headers:
    """The root part's headers, read on demand; what was odd is added to `warnings`."""

    def __init__(self, root: Part, warnings: list[str]) -> None:
        self.root = root
        self.warnings = warnings
        self.authors = self.addresses("from")
        self.list_id = self.read_list_id()

    def line(self, name: str, limit: int) -> str:
        """Return a header decoded, on one line, at most `limit` characters."""
        value = self.root.first(name)
        return single_line(decoded_header(value[: limit * 12]))[:limit] if value else ""

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses of every header with this name."""
        values = self.root.headers.get(name)
        if not values:
            return ()
        if len(values) == 1:
            return _addresses_in(values[0])
        return tuple(found for value in values for found in _addresses_in(value))

    def sender(self) -> tuple[Address, Address | None]:
        """Return From and Sender; where From names nobody, the next best header that does."""
        senders = self.addresses("sender")
        sender = senders[0] if senders else None
        if self.authors:
            self.warn_about(self.authors)
            return self.authors[0], sender
        for name in ("sender", "reply-to", "resent-from", "return-path", "x-sender"):
            if found := self.addresses(name):
                self.warnings.append(
                    f"There is no usable From; the sender is taken from {name.title()}."
                )
                return found[0], sender
        self.warnings.append("Nothing in this email says who sent it.")
        return self.named_sender(), sender

    def named_sender(self) -> Address:
        return Address(name=_BRACKETS.sub("", self.line("from", 300)).strip(' "'), email="")

    def warn_about(self, authors: tuple[Address, ...]) -> None:
        if len(authors) > 1:
            self.warnings.append("From names several senders; the first is shown.")
        named = _ADDRESS_IN_NAME.search(authors[0].name) if "@" in authors[0].name else None
        if named and named[0].casefold() != authors[0].email.casefold():
            self.warnings.append(
                f"The sender's name shows another address than {authors[0].email}."
            )
        domain = authors[0].email.rpartition("@")[2]
        if not domain.isascii() or "xn--" in domain:
            self.warnings.append("The sender's domain has letters that can look like others.")

    def date(self) -> datetime | None:
        """Return the Date header in UTC, or None where it is missing, broken or absurd."""
        text = self.line("date", MAX_DATE)
        if not text or _YEAR_ZERO.search(text):
            return None  # The library would read a year of zero as 2000.
        date = read_date(text)
        return date if date and 1970 <= date.year < 2100 else None

    def is_automatic(self) -> bool:
        """Return whether a machine wrote this, so that no machine may answer."""
        headers = self.root.headers
        submitted = self.line("auto-submitted", 60).lower()
        if submitted and not submitted.startswith("no"):
            return True
        if "x-autoreply" in headers or "x-autorespond" in headers:
            return True
        if (
            self.root.content_type == "multipart/report"
            or self.root.first("return-path").strip() == b"<>"
        ):
            return True
        return self.is_bulk()

    def is_bulk(self) -> bool:
        precedence = self.line("precedence", 60).lower()
        if _BULK.search(precedence) or (precedence.startswith("list") and not self.list_id):
            return True
        return any(author.email.partition("@")[0].lower() in _MACHINES for author in self.authors)

    def read_list_id(self) -> str:
        """Return the mailing list's id without its description, or ""."""
        value = self.line("list-id", 500)
        found = _LIST_ID.search(value)
        return (found[1] if found else value).strip().lower()[:250]


def _addresses_in(value: bytes) -> tuple[Address, ...]:
    return _few_addresses_in(value) if len(value) < 500 else read_addresses(header_text(value))


@lru_cache(maxsize=4096)
def _few_addresses_in(value: bytes) -> tuple[Address, ...]:
    """The same people write to the same people: remembered, this takes a third of the time."""
    return read_addresses(header_text(value))


def unfolded(value: bytes) -> str:
    """Return a header as people read it: decoded, on one line."""
    return single_line(decode_words(header_text(value)))
