"""Ann and Bob at Halden & Rowe have fake mailboxes; each test meets them in process and over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from gmail_oracle import JudgedTransport
from halden_rowe import ANN, BOB

from letterbook.providers.fake_gmail.connecting import open_mailbox
from letterbook.providers.fake_gmail.in_process import FakeTransport
from letterbook.providers.fake_gmail.server import serve
from letterbook.providers.fake_gmail.world import FakeGmail
from letterbook.providers.gmail.transport import open_transport


class Clock:
    """A clock that stands still until told otherwise."""

    def __init__(self):
        self.now = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def world():
    world = FakeGmail(seed=7, clock=Clock())
    world.create_account(ANN, name="Ann Halden", aliases=["ann@rowe.example"])
    world.create_account(BOB, name="Bob Rowe")
    return world


@pytest.fixture(params=["in process", "over http"])
def way(request, world):
    """How requests travel: (base URL or nothing, a function that opens a transport)."""
    if request.param == "in process":
        yield "", lambda: FakeTransport(world)
    else:
        with serve(world) as url:
            yield url, lambda: open_transport(url)


@pytest.fixture
def connect(world, way):
    """Open a mailbox whose every request and answer Google's discovery document judges."""
    base_url, open_way = way
    opened = []

    def connect(address):
        transport = JudgedTransport(open_way())
        opened.append(transport)
        return open_mailbox(world, address, base_url=base_url, transport=transport)

    yield connect
    for transport in opened:
        assert transport.judged, "a mailbox was opened and never used"
        transport.close()


@pytest.fixture
def ann(connect):
    return connect(ANN)


@pytest.fixture
def bob(connect):
    return connect(BOB)


@pytest.fixture
def email():
    """Build an email as bytes; keyword arguments are headers, underscores for hyphens."""

    def email(*, body="Good morning.", **headers):
        told = {"From": f"Ann Halden <{ANN}>", "To": BOB, "Subject": "Paper order"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
        return f"{head}\r\n{body}".encode()

    return email
