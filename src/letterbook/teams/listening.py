"""Hearing live events: one LISTEN connection a process, shared by every open page and API stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from django.db import connection

from letterbook.teams.events import CHANNEL, Event, read_event

_log = structlog.get_logger(__name__)
_MOST_WAITING = 200
_RECONNECT_SECONDS = 1.0

# What a subscriber hears: an event, or None for "something may have been missed: look again at everything".
Heard = Event | None


class _Hub:
    """Listens while anybody subscribes, and hands each event to all of them."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Heard]] = set()
        self._listening: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[Heard]]:
        queue: asyncio.Queue[Heard] = asyncio.Queue(_MOST_WAITING)
        self._queues.add(queue)
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen_for_ever())
        try:
            yield queue
        finally:
            self._queues.discard(queue)
            if not self._queues:
                self._listening.cancel()
                self._listening = None

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.OperationalError:
                _log.warning("live events interrupted", again_in_seconds=_RECONNECT_SECONDS)
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(
            **_connection_parameters(), autocommit=True
        ) as listening:
            await listening.execute(f"LISTEN {CHANNEL}".encode())
            # Whatever was announced while nobody listened is lost to us, so everyone looks again.
            self._hand_out(None)
            async for notification in listening.notifies():
                self._hand_out(read_event(notification.payload))

    def _hand_out(self, heard: Heard) -> None:
        for queue in self._queues:
            if queue.full():
                # A page that cannot keep up hears one "look again" instead of two hundred events.
                while not queue.empty():
                    queue.get_nowait()
                heard = None
            queue.put_nowait(heard)


_hubs: dict[asyncio.AbstractEventLoop, _Hub] = {}


def hub() -> _Hub:
    """Return the hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), _Hub())


def _connection_parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    for only_for_django in ("cursor_factory", "context"):
        parameters.pop(only_for_django, None)
    return dict(parameters)
