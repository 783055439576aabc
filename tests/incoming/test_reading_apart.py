"""A large message is read in a process of its own; what it does there is done to nobody else."""

from __future__ import annotations

import sys

import pytest

from deadly import read_one_dangerously
from factories import a_mailbox
from letterbook.correspondence.packing import Email
from letterbook.incoming import apart
from letterbook.incoming.apart import LARGEST_READ_HERE, Reader
from letterbook.incoming.storing import Decided, decide_and_store
from letterbook.providers.mail import ProviderMessage
from letters import FIRST_DAY, a_letter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bounds are Unix's")


def test_a_message_that_kills_eats_or_never_ends_harms_nobody_after_it():
    """F27: each is told apart, and the next one is read by a new process where the old one is gone."""
    reader = Reader(read_one_dangerously)
    found = [reader.read(a_letter(text=f"This one {does}.")) for does in (
        "kills", "eats", "takes for ever", "is good",
    )]  # fmt: skip
    assert found[0] == "It ended the process that read it."
    assert "MemoryError" in str(found[1])
    assert "TookTooLong" in str(found[2])
    assert isinstance(found[3], Email)


@pytest.mark.parametrize("size", [LARGEST_READ_HERE // 2, LARGEST_READ_HERE * 2])
def test_only_a_large_message_is_read_apart(alice, make_contact, monkeypatch, at, size):
    make_contact("Anna", "anna@lindwerk.example")
    read_apart: list[int] = []
    reader = apart._reader

    class Watched:
        def read(self, raw: bytes) -> Email | str:
            read_apart.append(len(raw))
            return reader.read(raw)

    monkeypatch.setattr(apart, "_reader", Watched())
    raw = a_letter(text="words " * (size // 6))
    message = ProviderMessage("1", "t1", frozenset({"INBOX"}), FIRST_DAY, raw)
    assert decide_and_store(a_mailbox(alice), [message], at=at) == Decided(stored=1)
    assert bool(read_apart) is (size > LARGEST_READ_HERE)
