"""How an email is protected: signed or encrypted, by S/MIME or PGP: told, but neither checked nor opened here."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

_BEGINNING = 4_000


class Protection(Enum):
    """What a person is told of it."""

    SMIME_SIGNED = "signed with S/MIME"
    SMIME_CLOSED = "encrypted or wrapped with S/MIME"
    PGP_SIGNED = "signed with PGP"
    PGP_CLOSED = "encrypted with PGP"

    @property
    def is_closed(self) -> bool:
        """Whether what it says can be read only by a mail program that has the key."""
        return self in {Protection.SMIME_CLOSED, Protection.PGP_CLOSED}


_BY_TYPE = {
    "application/pkcs7-mime": Protection.SMIME_CLOSED,
    "application/x-pkcs7-mime": Protection.SMIME_CLOSED,
    "application/pgp-encrypted": Protection.PGP_CLOSED,
    "application/pkcs7-signature": Protection.SMIME_SIGNED,
    "application/x-pkcs7-signature": Protection.SMIME_SIGNED,
    "application/pgp-signature": Protection.PGP_SIGNED,
}
_BY_OPENING = {
    "-----BEGIN PGP MESSAGE-----": Protection.PGP_CLOSED,
    "-----BEGIN PGP SIGNED MESSAGE-----": Protection.PGP_SIGNED,
}


def protection_of(content_types: Collection[str], *, text: str) -> Protection | None:
    """Return how an email with these attachments and this text is protected, or None where it is not."""
    for content_type, protection in _BY_TYPE.items():
        if content_type in content_types:
            return protection
    # Only on a line of its own: a quoted one protects nothing.
    lines = {line.rstrip() for line in text[:_BEGINNING].split("\n")}
    return next(
        (protection for opening, protection in _BY_OPENING.items() if opening in lines), None
    )
