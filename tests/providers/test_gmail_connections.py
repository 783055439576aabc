"""Connections are lent one request at a time, used again while they are fresh, and never after trouble."""

from __future__ import annotations

import threading

import httpx
import pytest

from letterbook.providers.gmail import connections
from letterbook.providers.gmail.connections import Connections

ASKED = httpx.Request("GET", "https://gmail.example/")


class Line(httpx.BaseTransport):
    """One connection, which breaks when it is told to."""

    def __init__(self, meeting: threading.Barrier | None = None) -> None:
        self.meeting, self.answered = meeting, 0
        self.is_broken = self.is_closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert not self.is_closed
        if self.meeting:
            self.meeting.wait(10)
        if self.is_broken:
            raise httpx.ReadError("reset")
        self.answered += 1
        return httpx.Response(200, stream=httpx.ByteStream(b"whole"))

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def lines() -> list[Line]:
    return []


@pytest.fixture
def lent(lines: list[Line]) -> Connections:
    def open_one() -> Line:
        lines.append(Line())
        return lines[-1]

    return Connections(open_one)


def test_one_request_after_another_goes_over_one_connection(lent, lines):
    assert [lent.handle_request(ASKED).content for _ in range(3)] == [b"whole"] * 3
    (line,) = lines
    assert line.answered == 3


def test_requests_at_the_same_time_each_have_their_own():
    lines = []
    meeting = threading.Barrier(4)

    def open_one() -> Line:
        lines.append(Line(meeting))
        return lines[-1]

    lent = Connections(open_one)
    threads = [threading.Thread(target=lent.handle_request, args=[ASKED]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line.answered for line in lines] == [1] * 4


def test_a_connection_that_broke_is_not_lent_again(lent, lines):
    lent.handle_request(ASKED)
    lines[0].is_broken = True
    with pytest.raises(httpx.ReadError):
        lent.handle_request(ASKED)
    lent.handle_request(ASKED)
    assert (lines[0].is_closed, lines[1].is_closed) == (True, False)


def test_what_nobody_needs_any_more_is_closed(lent, lines, monkeypatch):
    first, second = lent._take(), lent._take()
    now = [1000.0]
    monkeypatch.setattr(connections, "monotonic", lambda: now[0])
    lent._give_back(first)
    now[0] += connections.IDLE_SECONDS + 1
    lent._give_back(second)
    assert [line.is_closed for line in lines] == [True, False]
    lent.close()
    assert lines[1].is_closed
