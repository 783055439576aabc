"""Folding away what an HTML email quotes at its end, and its signature, as `<details>`.

Each mail program marks its quotations in its own way, and some not at all. So a mark is only where we look: from there
to the end, nothing may be the writer's own (`split_quoted` judges its text), and something must stand before it. What
answers between quoted lines is therefore never folded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from letterbook.mime.html_text import html_to_text
from letterbook.mime.quote_openings import may_open_history
from letterbook.mime.quoting import split_quoted

MAX_HTML = 2_000_000
MAX_JUDGED = 100_000
MAX_CANDIDATES = 20
MAX_OPEN = 200

_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*+)>", re.DOTALL)
_QUOTE_MARK = re.compile(
    r"gmail_quote|gmail_attr|yahoo_quoted|protonmail_quote|tutanota_quote|moz-cite-prefix|moz-forward-container"
    r"|divRplyFwdMsg|appendonsend|OLK_SRC_BODY|reply-intro|zwchr|mail-quote|WordSection.{0,5}quote"
    r"|border:\s*none;\s*border-top:\s*solid",
    re.IGNORECASE,
)
_SIGNATURE_MARK = re.compile(
    r"\b(?:class|id)\s*=\s*[\"']?[^\"'>]{0,60}?(?:gmail_signature|moz-signature|ms-outlook-mobile-signature"
    r"|protonmail_signature_block|applemailsignature|\bsignature)\b",
    re.IGNORECASE,
)
# A table is kept whole: what stands between its rows would be moved out of it.
_OF_A_TABLE = {"td", "th", "tr", "tbody", "thead", "tfoot", "caption", "colgroup", "li", "dd", "dt"}
_NEVER_OPEN = {"br", "img", "hr", "input", "meta", "link", "col", "area", "base", "wbr", "source"}
_DASHES = {"--", "\u2014"}
_UNSEEN = {"style", "script", "title", "head"}
_RULES = "-_=* \n"
_OPEN_QUOTE = "<details><summary>Quoted text</summary>"
_OPEN_SIGNATURE = "<details><summary>Signature</summary>"
_CLOSE = "</details>"


@dataclass(frozen=True, slots=True)
class HtmlFolds:
    """Where the signature and the quotation begin, and where the signature ends; `None` where there is none."""

    signature: tuple[int, int] | None
    quotation: int | None

    def own(self, html: str) -> str:
        """Return the HTML without what is folded."""
        kept = html[: self.quotation]
        if self.signature:
            start, end = self.signature
            kept = kept[:start] + kept[end:]
        return kept


def fold_html(html: str) -> str:
    """Return HTML, not yet safe, with the quotation at its end and the signature folded; else as it is."""
    folds = find_folds(html)
    if folds.quotation is not None:
        html = html[: folds.quotation] + _OPEN_QUOTE + html[folds.quotation :]
    if folds.signature:
        start, end = folds.signature
        html = html[:start] + _OPEN_SIGNATURE + html[start:end] + _CLOSE + html[end:]
    return html


def find_folds(html: str) -> HtmlFolds:
    """Return where the signature and the quotation stand that may be folded."""
    if len(html) > MAX_HTML:
        return HtmlFolds(None, None)
    quotation: int | None = None
    signatures: list[int] = []
    looked_at: set[int] = set()
    for candidate in _Looker().candidates(html):
        if candidate.is_signature:
            signatures.append(candidate.start)
        elif candidate.start not in looked_at and len(looked_at) < MAX_CANDIDATES:
            looked_at.add(candidate.start)
            if _is_all_quoted(html, candidate.start):
                quotation = candidate.start
                break
    return HtmlFolds(_signature(html, signatures, quotation), quotation)


@dataclass(frozen=True, slots=True)
class _Candidate:
    start: int
    is_signature: bool


class _Looker:
    """Walks the tags once and says where a signature or a quotation may begin."""

    def __init__(self) -> None:
        self.opened: list[tuple[int, str]] = []  # since the last word that can be seen
        self.quote_depth = 0
        self.unseen = ""

    def candidates(self, html: str) -> Iterator[_Candidate]:
        position = 0
        for tag in _TAG.finditer(html):
            name = (tag[2] or "").lower()
            if self.unseen:
                self.unseen = "" if tag[1] and name == self.unseen else self.unseen
            else:
                if text := unescape(html[position : tag.start()]).strip():
                    yield from self.after_text(text, position)
                yield from self.after_start(tag, name) if not tag[1] else self.after_end(name)
            position = tag.end()

    def after_text(self, text: str, position: int) -> Iterator[_Candidate]:
        start = self.opened[0][0] if self.opened else position
        self.opened.clear()
        # What begins inside a quotation says nothing of what comes below it.
        if not self.quote_depth and (text in _DASHES or may_open_history(text)):
            yield _Candidate(start, is_signature=text in _DASHES)

    def after_start(self, tag: re.Match[str], name: str) -> Iterator[_Candidate]:
        if name in _OF_A_TABLE:
            self.opened.clear()
        elif name == "hr" and not self.opened:
            self.opened.append((tag.start(), name))  # the line above a quotation belongs to it
        elif name and name not in _NEVER_OPEN and len(self.opened) < MAX_OPEN:
            self.opened.append((tag.start(), name))
        if name in _UNSEEN and not tag[3].endswith("/"):
            self.unseen = name
        elif not self.quote_depth and (name == "blockquote" or _QUOTE_MARK.search(tag[3] or "")):
            start = self.opened[0][0] if self.opened else tag.start()
            yield _Candidate(start, is_signature=False)
        elif not self.quote_depth and _SIGNATURE_MARK.search(tag[3] or ""):
            yield _Candidate(tag.start(), is_signature=True)
        self.quote_depth += name == "blockquote"

    def after_end(self, name: str) -> Iterator[_Candidate]:
        self.quote_depth = max(0, self.quote_depth - (name == "blockquote"))
        if self.opened and self.opened[-1][1] in {name, "hr"}:
            self.opened.pop()
        return iter(())


def _is_all_quoted(html: str, start: int) -> bool:
    """Whether nothing from here on is the writer's own, and something before it is."""
    rest = html_to_text(html[start : start + MAX_JUDGED])
    if not rest.strip() or split_quoted(rest).own.strip(_RULES):
        return False
    before = html[max(0, start - MAX_JUDGED) : start]
    # With a quoted line below it, "On … somebody wrote:" is known for what it is.
    return bool(split_quoted(html_to_text(before) + "\n> ").own) or "<img" in before


def _signature(html: str, starts: list[int], quotation: int | None) -> tuple[int, int] | None:
    """Return the first signature after which nothing own comes, up to the quotation or the end."""
    end = len(html) if quotation is None else quotation
    for start in starts[:MAX_CANDIDATES]:
        close = min(_end_of_element(html, start), end)
        is_last = not split_quoted(html_to_text(html[close:end][:MAX_JUDGED])).own
        if (
            is_last
            and html_to_text(html[:start]).strip()
            and html_to_text(html[start:close]).strip()
        ):
            return start, close
    return None


def _end_of_element(html: str, start: int) -> int:
    """Return where the element ends that begins here; the end of all where it is not closed, or is mere text."""
    first = _TAG.match(html, start)
    if first is None or not first[2]:
        return len(html)
    depth = 0
    for tag in re.compile(rf"<(/?){first[2]}\b[^<>]*+>", re.IGNORECASE).finditer(html, start):
        depth += -1 if tag[1] else 1
        if not depth:
            return tag.end()
    return len(html)
