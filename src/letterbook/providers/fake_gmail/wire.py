"""What goes in and what comes out, whichever way it travelled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class FakeRequest:
    """One HTTP request; header names are lower-case, the path is decoded segment by segment."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def to(
        cls, method: str, target: str, *, headers: Mapping[str, str], body: bytes
    ) -> FakeRequest:
        """Return the request for a target such as `/gmail/v1/users/me/messages?q=x`."""
        parts = urlsplit(target)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        return cls(method, parts.path, query, headers, body)

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(unquote(one) for one in self.path.strip("/").split("/"))

    def first(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.query if key == name), default)

    def every(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.query if key == name)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class FakeAnswer:
    """A whole answer, given `after` so many seconds, `seconds_per_byte` apart."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()
    after: float = 0.0
    seconds_per_byte: float = 0.0


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection ends without a whole answer: quietly (FIN) or abruptly (RST), after `sent` bytes."""

    is_reset: bool = False
    sent: bytes = b""
    after: float = 0.0


Outcome = FakeAnswer | Dropped


# Any: JSON of whatever shape the caller built.
def json_answer(
    body: Mapping[str, Any], *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> FakeAnswer:
    """Return `body` as Google would put it on the wire."""
    return FakeAnswer(status, json.dumps(body).encode(), headers=headers)


NO_CONTENT = FakeAnswer(204)
