"""One line of a select above a list or a page, for every filter alike."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address says when it is chosen, what people read, and whether it is chosen now."""

    value: str
    label: str
    is_chosen: bool
