"""From HTML to the text a person reads in it: one pass over the tags, linear in the input.

Used for search and snippets of incoming email and for the text part of outgoing email. It builds no tree,
so hostile nesting costs nothing.
"""

from __future__ import annotations

import re
from html import unescape

from letterbook.mime.characters import storable

MAX_HTML = 2_000_000
MAX_QUOTE_DEPTH = 20

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*+)>|<[!?][^<>]*+>?", re.DOTALL
)
_RAW_TEXT = {
    "script",
    "style",
    "title",
    "head",
    "template",
    "noscript",
    "svg",
    "math",
    "select",
    "textarea",
}
_PARAGRAPHS = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "pre",
    "blockquote",
    "table",
    "dl",
}
_BLOCKS = {
    "div",
    "li",
    "tr",
    "dt",
    "dd",
    "hr",
    "section",
    "article",
    "header",
    "footer",
    "center",
    "address",
}
_BLOCKS |= {"tbody", "thead", "figure", "figcaption", "form", "fieldset", "body", "html", "caption"}
_HIDDEN = re.compile(r"display\s*:\s*none|\bhidden\b(?!\s*[:=])|mso-hide\s*:\s*all", re.IGNORECASE)
_VOID = {"br", "img", "hr", "input", "meta", "link", "col", "area", "base", "wbr", "source"}
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_START = re.compile(r"""\bstart\s*=\s*["']?(\d{1,6})\b""", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_TOO_MANY_BREAKS = re.compile(r"\n{3,}")


def html_to_text(html: str, *, with_links: bool = False, limit: int = MAX_HTML) -> str:
    """Return the text of HTML: lines, lists and quotes kept; `with_links` writes each link's address."""
    return _TextWriter(with_links=with_links).write(html[:limit])


class _TextWriter:
    """Collects lines; a line is a list of pieces until it is ended."""

    def __init__(self, *, with_links: bool) -> None:
        self.with_links = with_links
        self.lines: list[str] = []
        self.pieces: list[str] = []
        self.quote_depth = 0
        self.preformatted = 0
        self.lists: list[int | None] = []
        self.link = ""
        self.link_from = 0

    def write(self, html: str) -> str:
        position = 0
        skip_until, skip_depth = "", 0
        for found in _TAG.finditer(html):
            name = found[2].lower() if found[2] else ""
            if skip_until:
                if name == skip_until:
                    skip_depth += -1 if found[1] else 1
                    skip_until = skip_until if skip_depth else ""
            else:
                self.text(html[position : found.start()])
                if name and not found[1] and _starts_hidden(name, found[3]):
                    skip_until, skip_depth = name, 1
                elif name:
                    self.tag(name, found[3], is_end=bool(found[1]))
            position = found.end()
        if not skip_until:
            self.text(html[position:])
        self.end_line()
        return storable(_TOO_MANY_BREAKS.sub("\n\n", "\n".join(self.lines)).strip("\n"))

    def text(self, text: str) -> None:
        if not text:
            return
        if "&" in text:
            text = unescape(text)
        if self.preformatted:
            first, *more = text.split("\n")
            self.pieces.append(first)
            for line in more:
                self.end_line(keep_empty=True)
                self.pieces.append(line)
        else:
            self.pieces.append(text)

    def tag(self, name: str, attributes: str, *, is_end: bool) -> None:
        if name == "br":
            self.end_line(keep_empty=True)
        elif name == "a":
            self.end_link() if is_end else self.start_link(attributes)
        elif name in {"td", "th"}:
            self.pieces.append(" " if is_end else "")
        elif name == "img":
            self.image(attributes)
        elif name in _PARAGRAPHS:
            self.paragraph(name, is_end=is_end)
            if name == "ol" and not is_end and (found := _START.search(attributes)):
                self.lists[-1] = int(found[1]) - 1
        elif name in _BLOCKS:
            self.block(name, is_end=is_end)

    def paragraph(self, name: str, *, is_end: bool) -> None:
        is_nested_list = name in {"ul", "ol"} and len(self.lists) > (1 if is_end else 0)
        self.end_line()
        if is_end:
            self.end_paragraph(name)
        if not is_nested_list:
            self.blank_line()
        if not is_end:
            self.start_paragraph(name)

    def start_paragraph(self, name: str) -> None:
        if name == "blockquote":
            self.quote_depth = min(MAX_QUOTE_DEPTH, self.quote_depth + 1)
        elif name == "pre":
            self.preformatted += 1
        elif name in {"ul", "ol"}:
            self.lists.append(0 if name == "ol" else None)

    def end_paragraph(self, name: str) -> None:
        if name == "blockquote":
            self.quote_depth = max(0, self.quote_depth - 1)
        elif name == "pre":
            self.preformatted = max(0, self.preformatted - 1)
        elif name in {"ul", "ol"} and self.lists:
            self.lists.pop()

    def block(self, name: str, *, is_end: bool) -> None:
        self.end_line()
        if name == "hr":
            self.lines.append(self.prefix() + "-" * 20)
        if name == "li" and not is_end:
            self.pieces.append(self.bullet())

    def bullet(self) -> str:
        indent = "\0" * (2 * min(len(self.lists) - 1, 10))  # NUL: a space that is not collapsed
        if not self.lists or self.lists[-1] is None:
            return indent + "* "
        self.lists[-1] += 1
        return f"{indent}{self.lists[-1]}. "

    def image(self, attributes: str) -> None:
        if found := _ALT.search(attributes):
            self.pieces.append(unescape(found[1] or found[2] or ""))

    def start_link(self, attributes: str) -> None:
        self.link = ""
        if self.with_links and (found := _HREF.search(attributes)):
            self.link = unescape(found[1] or found[2] or found[3] or "").strip()
            self.link_from = len(self.pieces)

    def end_link(self) -> None:
        shown = " ".join("".join(self.pieces[self.link_from :]).split())
        if self.link and self.link.removeprefix("mailto:") != shown:
            self.pieces.append(f" <{self.link}>")
        self.link = ""

    def end_line(self, *, keep_empty: bool = False) -> None:
        joined = "".join(self.pieces)
        self.pieces = []
        self.link_from = 0
        line = joined.rstrip() if self.preformatted else " ".join(joined.split()).replace("\0", " ")
        if line or keep_empty:
            self.lines.append(self.prefix() + line)

    def blank_line(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(self.prefix().rstrip())
        elif self.lines:
            self.lines[-1] = self.prefix().rstrip()

    def prefix(self) -> str:
        return "> " * self.quote_depth


def _starts_hidden(name: str, attributes: str) -> bool:
    if name in _RAW_TEXT:
        return not attributes.endswith("/")
    return bool(attributes) and name not in _VOID and _HIDDEN.search(attributes) is not None
