"""That this process was asked to end: whoever works off a long list looks here between two things."""

from __future__ import annotations

import threading

_asked = threading.Event()


def ask_to_stop() -> None:
    """Have everybody in this process finish what they have in hand and begin nothing more."""
    _asked.set()


def is_asked_to_stop() -> bool:
    """Whether this process is about to end."""
    return _asked.is_set()
