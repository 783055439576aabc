"""Working ahead: reading in a thread, while what came before is being parsed and stored."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Full, Queue
from typing import TypeVar

T = TypeVar("T")
_LOOK_UP_SECONDS = 0.2


def in_a_thread(things: Iterable[T]) -> Iterator[T]:
    """Return the same things in the same order, one made ahead in a thread, which must not touch the database.

    What goes wrong there is raised here. The thread ends with this generator, used up or not.
    """
    made: Queue[tuple[T | None, BaseException | None]] = Queue(maxsize=1)
    over = threading.Event()
    maker = threading.Thread(target=_make, args=(things, made, over), daemon=True)
    maker.start()
    try:
        while True:
            thing, error = made.get()
            if error is not None:
                raise error
            if thing is None:
                return
            yield thing
    finally:
        over.set()
        maker.join()


def _make(
    things: Iterable[T], made: Queue[tuple[T | None, BaseException | None]], over: threading.Event
) -> None:
    last: tuple[T | None, BaseException | None] = (None, None)
    try:
        for thing in things:
            _hand_over((thing, None), made, over)
            if over.is_set():
                return
    except BaseException as error:  # noqa: BLE001 - it is raised again where the things are used
        last = (None, error)
    _hand_over(last, made, over)


def _hand_over(
    thing: tuple[T | None, BaseException | None],
    made: Queue[tuple[T | None, BaseException | None]],
    over: threading.Event,
) -> None:
    while not over.is_set():
        try:
            made.put(thing, timeout=_LOOK_UP_SECONDS)
        except Full:
            continue
        return
