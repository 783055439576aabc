"""What really travels: one request per call whatever happens, and never longer than its deadline."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

import pytest

from letterbook.providers.errors import OutcomeUnknown, TryLater
from letterbook.providers.gmail import transport
from letterbook.providers.gmail.client import GmailMailbox
from letterbook.providers.gmail.transport import Call, Reply, Silence, Wire

ANSWER = b'{"id": "19", "threadId": "19", "emailAddress": "a@b.example", "historyId": "1"}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)


class Tokens:
    def access_token(self):
        return "t"

    def refresh_now(self, rejected):
        raise AssertionError("nobody refused the token")


class RawServer:
    """Reads whole requests from a bare socket and does with each connection as it is told."""

    def __init__(self, *, after_request):
        self.after_request = after_request
        self.requests = []
        self.connections = 0
        self.is_closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                with connection, contextlib.suppress(OSError):
                    self.answer(connection)

    def answer(self, connection):
        while request := read_request(connection):
            self.requests.append(request)
            if not self.after_request(connection, len(self.requests)):
                return

    def close(self):
        self.is_closing.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def read_request(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        if not (more := connection.recv(65536)):
            return b""
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"ength:" in line), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b"\r\n")[0] + b"\n" + body


@pytest.fixture
def raw_server():
    running = []

    def start(after_request):
        running.append(RawServer(after_request=after_request))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def mailbox():
    opened = []

    def open_mailbox(url):
        opened.append(GmailMailbox(tokens=Tokens(), api_url=url))
        return opened[-1]

    yield open_mailbox
    for one in opened:
        one.close()


def close(connection, number):
    return False


def reset(connection, number):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def half(connection, number):
    connection.sendall(GOOD[:-20])
    return False


def good_then_close(connection, number):
    if number == 1:
        connection.sendall(GOOD)
    return number == 1


@pytest.mark.parametrize("ending", [close, reset, half])
def test_exactly_one_post_when_the_connection_dies_after_the_request(raw_server, mailbox, ending):
    """F11: an HTTP library that repeats a POST by itself sends mail twice."""
    server = raw_server(ending)
    with pytest.raises(OutcomeUnknown):
        mailbox(server.url).send_draft("r1")
    assert [request.split(b" ")[0] for request in server.requests] == [b"POST"]


def test_exactly_one_post_when_a_kept_connection_dies_after_the_request(raw_server, mailbox):
    server = raw_server(good_then_close)
    box = mailbox(server.url)
    box.read_profile()
    with pytest.raises(OutcomeUnknown):
        box.send_draft("r1")
    assert [request.split(b" ")[0] for request in server.requests] == [b"GET", b"POST"]
    assert server.connections == 1


def test_connections_are_kept_alive(raw_server, mailbox):
    def good(connection, number):
        connection.sendall(GOOD)
        return True

    server = raw_server(good)
    box = mailbox(server.url)
    for _ in range(5):
        box.read_profile()
    assert (len(server.requests), server.connections) == (5, 1)
    box.close()


def test_closing_one_mailbox_leaves_the_connections_of_a_shared_transport(raw_server):
    def good(connection, number):
        connection.sendall(GOOD)
        return True

    server = raw_server(good)
    shared = transport.open_transport(server.url)
    for _ in range(2):
        box = GmailMailbox(tokens=Tokens(), api_url=server.url, transport=shared)
        box.read_profile()
        box.close()
    assert (len(server.requests), server.connections) == (2, 1)
    shared.close()


def test_a_port_where_nobody_listens_means_nothing_was_sent(mailbox):
    """F9: connection refused."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(TryLater, match="could not be reached"):
        mailbox(f"http://127.0.0.1:{port}").send_draft("r1")


def test_a_failed_tls_handshake_means_nothing_was_sent(raw_server, mailbox):
    def never(connection, number):
        raise AssertionError("a request got through without TLS")

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_in_clear_text():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer_in_clear_text)
        thread.start()
        with pytest.raises(TryLater, match="could not be reached"):
            mailbox(f"https://127.0.0.1:{listener.getsockname()[1]}").send_draft("r1")
        thread.join()


def perform(url, *, seconds):
    wire = Wire(url=url)
    started = time.monotonic()
    answer = wire.perform(Call("POST", url, seconds=seconds))
    wire.close()
    return answer, time.monotonic() - started


@pytest.mark.parametrize("where", ["before", "in the headers", "in the body"])
def test_an_answer_in_slices_ends_at_the_deadline(raw_server, where):
    """F19: one byte at a time must not hold a worker for ever."""
    start = {"before": 0, "in the headers": 20, "in the body": len(GOOD) - 30}[where]

    def slices(connection, number):
        connection.sendall(GOOD[:start])
        for position in range(start, len(GOOD)):
            if server.is_closing.wait(0.05):
                return False
            if where != "before":
                connection.sendall(GOOD[position : position + 1])
        return False

    server = raw_server(slices)
    answer, seconds = perform(server.url, seconds=0.4)
    assert isinstance(answer, Silence)
    assert answer.was_sent
    assert 0.3 < seconds < 1.0


def test_a_slow_answer_within_the_deadline_is_whole(raw_server):
    def slices(connection, number):
        for position in range(0, len(GOOD), 40):
            time.sleep(0.02)
            connection.sendall(GOOD[position : position + 40])
        return False

    answer, _ = perform(raw_server(slices).url, seconds=5)
    assert isinstance(answer, Reply)
    assert (answer.status, answer.body) == (200, ANSWER)


def test_a_call_shows_neither_token_nor_mail_when_printed():
    call = Call("POST", "https://x.example", headers={"Authorization": "Bearer t0k"}, body=b"mail")
    assert "t0k" not in repr(call)
    assert "mail" not in repr(call)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://gmail.googleapis.com", "http://proxy.example:3128"),
        ("https://inside.example", None),
        ("http://127.0.0.1:8025", None),
    ],
)
def test_the_systems_proxy_is_used_except_for_this_machine(monkeypatch, url, expected):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert transport.proxy_for(url) == expected
