"""Commands have Python look through their objects seldom, and still find what only refers to itself."""

from __future__ import annotations

import gc
import weakref

import pytest

from letterbook.kit.collecting import collect_seldom


class Circle:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_refers_to_itself_is_let_go_of_sooner_or_later():
    """S36: an import may take hours, and its memory stays bounded."""
    collect_seldom()
    gone = weakref.ref(Circle())
    kept = [[] for _ in range(2 * gc.get_threshold()[0])]
    assert kept
    assert gone() is None


def test_a_batch_of_emails_does_not_make_python_look_through_everything():
    """S36: what is there when a command begins is not looked through again."""
    collect_seldom()
    assert gc.get_freeze_count() > 10_000
    looks = gc.get_stats()[2]["collections"]
    kept = [[] for _ in range(20_000)]
    assert kept
    assert gc.get_stats()[2]["collections"] == looks
