"""The one clock of sending: the database's, so that hosts that disagree about the time still agree about leases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

Clock = Callable[[], datetime]

# How far two clocks drift apart meanwhile is nothing against a lease.
_ASK_AGAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the database's clock said when ours, which nobody sets, stood at `moment`."""

    told: datetime
    moment: float


class _DatabaseClock:
    """Asks the database now and then and counts on by itself in between: sending looks at the clock all the time."""

    def __init__(self) -> None:
        self._asked: _Asked | None = None
        self._turn = threading.Lock()

    def now(self) -> datetime:
        with self._turn:
            asked, moment = self._asked, _steady_seconds()
            if asked is None or moment - asked.moment > _ASK_AGAIN_SECONDS:
                asked = self._asked = _ask()
                moment = asked.moment
        return asked.told + timedelta(seconds=moment - asked.moment)


def _ask() -> _Asked:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
    # Read afterwards: we are behind rather than ahead of the database, so no lease ends too soon in our eyes.
    return _Asked(told, _steady_seconds())


def _steady_seconds() -> float:
    # On Linux the monotonic clock stands still while the machine sleeps; this one does not.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


_clock = _DatabaseClock()


def database_now() -> datetime:
    """Return the database's time of this moment, not of the transaction's beginning."""
    return _clock.now()
