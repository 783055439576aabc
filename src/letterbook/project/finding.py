"""One thing that `letterbook doctor` looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `fix` says what to do when it is not well."""

    what: str
    value: str
    is_well: bool = True
    fix: str = ""
