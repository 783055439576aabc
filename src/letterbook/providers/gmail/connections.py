"""Keep-alive connections to one host, each lent for one request.

httpcore's own pool looks at all its connections, and for each of them at all once more, whenever one is asked for or
given back: forty threads that share it spend more on that than on their requests.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

import httpx

# Whatever nobody used for so long, the server is about to close.
IDLE_SECONDS = 60.0


class Connections(httpx.BaseTransport):
    """Lends the connection that was used last and opens one where none is idle; answers are read whole."""

    def __init__(self, open_one: Callable[[], httpx.BaseTransport]) -> None:
        self._open_one = open_one
        self._idle: deque[tuple[float, httpx.BaseTransport]] = deque()
        self._turn = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        connection = self._take()
        try:
            response = connection.handle_request(request)
            try:
                response.read()
            finally:
                response.close()
        except BaseException:
            # In what state it is nobody knows.
            connection.close()
            raise
        self._give_back(connection)
        return response

    def close(self) -> None:
        with self._turn:
            idle, self._idle = self._idle, deque()
        for _, connection in idle:
            connection.close()

    def _take(self) -> httpx.BaseTransport:
        with self._turn:
            if self._idle:
                return self._idle.pop()[1]
        return self._open_one()

    def _give_back(self, connection: httpx.BaseTransport) -> None:
        at, unused = monotonic(), []
        with self._turn:
            self._idle.append((at, connection))
            while self._idle[0][0] < at - IDLE_SECONDS:
                unused.append(self._idle.popleft()[1])
        for one in unused:
            one.close()
