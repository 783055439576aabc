"""Starting the embedded PostgreSQL again when it ended by itself: out of memory, a signal, a disk that was full."""

from __future__ import annotations

import subprocess
import time

import structlog

from letterbook.project.embedded_postgres import DatabaseUnavailable, EmbeddedPostgres

_log = structlog.get_logger(__name__)
_MOST_TRIES = 6
# What is left of a killed server holds its memory for a moment; until it is gone no other one starts.
_WAIT_SECONDS = 2.0


class PostgresWatch:
    """Looks after one server. `serve` looks several times a second, so a look at a living one costs next to nothing."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._tries = 0
        self._look_again_at = 0.0

    def look(self) -> None:
        """Start the server if it is not there; raise `DatabaseUnavailable` where that fails again and again."""
        if time.monotonic() < self._look_again_at or self._postgres.is_running():
            return
        self._tries += 1
        _log.error("the embedded PostgreSQL ended", starts_again=True, tries=self._tries)
        try:
            self._postgres.start_again()
        except (subprocess.SubprocessError, OSError, AssertionError) as error:
            self._fail(error)
        else:
            self._tries = 0
            _log.info("the embedded PostgreSQL runs again")

    def _fail(self, error: Exception) -> None:
        if self._tries >= _MOST_TRIES:
            raise DatabaseUnavailable(
                f"The embedded PostgreSQL ended and does not start again: {error}. Its log is {self._postgres.log}."
            ) from error
        self._look_again_at = time.monotonic() + _WAIT_SECONDS
