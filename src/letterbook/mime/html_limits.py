"""How much HTML is handed to the sanitiser, whose tree costs far more than the text it is made from."""

from __future__ import annotations

import re
from collections import Counter

MAX_HTML = 6_000_000
MAX_DEPTH = 200
MAX_TAGS = 300_000
MAX_ENTITIES = 200_000
MAX_ATTRIBUTES = 100

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)([^>]*+)>?")
_VOID = "area base br col hr img input link meta wbr"
_CLOSED_BY_THE_NEXT = "p li dd dt td th tr tbody thead tfoot option"
_NEVER_DEEP = frozenset(f"{_VOID} {_CLOSED_BY_THE_NEXT}".split())


def bounded_html(html: str) -> tuple[str, bool]:
    """Return as much of the HTML as can be cleaned in a few seconds, and whether it was cut."""
    whole = len(html)
    html = html[: min(MAX_HTML, _entity_limit(html))]
    tags = _TagCounter()
    position, pieces = 0, []
    for found in _TAG.finditer(html):
        if tags.is_too_much(found):
            pieces.append(html[position : found.start()])
            return "".join(pieces), True
        if found[3].count("=") > MAX_ATTRIBUTES or len(found[3].split(None, 1000)) > 1000:
            pieces.append(html[position : found.start()])  # This tag alone; its content stays.
            position = found.end()
    pieces.append(html[position:])
    return "".join(pieces), len(html) < whole


class _TagCounter:
    """Counts what is open by name, so that end tags that match nothing do not hide the depth."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.depth = 0
        self.count = 0

    def is_too_much(self, found: re.Match[str]) -> bool:
        self.count += 1
        name = found[2].lower()
        if name not in _NEVER_DEEP:
            if not found[1]:
                self.open[name] += 1
                self.depth += 1
            elif self.open[name]:
                self.open[name] -= 1
                self.depth -= 1
        return self.depth > MAX_DEPTH or self.count > MAX_TAGS


def _entity_limit(html: str) -> int:
    if html.count("&") <= MAX_ENTITIES:
        return len(html)
    position = -1
    for _ in range(MAX_ENTITIES):
        position = html.find("&", position + 1)
    return position
