"""What one message may take of a process that does nothing but parse: time, and memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from types import FrameType

from letterbook.kit.collecting import collect_seldom

# The slowest of 16,000 real messages takes less than a second.
LONGEST_SECONDS = 60.0
# What no exception can stop is ended by the kernel, with its process.
_LAST_SECONDS = 90.0
_MOST_MEMORY = 3 * 1024**3
_of_process = {"is_bounded": False}


class TookTooLong(Exception):
    """A message took longer to read than any honest one does."""


def begin_to_parse() -> None:
    """Make this process one that only parses: bounded, and gone when the one that started it is."""
    bound_process()
    collect_seldom()
    # A killed parent cannot tell its children to go.
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_after, args=(parent.sentinel,), daemon=True).start()


def bound_process() -> None:
    """Have `bounded_time` bound this process, and run into `MemoryError` before the machine runs out of memory."""
    try:
        import resource  # noqa: PLC0415 - Unix only
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY or most > _MOST_MEMORY:
        # macOS knows the limit and refuses to set it.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, most))
    signal.signal(signal.SIGALRM, _raise)
    _of_process["is_bounded"] = True


def is_process_bounded() -> bool:
    """Whether `bound_process` has bound this process."""
    return _of_process["is_bounded"]


@contextmanager
def bounded_time() -> Iterator[None]:
    """Raise `TookTooLong` where what is inside takes too long, in a process that `bound_process` has bound."""
    if not is_process_bounded():
        yield
        return
    _set_timers(LONGEST_SECONDS, _LAST_SECONDS)
    try:
        yield
    finally:
        _set_timers(0, 0)


def _leave_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _set_timers(seconds: float, last_seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_PROF, last_seconds)


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise TookTooLong(f"It took longer than {LONGEST_SECONDS:.0f} seconds to read.")
