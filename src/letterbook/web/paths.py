"""Where pages are: like Django's `reverse`, for what a page links to by the dozen."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from django.urls import get_script_prefix, reverse


def path_to(name: str, *ids: UUID) -> str:
    """Return the path of a page that is named by nothing but ids."""
    return _pattern(name, len(ids), get_script_prefix()).format(*ids)


@cache
def _pattern(name: str, ids: int, _prefix: str) -> str:
    marks = [UUID(int=number) for number in range(ids)]
    pattern = reverse(name, args=marks)
    for mark in marks:
        pattern = pattern.replace(str(mark), "{}")
    return pattern
