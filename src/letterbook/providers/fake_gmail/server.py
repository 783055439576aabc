"""The fake Gmail as a real HTTP/1.1 server on this machine, keeping connections alive."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import cast

from letterbook.providers.fake_gmail import control
from letterbook.providers.fake_gmail.wire import Dropped, FakeAnswer, FakeRequest
from letterbook.providers.fake_gmail.world import FakeGmail


def run(port: int, seed: int, host: str = "127.0.0.1") -> None:
    """Serve an empty fake Gmail until interrupted; accounts are made over `/_fake/accounts`.

    Says where it listens on standard output, because port 0 means any free one.
    """
    server = FakeServer(FakeGmail(seed=seed), host=host, port=port)
    with server, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"The fake Gmail listens on {server.url}\n")
        sys.stdout.flush()
        server.serve_forever()


@contextmanager
def serve(world: FakeGmail, port: int = 0, *, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve `world` from threads of this process while inside; gives the base URL."""
    with FakeServer(world, host=host, port=port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


class FakeServer(socketserver.ThreadingTCPServer):
    """Not `http.server`: its header parser alone takes longer than an answer of ours."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, world: FakeGmail, *, host: str, port: int) -> None:
        super().__init__((host, port), _Connection)
        self.world = world
        self.is_closing = threading.Event()
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port!s}"

    def keep(self, connection: socket.socket) -> None:
        self._open.add(connection)

    def forget(self, connection: socket.socket) -> None:
        self._open.discard(connection)

    def server_close(self) -> None:
        """End every connection, so that no thread waits for a client that keeps its own open."""
        self.is_closing.set()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class _Connection(socketserver.StreamRequestHandler):
    """One connection: requests one after the other until either side has had enough."""

    disable_nagle_algorithm = True
    wbufsize = 0

    @property
    def _server(self) -> FakeServer:
        return cast(FakeServer, self.server)

    def handle(self) -> None:
        self._server.keep(self.connection)
        try:
            while self._answer_one():
                pass
        except (ConnectionError, TimeoutError):
            return
        finally:
            self._server.forget(self.connection)

    def _answer_one(self) -> bool:
        request = self._read_request()
        if request is None:
            return False
        outcome = control.answer(self._server.world, request)
        if outcome.after and self._server.is_closing.wait(outcome.after):
            return False
        if isinstance(outcome, Dropped):
            return self._drop(outcome)
        self._write(_bytes_of(outcome), pause=outcome.seconds_per_byte)
        return request.headers.get("connection", "").lower() != "close"

    def _read_request(self) -> FakeRequest | None:
        line = self.rfile.readline(65_536)
        method, _, rest = line.decode("latin-1").rstrip("\r\n").partition(" ")
        target = rest.rpartition(" ")[0]
        if not target.startswith("/"):
            return None
        headers: dict[str, str] = {}
        while (line := self.rfile.readline(65_536)) not in {b"\r\n", b"\n", b""}:
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        body = self.rfile.read(length) if length else b""
        if len(body) < length:
            return None  # the client gave up in the middle: nothing was asked
        return FakeRequest.to(method, target, headers=headers, body=body)

    def _write(self, answer: bytes, *, pause: float) -> None:
        if not pause:
            self.wfile.write(answer)
            return
        for number in range(len(answer)):
            self.wfile.write(answer[number : number + 1])
            if self._server.is_closing.wait(pause):
                return

    def _drop(self, dropped: Dropped) -> bool:
        if dropped.sent:
            self.wfile.write(dropped.sent)
        if dropped.is_reset:
            # With no time to linger, closing sends RST; socketserver would say a polite FIN first.
            no_linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
            socket.close(self.connection.detach())
        return False


def _bytes_of(answer: FakeAnswer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {_reason(answer.status)}"]
    if answer.status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Type: {answer.content_type}")
        lines.append(f"Content-Length: {len(answer.body)}")
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
