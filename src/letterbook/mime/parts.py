"""An email's structure: header blocks and the parts of a multipart, as positions in the raw bytes.

Nothing is copied or decoded here, and every count is bounded, so a hostile message costs no more than a
large honest one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from letterbook.mime.parameters import read_parameters

MAX_DEPTH = 50
MAX_PARTS = 1_000
MAX_HEADERS = 5_000
MAX_BOUNDARY = 4_000
# Lines that only look like a boundary cost time too; this many of them are looked at.
MAX_BOUNDARY_CANDIDATES = 50_000

_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_FROM_LINE = re.compile(rb">?From [^\n]*\n")
_BROKEN_LINE = re.compile(
    rb"[^\s\n][^\n]{0,1000}\n(?=(?:received|delivered-to|return-path|from|to|cc|subject|date|message-id"
    rb"|mime-version|content-type|content-transfer-encoding|reply-to|references|in-reply-to)[ \t]*:)",
    re.IGNORECASE,
)
_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]*\r?(?:\n|\Z)")

_NAMES = (
    "auto-submitted bcc cc content-disposition content-id content-transfer-encoding content-type date from"
    " in-reply-to list-id message-id precedence references reply-to resent-from return-path sender subject to"
    " x-autoreply x-autorespond x-letterbook-send-key x-sender"
)
# The headers that are read; the others are passed over, which is most of them.
_READ = {name.encode("ascii"): name for name in _NAMES.split()}
# A whole block at one go, and where its lines begin: header by header this took half as long again.
_BLOCK = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\n]*+(?:\n[ \t][^\n]*+)*+(?:\n|\Z))*+")
_NEXT_HEADER = re.compile(rb"\n(?=[!-9;-~])")


@dataclass(slots=True)
class Part:
    """One node of the structure; `start` and `end` enclose its body in the raw bytes."""

    headers: dict[str, list[bytes]]
    content_type: str
    parameters: dict[str, str]
    start: int
    end: int
    children: list[Part] = field(default_factory=list)

    def first(self, name: str) -> bytes:
        """Return the first value of a header, or nothing."""
        values = self.headers.get(name)
        return values[0] if values else b""


@dataclass(slots=True)
class Structure:
    """A message taken apart: its root, all its leaves in order, and what had to be left out."""

    raw: bytes
    root: Part
    leaves: list[Part] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_structure(raw: bytes) -> Structure:
    """Return the structure of a message; whatever the bytes are, it has a root and a leaf."""
    if b"\n" not in raw[:100_000]:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _StructureReader(raw).read()


def header_lines(
    raw: bytes, position: int = 0, end: int | None = None
) -> Iterator[re.Match[bytes]]:
    """Yield a match (name, value) for each header of the block that begins here."""
    end = len(raw) if end is None else end
    while True:
        while found := _HEADER.match(raw, position, end):
            position = found.end()
            yield found
        # One broken line between headers must not turn the others into body.
        broken = _BROKEN_LINE.match(raw, position, end)
        if not broken:
            return
        position = broken.end()


class _StructureReader:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.part_count = 0
        self.candidates = 0
        self.warnings: list[str] = []
        self.leaves: list[Part] = []

    def read(self) -> Structure:
        start = found.end() if (found := _FROM_LINE.match(self.raw)) else 0
        root = self.part(start, len(self.raw), "text/plain")
        self.divide(root, depth=0)
        return Structure(self.raw, root, self.leaves, self.warnings)

    def part(self, start: int, end: int, default_type: str) -> Part:
        headers, body = self.headers(start, end)
        values = headers.get("content-type")
        content_type, parameters = read_parameters(values[0]) if values else ("", {})
        return Part(headers, content_type or default_type, parameters, min(body, end), end)

    def headers(self, start: int, end: int) -> tuple[dict[str, list[bytes]], int]:
        block = _BLOCK.match(self.raw, start, end)
        after = block.end() if block else start
        if (
            _BROKEN_LINE.match(self.raw, after, end)
            or self.raw.count(b"\n", start, after) > MAX_HEADERS
        ):
            headers, after = self.odd_headers(start, end)
        else:
            headers = _read_block(self.raw[start:after])
        if self.raw.startswith(b"\r\n", after):
            return headers, after + 2
        return headers, after + self.raw.startswith(b"\n", after)

    def odd_headers(self, start: int, end: int) -> tuple[dict[str, list[bytes]], int]:
        """Read headers line by line: some are broken, or there are very many."""
        headers: dict[str, list[bytes]] = {}
        count = 0
        for found in header_lines(self.raw, start, end):
            start = found.end()
            count += 1
            name = _READ.get(found[1].lower())
            if name and count <= MAX_HEADERS:
                headers.setdefault(name, []).append(found[2])
        if count > MAX_HEADERS:
            self.warn(f"More than {MAX_HEADERS} headers; the rest is left out.")
        return headers, start

    def divide(self, part: Part, *, depth: int) -> None:
        if part.content_type.startswith("multipart/"):
            if depth >= MAX_DEPTH:
                self.warn(
                    f"Parts nested more than {MAX_DEPTH} deep; the inner ones are one part here."
                )
            else:
                self.find_children(part, depth)
        if not part.children:
            self.leaves.append(part)

    def find_children(self, part: Part, depth: int) -> None:
        default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        for start, end in self.spans(part):
            self.part_count += 1
            child = self.part(start, end, default)
            part.children.append(child)
            self.divide(child, depth=depth + 1)

    def spans(self, part: Part) -> list[tuple[int, int]]:
        """Return where the parts between the boundaries begin and end."""
        boundary = part.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
        if not boundary or len(boundary) > MAX_BOUNDARY:
            self.warn("A multipart without a usable boundary is shown as it came.")
            return []
        spans: list[tuple[int, int]] = []
        start: int | None = None
        for at, after, is_last in self.boundaries(b"--" + boundary, part):
            if start is not None:
                spans.append((start, self.before_line(at, start)))
            start = None if is_last else after
            if is_last:
                break
            if self.part_count + len(spans) >= MAX_PARTS:
                self.warn(f"More than {MAX_PARTS} parts; the rest is one part here.")
                break
        if start is not None:
            spans.append((start, part.end))
        return spans

    def boundaries(self, delimiter: bytes, part: Part) -> Iterator[tuple[int, int, bool]]:
        raw, at = self.raw, part.start
        while (at := raw.find(delimiter, at, part.end)) != -1:
            self.candidates += 1
            if self.candidates > MAX_BOUNDARY_CANDIDATES:
                self.warn("Too many lines that look like a boundary; the rest is one part.")
                return
            found = _AFTER_BOUNDARY.match(raw, at + len(delimiter), part.end)
            if found and (at == part.start or raw[at - 1] == 10):
                yield at, found.end(), found[1] is not None
                at = found.end()
            else:
                at += len(delimiter)

    def before_line(self, at: int, start: int) -> int:
        """Return the end of the part before this boundary: the line break belongs to the boundary."""
        if at - 1 >= start and self.raw[at - 1] == 10:
            at -= 1
            if at - 1 >= start and self.raw[at - 1] == 13:
                at -= 1
        return at

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def _read_block(block: bytes) -> dict[str, list[bytes]]:
    headers: dict[str, list[bytes]] = {}
    for line in _NEXT_HEADER.split(block.removesuffix(b"\n")):
        name, _, value = line.partition(b":")
        if known := _READ.get(name.rstrip(b" \t").lower()):
            headers.setdefault(known, []).append(value)
    return headers
