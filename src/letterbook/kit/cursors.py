"""Opaque page cursors: the sort key of the last row shown, so that paging neither skips nor repeats."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from letterbook.kit.refusals import Invalid


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a list ordered by `-at, -id`; the newer one is the greater."""

    at: datetime
    id: uuid.UUID


def write_cursor(position: Position) -> str:
    """Return the position as text that fits into a URL."""
    text = json.dumps([position.at.isoformat(), position.id.hex])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Position | None:
    """Return the position a cursor stands for, None for an empty one; raise `Invalid` for anything else."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, hexadecimal = json.loads(base64.urlsafe_b64decode(padded))
        position = Position(datetime.fromisoformat(at), uuid.UUID(hexadecimal))
    # What is nested too deep to be read is no cursor of ours either.
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _unusable() from error
    if position.at.tzinfo is None:
        raise _unusable()
    return position


def _unusable() -> Invalid:
    return Invalid(
        "This page cursor is not one of ours.",
        way_out="Start again without a cursor and follow next_cursor.",
        field="cursor",
    )
