"""Processes that end with the one that started them: those `letterbook serve` watches, and companions."""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

import structlog

_log = structlog.get_logger(__name__)
_LINUX_SET_PARENT_DEATH_SIGNAL = 1
_GRACE_SECONDS = 10


@dataclass
class _Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes]
    restarts: int = 0
    restart_at: float = 0.0


@dataclass
class Children:
    """A few child processes with one life: ours."""

    _children: list[_Child] = field(default_factory=list)
    _is_stopping: bool = False

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a process that ends when we do, even when we are killed."""
        self._children.append(_Child(name, command, _spawn(command)))

    def supervise(self, *, besides: Callable[[], None] | None = None) -> None:
        """Watch until SIGTERM or Ctrl-C; start a child that died again, ever less eagerly.

        `besides` is called several times a second, to look after what is no child of ours.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        while not self._is_stopping:
            for child in self._children:
                self._look_after(child)
            if besides is not None:
                besides()
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask every child to end, wait, then insist."""
        for child in reversed(self._children):
            child.process.terminate()
        deadline = time.monotonic() + _GRACE_SECONDS
        for child in reversed(self._children):
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()

    def _look_after(self, child: _Child) -> None:
        code = child.process.poll()
        if code is None:
            return
        if child.restart_at == 0:
            wait = min(30, 2**child.restarts)
            _log.error("child ended", child=child.name, code=code, starts_again_in_seconds=wait)
            child.restart_at = time.monotonic() + wait
        elif time.monotonic() >= child.restart_at:
            child.process = _spawn(child.command)
            child.restarts, child.restart_at = child.restarts + 1, 0.0

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True


def start_companion(
    command: Sequence[str], *, environment: Mapping[str, str], output: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a process that ends with this one and is not started again; what it says goes to `output`.

    It may be started from any thread. The kernel ends a child with the *thread* that started it, and the thread of a
    web request ends with its answer: so a thread of the companion's own starts it and waits for it.
    """
    started: Future[subprocess.Popen[bytes]] = Future()

    def live() -> None:
        try:
            process = _spawn(command, environment=environment, output=output)
        except OSError as error:
            started.set_exception(error)
            return
        atexit.register(process.terminate)
        started.set_result(process)
        process.wait()
        atexit.unregister(process.terminate)

    threading.Thread(target=live, name="companion", daemon=True).start()
    return started.result()


def _spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    # A session of its own keeps Ctrl-C for the parent, which then stops its children in order.
    return subprocess.Popen(  # noqa: S603 - the command is our own
        command,
        env=os.environ if environment is None else environment,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,
    )


def _end_with_parent() -> None:
    """Have the kernel end this child when its parent dies, also by SIGKILL (prctl(2), Linux only)."""
    ctypes.CDLL(None).prctl(_LINUX_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
