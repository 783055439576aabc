"""How often Python looks for objects that only refer to one another."""

from __future__ import annotations

import gc

# Python's own 700 are reached by a dozen emails, none of which is in a circle.
_NEW_OBJECTS = 50_000


def collect_seldom() -> None:
    """Look through new objects by the ten thousand, and never again through those that are there now.

    Each look goes through everything that is alive: storing emails took a quarter longer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
