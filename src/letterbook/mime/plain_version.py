"""The plain text that travels beside HTML, as a careful person would have typed it."""

from __future__ import annotations

import re
import unicodedata
from html import escape

from letterbook.mime.html_allowed import SIGNATURE_CLASS
from letterbook.mime.html_text import html_to_text

# Innermost tables only: one that holds another is a page's layout. What comes here has its end tags.
_TABLE = re.compile(r"<table\b[^>]*>((?:(?!<table\b|</table>).)*)</table>", re.DOTALL)
_ROW = re.compile(r"<tr\b[^>]*>((?:(?!<tr\b|</tr>).)*)</tr>", re.DOTALL)
_CELL = re.compile(r"<(t[dh])\b[^>]*>((?:(?!<t[dh]\b|</t[dh]>).)*)</\1>", re.DOTALL)
# Editors put what a list's item says into a paragraph; as text it stands beside its mark.
_LIST_ITEM = re.compile(
    r"(<li\b[^<>]*>)\s{0,20}<p\b[^<>]*>((?:(?!<li\b|<p\b|</p>).)*)</p>", re.DOTALL
)
_SIGNATURE = re.compile(rf'<div class="{SIGNATURE_CLASS}">(?!(?:<[^<>]{{0,200}}>){{0,5}}--)')
# A space that html_to_text does not collapse: "-- " is how a signature begins (RFC 3676).
_BEGINS_SIGNATURE = "--\0<br>"
# Words, then an empty line that is quoted deeper than they are: it parts the two, so it belongs to neither.
_QUOTE_BEGINS_EMPTY = re.compile(r"^(?P<marks>(?:> )*)(?P<line>(?!>)[^\n]+)\n(?P=marks)>\n", re.M)
WIDEST_TABLE = 100
WIDEST_CELL = 60


def plain_version(html: str) -> str:
    """Return the text of composed HTML, whole: links written out, lists, quotes, tables in columns, the signature."""
    # The first is the writer's own; others stand in what is quoted.
    marked = _SIGNATURE.sub(lambda found: found[0] + _BEGINS_SIGNATURE, html, count=1)
    laid_out = _TABLE.sub(_in_columns, _LIST_ITEM.sub(r"\1\2<br>", marked))
    text = html_to_text(laid_out, with_links=True, limit=len(laid_out))
    return _QUOTE_BEGINS_EMPTY.sub(_apart, text)


def _apart(found: re.Match[str]) -> str:
    return f"{found['marks']}{found['line']}\n{found['marks'].rstrip()}\n"


def _in_columns(table: re.Match[str]) -> str:
    """Return a table of figures and words as lines; what only serves as layout stays as it is."""
    found = [_CELL.findall(row) for row in _ROW.findall(table[1])]
    rows = [[html_to_text(cell, with_links=True) for _, cell in row] for row in found if row]
    if not rows or max(map(len, rows)) < 2 or not all(_fits(cell) for row in rows for cell in row):
        return table[0]
    columns = max(map(len, rows))
    widths = [max(_width(row[n]) for row in rows if n < len(row)) for n in range(columns)]
    if sum(widths) + 2 * columns > WIDEST_TABLE:
        return table[0]
    lines = [_line(row, widths) for row in rows]
    if all(tag == "th" for tag, _ in found[0]):
        lines.insert(1, "  ".join("-" * width for width in widths))
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


def _fits(cell: str) -> bool:
    return "\n" not in cell and len(cell) <= WIDEST_CELL


def _line(row: list[str], widths: list[int]) -> str:
    cells = (cell + " " * (widths[n] - _width(cell)) for n, cell in enumerate(row))
    return "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """Return how many columns a text takes: the letters of East Asia take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
    )
