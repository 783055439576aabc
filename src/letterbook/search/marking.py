"""Marking what was found: an excerpt cut into segments, so that whoever shows it escapes each and marks some."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from letterbook.correspondence.words import fold_words
from letterbook.search.language import Term

EXCERPT_LENGTH = 200
_LEAD = 60
# Accents that stand behind their letter (Latin, Hebrew, Arabic, Devanagari) belong to the word.
# What stands before each line of a quotation, once for each answer it was quoted in.
_QUOTE_MARKS = re.compile(r"^(?:>[ \t]?)+", re.MULTILINE)
_WORD = re.compile(
    "[^\\W_](?:[^\\W_]|[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u094f])*"
)
# How far into a long text a match is looked for; further in, the excerpt shows the beginning.
_READ_UP_TO = 20_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text, marked where it is what was looked for."""

    text: str
    is_mark: bool


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    end: int


def mark(text: str, terms: Sequence[Term]) -> tuple[Segment, ...]:
    """Return the whole text in segments."""
    return _cut(text, _places(text, terms), 0, len(text))


def mark_excerpt(text: str, terms: Sequence[Term]) -> tuple[Segment, ...]:
    """Return a line of the text around the first place that matches, or its beginning, without marks of quoting."""
    text = " ".join(_QUOTE_MARKS.sub("", text[:_READ_UP_TO]).split())
    places = _places(text, terms)
    first = places[0].start if places else 0
    start = _word_start(text, first - _LEAD) if first > EXCERPT_LENGTH - _LEAD else 0
    end = _word_end(text, start + EXCERPT_LENGTH)
    segments = _cut(text, [place for place in places if start <= place.start < end], start, end)
    before = (Segment("… ", is_mark=False),) if start else ()
    after = (Segment(" …", is_mark=False),) if end < len(text) else ()
    return (*before, *segments, *after)


def _places(text: str, terms: Sequence[Term]) -> list[_Place]:
    if not terms:
        return []
    words = list(_words(text))
    found = [place for term in terms for place in _places_of(term, words)]
    return _joined(sorted(found, key=lambda place: (place.start, -place.end)))


def _words(text: str) -> Iterable[tuple[str, _Place]]:
    """Yield each folded word with its place in the unfolded text; what folds into several is several words there."""
    for found in _WORD.finditer(text):
        folded = fold_words(found[0])
        if " " not in folded:
            yield folded, _Place(found.start(), found.end())
            continue
        for offset, character in enumerate(found[0]):
            yield fold_words(character), _Place(found.start() + offset, found.start() + offset + 1)


def _places_of(term: Term, words: list[tuple[str, _Place]]) -> Iterable[_Place]:
    count = len(term.words)
    for n in range(len(words) - count + 1):
        if _is_here(term, [word for word, _ in words[n : n + count]]):
            yield _Place(words[n][1].start, words[n + count - 1][1].end)


def _is_here(term: Term, words: list[str]) -> bool:
    *whole, last = term.words
    if words[:-1] != whole:
        return False
    return words[-1].startswith(last) if term.is_beginning else words[-1] == last


def _joined(places: Iterable[_Place]) -> list[_Place]:
    joined: list[_Place] = []
    for place in places:
        if joined and place.start < joined[-1].end:
            joined[-1] = _Place(joined[-1].start, max(joined[-1].end, place.end))
        else:
            joined.append(place)
    return joined


def _cut(text: str, places: Iterable[_Place], start: int, end: int) -> tuple[Segment, ...]:
    segments, done = [], start
    for place in places:
        segments.append(Segment(text[done : place.start], is_mark=False))
        segments.append(Segment(text[place.start : min(place.end, end)], is_mark=True))
        done = min(place.end, end)
    segments.append(Segment(text[done:end], is_mark=False))
    return tuple(segment for segment in segments if segment.text)


def _word_start(text: str, place: int) -> int:
    blank = text.find(" ", max(0, place))
    return blank + 1 if 0 <= blank < place + _LEAD else max(0, place)


def _word_end(text: str, place: int) -> int:
    if place >= len(text):
        return len(text)
    blank = text.rfind(" ", place - _LEAD, place)
    return blank if blank > 0 else place
