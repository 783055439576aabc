"""Plain text as HTML: escaped first of all, then with its addresses made into links."""

from __future__ import annotations

import re
from html import escape

MAX_TEXT = 2_000_000
_LINK = re.compile(
    r"\bhttps?://[^\s<>\"'`\\^{|}\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]{1,2000}"
    r"|(?<![\w.+@/-])[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}\b",
    re.IGNORECASE,
)
_OVERRIDES = re.compile("[\u202d\u202e]")
_ATTRIBUTES = 'rel="noopener noreferrer nofollow" target="_blank"'


def text_to_html(text: str, *, link: bool = True) -> str:
    """Return text as HTML that shows the same: escaped, line breaks and spaces kept, links live."""
    text = visible_direction(text[:MAX_TEXT]).replace("\r\n", "\n").replace("\r", "\n")
    pieces: list[str] = []
    position = 0
    for found in _LINK.finditer(text) if link else ():
        shown = _without_punctuation(found[0])
        pieces += [_spaced(text[position : found.start()]), _linked(shown)]
        position = found.start() + len(shown)
    pieces.append(_spaced(text[position:]))
    return "".join(pieces)


def visible_direction(text: str) -> str:
    """Return the text with characters that turn its reading direction around made visible (A27)."""
    return text if text.isascii() else _OVERRIDES.sub("\ufffd", text)


def _linked(shown: str) -> str:
    target = shown if "://" in shown else f"mailto:{shown}"
    return f'<a href="{escape(target)}" {_ATTRIBUTES}>{escape(shown)}</a>'


def _without_punctuation(url: str) -> str:
    stripped = url.rstrip(".,;:!?*_")
    while stripped.endswith((")", "]")):
        opening = "(" if stripped[-1] == ")" else "["
        if stripped.count(opening) >= stripped.count(stripped[-1]):
            break
        stripped = stripped[:-1].rstrip(".,;:!?*_")
    return stripped


def _spaced(text: str) -> str:
    return escape(text).replace("\0", "\ufffd").replace("  ", "&nbsp; ").replace("\n", "<br>\n")
