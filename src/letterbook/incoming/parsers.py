"""Processes that parse while this one stores, and what happens when a message takes one of them down.

Each message has a bounded time and memory there. One that ends its process all the same is found by halves and told
to be unreadable; the others are read by a new process.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from letterbook.incoming.bounds import begin_to_parse
from letterbook.incoming.reading import ReadSource, Source
from letterbook.kit.refusals import NotNow

P = ParamSpec("P")
T = TypeVar("T")
Read = Callable[[Sequence[Source]], list[ReadSource]]
# Starting a process takes as long as parsing so many bytes.
_WORTH_A_PROCESS = 3 * 1024 * 1024
# Storing leaves about one core to parsing, and a second process uses what is left of the other.
_MOST_PROCESSES = 2
_DEADLY = "It ended the process that read it."


@contextmanager
def parsers_for(size: int, *, read: Read) -> Iterator[Parsers]:
    """Lend processes to parse in, or none where there are too few bytes to parse."""
    parsers = Parsers(read, start=_start if size >= _WORTH_A_PROCESS else _Here)
    try:
        yield parsers
    finally:
        parsers.stop()


@dataclass(frozen=True, slots=True)
class Job:
    """Sources that are being read."""

    sources: Sequence[Source]
    pool: Executor
    future: Future[list[ReadSource]]


class Parsers:
    """Some processes that read sources; `finish` returns what came of a job, whatever the sources did to them."""

    def __init__(self, read: Read, *, start: Callable[[], Executor]) -> None:
        self._read = read
        self._start = start
        self._pool = start()

    def begin(self, sources: Sequence[Source]) -> Job:
        """Have these sources read."""
        try:
            return Job(sources, self._pool, self._pool.submit(self._read, sources))
        except BrokenProcessPool:
            self._start_again(self._pool)
            return Job(sources, self._pool, self._pool.submit(self._read, sources))

    def finish(self, job: Job) -> list[ReadSource]:
        """Return what was made of each source; raise `NotNow` where no process can be started any more."""
        try:
            return job.future.result()
        except BrokenProcessPool:
            # Of several jobs under way all end with the pool; only one of them is to blame.
            self._start_again(job.pool)
            return self._read_by_halves(job.sources)

    def stop(self) -> None:
        """End the processes; what they were at is dropped."""
        self._pool.shutdown(cancel_futures=True)

    def _read_by_halves(self, sources: Sequence[Source]) -> list[ReadSource]:
        pool = self._pool
        try:
            return pool.submit(self._read, sources).result()
        except BrokenProcessPool:
            self._start_again(pool)
        if len(sources) == 1:
            return [ReadSource(None, _DEADLY, sources[0].file_at)]
        half = len(sources) // 2
        return self._read_by_halves(sources[:half]) + self._read_by_halves(sources[half:])

    def _start_again(self, broken: Executor) -> None:
        if self._pool is not broken:
            return
        broken.shutdown(cancel_futures=True)
        self._pool = self._start()
        try:
            self._pool.submit(self._read, []).result()
        except BrokenProcessPool as error:
            raise NotNow(
                "The processes that read email cannot be started.",
                way_out="Check the memory of this machine and import again: it goes on where it stopped.",
            ) from error


class _Here(Executor):
    """Runs in this process what is too little for another."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def _start() -> Executor:
    # Spawned, not forked: a fork would share this process's database connection.
    return ProcessPoolExecutor(
        max_workers=min(_MOST_PROCESSES, os.cpu_count() or 1),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=begin_to_parse,
    )
