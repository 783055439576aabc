"""Email addresses: what an address is, and when two spellings are the same one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import idna

from letterbook.kit.pickling import Compact
from letterbook.mime.address_checking import BadAddress, take_apart
from letterbook.mime.address_reading import read_mailboxes
from letterbook.mime.typed_addresses import split_typed

__all__ = [
    "Address",
    "BadAddress",
    "address_key",
    "check_address",
    "check_addresses",
    "read_addresses",
]


_TRAILING = re.compile(r"[\s.\xad\u3002\uff0e\uff61]+\Z")


@dataclass(frozen=True, slots=True)
class Address(Compact):
    """One address with the name shown beside it; the name may be empty."""

    name: str
    email: str

    @property
    def key(self) -> str:
        """The form in which two spellings of one address are equal."""
        return address_key(self.email)


def address_key(email: str) -> str:
    """Return the form in which two spellings of one address are equal; tags and dots are kept."""
    email = _TRAILING.sub("", email.strip())
    if email.isascii():
        return email.lower()
    local, at, domain = email.rpartition("@")
    return _folded(local) + at + _domain_key(domain) if at else _folded(email)


def read_addresses(header_value: str) -> tuple[Address, ...]:
    """Return the addresses in an incoming header, however broken; what has no @ is left out."""
    return tuple(Address(name=name, email=email) for name, email in read_mailboxes(header_value))


def check_address(text: str) -> Address:
    """Return the one address typed as `Name <a@b>` or `a@b`, or raise BadAddress with the way out."""
    name, email = take_apart(text)
    return Address(name=name, email=email)


def check_addresses(text: str) -> tuple[Address, ...]:
    """Return the addresses typed into a field, each once, or raise BadAddress naming the bad one."""
    by_key: dict[str, Address] = {}
    for piece in split_typed(text):
        address = check_address(piece)
        by_key.setdefault(address.key, address)
    return tuple(by_key.values())


def _domain_key(domain: str) -> str:
    try:
        # idna refuses what is longer than 253; the cut only bounds what that costs.
        encoded = idna.encode(domain[:300], uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        encoded = _folded(unicodedata.normalize("NFKC", domain))
    return _TRAILING.sub("", encoded)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
