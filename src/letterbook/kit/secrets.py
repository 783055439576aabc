"""Secrets at rest: encrypted, bound to the row they belong to, and readable by several keys while one is rotated."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

_SEPARATOR = b"\x00"


class SecretUnreadable(Exception):
    """No key opens this secret, or it was sealed for another row."""


class SecretBox:
    """Seals text with the first key and opens it with any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = MultiFernet([Fernet(key) for key in keys])

    def seal(self, secret: str, *, binding: str) -> bytes:
        """Encrypt `secret` so that it opens only with the same `binding` (say, the row it is stored in)."""
        return self._keys.encrypt(binding.encode() + _SEPARATOR + secret.encode())

    def open(self, sealed: bytes, *, binding: str) -> str:
        """Return the secret; raise `SecretUnreadable` when the key or the binding is another one."""
        bound_to, _, secret = self._decrypt(sealed).partition(_SEPARATOR)
        if bound_to != binding.encode():
            raise SecretUnreadable("This secret belongs to another row.")
        return secret.decode()

    def rotate(self, sealed: bytes) -> bytes:
        """Return the same secret sealed with the first key."""
        try:
            return self._keys.rotate(sealed)
        except InvalidToken as error:
            raise SecretUnreadable(
                "None of the keys in LETTERBOOK_SECRET_KEYS opens this secret."
            ) from error

    def _decrypt(self, sealed: bytes) -> bytes:
        try:
            return self._keys.decrypt(bytes(sealed))
        except InvalidToken as error:
            raise SecretUnreadable(
                "None of the keys in LETTERBOOK_SECRET_KEYS opens this secret."
            ) from error


def new_key() -> str:
    """Return a new key for a `SecretBox`."""
    return Fernet.generate_key().decode()


def new_token(prefix: str) -> str:
    """Return a random token that says by its prefix what it is for."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest_token(token: str) -> bytes:
    """Return what is stored of a token: enough to recognise it, useless to anyone who reads the table."""
    return hashlib.sha256(token.encode()).digest()
