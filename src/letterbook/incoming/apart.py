"""Reading a large message in a process of its own, so that what it does to its reader is done to nobody else.

A small one is read here: what a reader takes grows with the message, and these cannot take long. An import has its own
processes and reads everything there.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from letterbook.correspondence.packing import Email
from letterbook.incoming.bounds import begin_to_parse, is_process_bounded
from letterbook.incoming.reading import read_or_tell
from letterbook.kit.refusals import NotNow

# The hostile messages of this size that were tried all take less than half a second; nine emails in ten are smaller.
LARGEST_READ_HERE = 512 * 1024
_DEADLY = "It ended the process that read it."


class Reader:
    """A process that reads, started for the first message that needs it.

    It reads one at a time, so that it is known whose fault its end was.
    """

    def __init__(self, read: Callable[[bytes], Email | str]) -> None:
        self._read = read
        self._turn = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def read(self, raw: bytes) -> Email | str:
        """Return what can be made of a message; raise `NotNow` where no process can be started."""
        with self._turn:
            # It may have been ended from outside since the last message: only a new one's end says anything.
            found = self._try(raw) or self._try(raw)
            if found is None and self._try(b"") is None:
                raise NotNow(
                    "The process that reads large emails cannot be started.",
                    way_out="Check the memory of this machine; what waits is read later.",
                )
            return found or _DEADLY

    def _try(self, raw: bytes) -> Email | str | None:
        if self._pool is None:
            self._pool = _start()
        try:
            return self._pool.submit(self._read, raw).result()
        except BrokenProcessPool:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
            return None


_reader = Reader(read_or_tell)


def read_safely(raw: bytes) -> Email | str:
    """Return the content of an email, or what is the matter with it; bounded in time and memory, whatever it is."""
    if len(raw) <= LARGEST_READ_HERE or is_process_bounded():
        return read_or_tell(raw)
    return _reader.read(raw)


def _start() -> ProcessPoolExecutor:
    # Spawned, not forked: a fork would share this process's database connections.
    return ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=begin_to_parse,
    )
