"""The marked pieces of HTML that is written: the signature, and what is quoted below it.

The marks are those of Gmail, which other mail programs know too: they fold what is quoted.
"""

from __future__ import annotations

import re
from html import escape

from letterbook.mime.html_allowed import QUOTE_CLASS, SIGNATURE_CLASS
from letterbook.mime.html_text import html_to_text

TO_WRITE_ON = "<div><br></div>"
_DIV = re.compile(r"<(/?)div\b[^<>]*>", re.IGNORECASE)
_SIGNATURE = re.compile(rf"<div\b[^<>]*\bclass=\"{SIGNATURE_CLASS}\"[^<>]*>", re.IGNORECASE)
_BAR = "margin: 0 0 0 0.8ex; border-left: 1px solid #cccccc; padding-left: 1ex"


def begin_html(*, signature: str = "", quotation: str = "") -> str:
    """Return what a new email begins with: room to write, the signature in its mark, what is quoted."""
    parts = [TO_WRITE_ON]
    if signature:
        parts += ["<br>", marked_signature(signature)]
    if quotation:
        parts += ["<br>", quotation]
    return "".join(parts)


def marked_signature(signature: str) -> str:
    """Return a signature in the element by which it is found again."""
    return f'<div class="{SIGNATURE_CLASS}">{signature}</div>'


def replace_signature(html: str, *, old: str, new: str) -> str:
    """Return HTML with another signature where the old one stands as it was put there; else as it is.

    What a person changed in a signature is theirs and stays.
    """
    found = _SIGNATURE.search(html)
    if found is None:
        return html
    start, end = found.end(), _end_of_div(html, found.end())
    if not _is_same(html[start:end], old):
        return html
    if new:
        return html[:start] + new + html[end:]
    return html[: found.start()] + _DIV.sub("", html[end:], count=1)


def _end_of_div(html: str, position: int) -> int:
    """Return where the div ends whose content begins here."""
    depth = 1
    for found in _DIV.finditer(html, position):
        depth += -1 if found[1] else 1
        if not depth:
            return found.start()
    return len(html)


def _is_same(kept: str, old: str) -> bool:
    if kept == old:
        return True
    # An editor writes the same in other tags.
    is_same_text = html_to_text(kept).split() == html_to_text(old).split()
    return is_same_text and kept.count("<img") == old.count("<img")


def quoted_reply(content: str, *, introduction: str) -> str:
    """Return safe content as an answer quotes it: who wrote it when, then a bar beside it."""
    return (
        f'<div class="{QUOTE_CLASS}"><div>{escape(introduction)}<br></div>'
        f'<blockquote class="{QUOTE_CLASS}" type="cite" style="{_BAR}">{content}</blockquote></div>'
    )


def quoted_forward(content: str, *, headers: tuple[tuple[str, str], ...]) -> str:
    """Return safe content as it is passed on: its headers in words, then itself."""
    lines = "".join(f"<b>{escape(name)}:</b> {escape(value)}<br>" for name, value in headers)
    return (
        f'<div class="{QUOTE_CLASS}"><div>---------- Forwarded message ---------<br>{lines}</div>'
        f"<br>{content}</div>"
    )
