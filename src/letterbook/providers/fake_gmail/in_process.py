"""The fake Gmail behind httpx without a socket, for tests."""

from __future__ import annotations

import time

import httpx

from letterbook.providers.fake_gmail import control
from letterbook.providers.fake_gmail.wire import Dropped, FakeRequest, Outcome
from letterbook.providers.fake_gmail.world import FakeGmail


class FakeTransport(httpx.BaseTransport):
    """Answers every request from a `FakeGmail`, whatever host it was meant for."""

    def __init__(self, world: FakeGmail) -> None:
        self._world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, or raise what httpx raises when a connection dies or is too slow."""
        outcome = control.answer(
            self._world,
            FakeRequest.to(
                request.method,
                request.url.raw_path.decode("ascii"),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.read(),
            ),
        )
        _wait(outcome, request)
        if isinstance(outcome, Dropped):
            if outcome.is_reset:
                raise httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
            message = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(message, request=request)
        headers = [("Content-Type", outcome.content_type), *outcome.headers]
        return httpx.Response(
            outcome.status, headers=headers, content=outcome.body, request=request
        )


def _wait(outcome: Outcome, request: httpx.Request) -> None:
    patience = request.extensions.get("timeout", {}).get("read")
    seconds = outcome.after
    if not isinstance(outcome, Dropped):
        seconds += outcome.seconds_per_byte * len(outcome.body)
    if patience is not None and seconds > patience:
        # Nobody needs to sit out a time that is only going to be too long.
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    if seconds:
        time.sleep(seconds)
