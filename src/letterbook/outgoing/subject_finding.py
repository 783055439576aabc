"""Which records an email may be about, by a few typed letters: ours by name, those elsewhere by number or link."""

from __future__ import annotations

import re
from dataclasses import dataclass

from letterbook.mime.characters import single_line
from letterbook.outgoing.subject_types import SubjectType, subject_types
from letterbook.teams.models import Membership

MOST_OF_A_KIND = 6
_LONGEST = 120
_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SuggestedSubject:
    """A record that may be meant; `link_subject` takes its type, id, label and url as they are."""

    type: str
    kind: str
    id: str
    label: str
    detail: str = ""
    url: str = ""


def suggest_subjects(member: Membership, text: str) -> tuple[SuggestedSubject, ...]:
    """Return the records that the text may mean to this member: those that are here first, then those elsewhere."""
    text = single_line(text)
    if not text:
        return ()
    here = [found for kind in subject_types() for found in _looked_up(kind, member, text)]
    return (*here, *_elsewhere(text))


def _looked_up(kind: SubjectType, member: Membership, text: str) -> list[SuggestedSubject]:
    if kind.look_up is None:
        return []
    found = kind.look_up(member, text)[:MOST_OF_A_KIND]
    return [SuggestedSubject(kind.name, kind.words, *one) for one in found]


def _elsewhere(text: str) -> list[SuggestedSubject]:
    """A record of another system is named by what was typed, whatever that is."""
    if len(text) > _LONGEST:
        return []
    url = text if _SCHEME.match(text) else ""
    label = _SCHEME.sub("", text, count=1).rstrip("/")
    return [
        SuggestedSubject(kind.name, kind.words, text, label, url=url)
        for kind in subject_types()
        if kind.find is None
    ]
