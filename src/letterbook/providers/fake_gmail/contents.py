"""The source of one email, kept small: compressed, and shared by every mailbox that holds it."""

from __future__ import annotations

import zlib
from functools import cached_property

from letterbook.providers.fake_gmail.header_lines import addresses_in, fields_of, readable


class Content:
    """The exact bytes of an email and, once someone asks, the words to search it by."""

    def __init__(self, raw: bytes) -> None:
        self._packed = zlib.compress(raw, level=1)
        self.size = len(raw)

    @property
    def raw(self) -> bytes:
        return zlib.decompress(self._packed)

    @property
    def fields(self) -> list[tuple[str, str]]:
        return fields_of(self.raw)

    @cached_property
    def search_words(self) -> dict[str, str]:
        """The searchable header texts, each in lower case and with its addresses beside the words."""
        words: dict[str, str] = {}
        for name, value in self.fields:
            key = name.lower()
            if key in {"from", "to", "cc", "bcc"}:
                text = f"{readable(value)} {' '.join(addresses_in(value))}"
            elif key in {"subject", "message-id"}:
                text = readable(value)
            else:
                continue
            words[key] = f"{words[key]} {text.casefold()}" if key in words else text.casefold()
        return words
