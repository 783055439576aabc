"""Emails of one conversation that follow one another in a timeline, folded into one entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from letterbook.timeline.reading import TimelineLine
from letterbook.web.entries import Entry

# Two are sooner read than unfolded.
FEWEST = 3


def fold(shown: Sequence[tuple[TimelineLine, Entry]]) -> Iterator[Entry]:
    """Yield the entries, newest first; of each run of one conversation the newest, which holds the others.

    What came while the page was open stays by itself: nobody's place on the page is folded away.
    """
    for _, run in groupby(shown, key=_conversation):
        entries = [entry for _, entry in run]
        if len(entries) < FEWEST:
            yield from entries
        else:
            yield replace(entries[0], earlier=tuple(entries[1:]))


def _conversation(pair: tuple[TimelineLine, Entry]) -> tuple[str, bool]:
    line, entry = pair
    # What is no email stands for itself.
    return str(line.email.thread_id if line.email else line.id), entry.is_new
