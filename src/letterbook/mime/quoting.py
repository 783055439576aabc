"""An email's own words, apart from what it quotes and from its signature."""

from __future__ import annotations

import re
from dataclasses import dataclass

from letterbook.mime.quote_openings import (
    MAY_MATTER,
    is_header_block,
    is_separator,
    is_unmarked_introduction,
    taken_introduction,
)

MAX_LINES = 20_000
_LIST_FOOTER = re.compile(r"_{20,}\s*\Z|-{20,}\s*\Z")


@dataclass(frozen=True, slots=True)
class QuotedText:
    """One text taken apart; each part keeps its lines and order."""

    own: str
    quoted: str
    signature: str


def split_quoted(text: str) -> QuotedText:
    """Return a text's own words, the history it quotes, and its signature."""
    return _Splitter(text.split("\n", MAX_LINES)).split()


class _Splitter:
    """Walks the lines once; each goes to one of three piles."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.own: list[str] = []
        self.quoted: list[str] = []
        self.signature: list[str] = []

    def split(self) -> QuotedText:
        pile = self.own
        for number, line in enumerate(self.lines):
            if not MAY_MATTER.match(line):
                pile = self.own if pile is self.quoted else pile
            elif line[:1] == ">" or line[:2] == " >":
                if pile is not self.quoted:
                    self.quoted += taken_introduction(pile)
                    pile = self.quoted
            elif line and self.rest_is_history(number):
                self.quoted += self.lines[number:]
                break
            elif line and self.starts_signature(number):
                pile = self.signature
            elif pile is self.quoted:
                pile = self.own
            pile.append(line)
        return QuotedText(_joined(self.own), _joined(self.quoted), _joined(self.signature))

    def rest_is_history(self, number: int) -> bool:
        return (
            is_separator(self.lines[number])
            or is_header_block(self.lines, number)
            or is_unmarked_introduction(self.lines, number)
        )

    def starts_signature(self, number: int) -> bool:
        line = self.lines[number].rstrip("\r")
        if line[0] == "-" and line in {"-- ", "--", "--\xa0"}:
            return True
        return len(line) >= 20 and self.is_list_footer(line, number)

    def is_list_footer(self, line: str, number: int) -> bool:
        if line[0] not in "_-" or not _LIST_FOOTER.match(line):
            return False
        following = " ".join(self.lines[number + 1 : number + 4]).lower()
        return "mailing list" in following or "unsubscribe" in following


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\r\n\t ")
